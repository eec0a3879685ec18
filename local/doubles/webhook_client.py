"""The control client's part about one provider's webhooks: where they go, how they travel, what became of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from local.doubles.core.postman import PostSettings

WAIT_SECONDS = 20.0
Call = Callable[..., Any]
"""The control client's way to call: method, path, and json= or query=."""


class StillWaiting(RuntimeError):
    """Webhooks are still queued when the time is over."""


@dataclass(frozen=True)
class PostedMessage:
    """One webhook message: its state (queued, kept back, dropped, delivered, failed) and the outcome of each attempt,
    an HTTP status or the kind of error as text.
    """

    id: str
    type: str
    body: dict[str, Any]
    state: str
    attempts: list[int | str]


class WebhookControl:
    """What the control clients of Stripe and Toss share."""

    def __init__(self, call: Call, prefix: str) -> None:
        self._call, self._prefix = call, prefix

    def set_webhook(self, url: str | None = None, **settings: Any) -> None:
        """Post webhooks to that address from now on (None: nowhere), as the members of PostSettings say.

        For instance `copies=2`, `drop=("charge.refunded",)`, `keep_back=("*",)`, `forge=("*",)`, `age_seconds=600`.
        """
        self._call("PUT", f"{self._prefix}/webhook", json=PostSettings(url=url, **settings).to_json())

    def messages(self, event_type: str | None = None, timeout_seconds: float = WAIT_SECONDS) -> list[PostedMessage]:
        """Every message so far, once nothing is queued any more.

        Raises:
            StillWaiting: something is, when the time is over.

        """
        state = self._call("GET", f"{self._prefix}/webhook", query={"timeout_seconds": timeout_seconds})
        if not state["drained"]:
            raise StillWaiting(f"webhooks are still waiting after {timeout_seconds} s")
        found = [PostedMessage(**one) for one in state["messages"]]
        return [one for one in found if event_type in (None, one.type)]

    def kept_back(self) -> list[PostedMessage]:
        """The messages waiting for release, oldest first."""
        return [one for one in self.messages() if one.state == "kept back"]

    def release(self, ids: Sequence[str] | None = None, *, backwards: bool = False) -> int:
        """Post what was kept back: all, or these ids in this order; how many comes back."""
        asked = {"ids": None if ids is None else list(ids), "backwards": backwards}
        return int(self._call("POST", f"{self._prefix}/webhook/release", json=asked)["released"])

    def post_again(self, message_id: str) -> None:
        """Post a message once more, whatever became of it."""
        self._call("POST", f"{self._prefix}/webhook/messages/{message_id}/post")
