"""The typed client of the doubles' control API, for tests and for the demo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests

from local.doubles.core.faults import FaultRule
from local.doubles.core.journal import ReceivedRequest
from local.doubles.stripe.client import StripeControlClient
from local.doubles.toss.client import TossControlClient

WAIT_SECONDS = 20.0
_SLACK_SECONDS = 10.0  # a waiting call answers at its own deadline; the socket gives it this much longer


class ControlRefused(RuntimeError):
    """The control API did not do what was asked; the text says why."""


@dataclass(frozen=True)
class FaultState:
    """A planned fault and what happened to it: calls that matched, calls hit, calls being held now."""

    id: str
    seen: int
    hits: int
    held: int


class ControlClient:
    """Talks to one process of doubles. `home` is the address of its home page.

    `stripe` and `toss` act as the people around a payment: payer, bank, the shop's staff.
    """

    def __init__(self, home: str) -> None:
        self._base = home.rstrip("/")
        self.stripe = StripeControlClient(self._call)
        self.toss = TossControlClient(self._call)

    def plan(self, rule: FaultRule) -> str:
        """Put a fault in force; its id comes back."""
        return str(self._call("POST", "/_control/faults", json=rule.to_json())["id"])

    def faults(self) -> dict[str, FaultState]:
        """The faults in force by their ids."""
        found = self._call("GET", "/_control/faults")["faults"]
        return {one["id"]: FaultState(one["id"], one["seen"], one["hits"], one["held"]) for one in found}

    def clear_faults(self) -> None:
        """Forget all faults and let all held calls go on."""
        self._call("DELETE", "/_control/faults")

    def remove_fault(self, fault_id: str) -> None:
        """Forget one fault and let its held calls go on."""
        self._call("DELETE", f"/_control/faults/{fault_id}")

    def release(self, fault_id: str) -> None:
        """Let the calls held by one fault go on, and all later ones pass."""
        self._call("POST", f"/_control/faults/{fault_id}/release")

    def wait_until_held(self, fault_id: str, count: int = 1, timeout_seconds: float = WAIT_SECONDS) -> None:
        """Wait until `count` calls are held by the fault.

        Raises:
            ControlRefused: they were not, within the time.

        """
        query = {"count": count, "timeout_seconds": timeout_seconds}
        if not self._call("GET", f"/_control/faults/{fault_id}/held", query=query)["held"]:
            raise ControlRefused(f"{fault_id} does not hold {count} calls after {timeout_seconds} s")

    def requests(
        self,
        provider: str | None = None,
        path: str | None = None,
        at_least: int = 0,
        timeout_seconds: float = WAIT_SECONDS,
    ) -> list[ReceivedRequest]:
        """The calls received; with `at_least`, waits until so many have ended or the time is over."""
        query = {"provider": provider, "path": path, "at_least": at_least, "timeout_seconds": timeout_seconds}
        return [ReceivedRequest(**one) for one in self._call("GET", "/_control/requests", query=query)["requests"]]

    def clear_requests(self) -> None:
        """Forget the calls received."""
        self._call("DELETE", "/_control/requests")

    def advance_clock(self, seconds: float) -> None:
        """Put the payment doubles' clock forward; what is due expires at once. `reset` puts it right again."""
        self._call("POST", "/_control/clock/advance", json={"seconds": seconds})

    def stand_clock_at(self, instant: datetime) -> None:
        """Let the payment doubles' clock stand still at ``instant`` (aware), never earlier than where it stands."""
        self._call("POST", "/_control/clock/stand", json={"at": instant.isoformat()})

    def reset(self) -> None:
        """Forget everything: calls, faults, pictures, mails, lists, credits, payments, webhook settings, the clock."""
        self._call("POST", "/_control/reset")

    def mails(
        self, to: str | None = None, at_least: int = 0, timeout_seconds: float = WAIT_SECONDS
    ) -> list[dict[str, Any]]:
        """The mails accepted, oldest first; with `at_least`, waits until there are so many or the time is over."""
        query = {"to": to, "at_least": at_least, "timeout_seconds": timeout_seconds}
        found: list[dict[str, Any]] = self._call("GET", "/mailbox/messages", query=query)["messages"]
        return found

    def clear_mails(self) -> None:
        """Empty the mailbox."""
        self._call("DELETE", "/mailbox/messages")

    def pushes(
        self, to: str | None = None, at_least: int = 0, timeout_seconds: float = WAIT_SECONDS
    ) -> list[dict[str, Any]]:
        """The notifications taken, oldest first: name, to, message; waits as :meth:`mails` does."""
        query = {"to": to, "at_least": at_least, "timeout_seconds": timeout_seconds}
        found: list[dict[str, Any]] = self._call("GET", "/_control/fcm/pushes", query=query)["pushes"]
        return found

    def remove_app(self, address: str) -> None:
        """Somebody removes the app that notifications reach at this address."""
        self._call("POST", "/_control/fcm/removed", json={"address": address})

    def set_event_webhook(self, url: str | None, *, duplicate: bool = False, reverse: bool = False) -> None:
        """Post mail events to that address from now on (None: nowhere), each batch twice or backwards if asked."""
        self._call("PUT", "/_control/sendgrid/webhook", json={"url": url, "duplicate": duplicate, "reverse": reverse})

    def posted_events(self, timeout_seconds: float = WAIT_SECONDS) -> list[dict[str, Any]]:
        """Every attempt to post events, once all that were waiting have been made: url, events, status, error.

        Raises:
            ControlRefused: some are still waiting when the time is over.

        """
        state = self._call("GET", "/_control/sendgrid/webhook", query={"timeout_seconds": timeout_seconds})
        if not state["drained"]:
            raise ControlRefused(f"events are still waiting after {timeout_seconds} s")
        posted: list[dict[str, Any]] = state["posted"]
        return posted

    def emit_event(
        self,
        mail_id: str,
        event: str,
        *,
        email: str | None = None,
        details: dict[str, Any] | None = None,
        tampered: bool = False,
        offset_seconds: int = 0,
    ) -> dict[str, Any]:
        """Post one more event about a mail; `tampered` breaks its signature, the offset shifts its timestamp."""
        asked: dict[str, Any] = {"mail_id": mail_id, "event": event, "email": email, "details": details}
        asked |= {"tampered": tampered, "offset_seconds": offset_seconds}
        made: dict[str, Any] = self._call("POST", "/_control/sendgrid/events", json=asked)
        return made

    def erasures(self) -> list[dict[str, Any]]:
        """The erasure jobs accepted: job_id and email_addresses."""
        found: list[dict[str, Any]] = self._call("GET", "/_control/sendgrid/erasures")["erasures"]
        return found

    def _call(self, method: str, path: str, json: Any = None, query: dict[str, Any] | None = None) -> Any:
        waiting = float((query or {}).get("timeout_seconds", 0))
        with requests.Session() as session:
            session.trust_env = False  # a proxy of the environment must not come between loopback addresses
            answer = session.request(
                method, self._base + path, json=json, params=query, timeout=waiting + _SLACK_SECONDS
            )
        if not answer.ok:
            raise ControlRefused(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else None
