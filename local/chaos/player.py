"""One member at play: an app that insists, from two devices at once where that could do harm."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from typing import Any

import requests

from local.chaos.plan import Act
from local.client import NAME, CallRefused, ClientApp, Member, SignInRefused, signup_statements
from local.doubles import ControlClient
from local.doubles.control import ControlRefused

PASSWORD = "correct horse battery"  # noqa: S105 - of members that live for one run
ATTEMPTS_MAX = 12
PAUSE_SECONDS_MAX = 1.5
TRY_AGAIN = {"INTERNAL", "UNAVAILABLE", "DEADLINE_EXCEEDED", "ABORTED", "UNKNOWN", ""}


PROMPT = "a paper boat under the moon"
QUESTION = "언제 되나요?"
TYPED = (NAME, PASSWORD, PROMPT, QUESTION)
"""What members enter: it may stand in no log."""


class GaveUp(Exception):
    """The app asked as often as an app may, and never got an answer."""


class NothingThere(Exception):
    """The member has nothing to do this with: what it rests on was refused or given up before."""


@dataclass
class Record:
    """What happened to all members together; counts may be added from any thread."""

    counts: Counter[str] = field(default_factory=Counter)
    promises: dict[str, str] = field(default_factory=dict)
    """What the service said is so: the path of a record, and whose it is (uid)."""
    joined: threading.Event = field(default_factory=threading.Event)
    """Set once somebody is a member: the functions of a sign-up have started."""
    left: set[str] = field(default_factory=set)
    """Members who asked to leave, whether or not they were answered."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, what: str) -> None:
        """One more of these."""
        with self._lock:
            self.counts[what] += 1

    def undone(self, acts: Iterable[Act]) -> list[Act]:
        """Those of ``acts`` that nobody has done yet."""
        with self._lock:
            return [act for act in dict.fromkeys(acts) if not self.counts[f"done: {act.value}"]]

    def promised(self, path: str, uid: str) -> None:
        """The service answered that this is recorded: it may not be lost."""
        with self._lock:
            self.promises[path] = uid


class Player:
    """Plays one story."""

    def __init__(
        self, number: int, seed: int, app: ClientApp, doubles: ControlClient, record: Record, stopped: threading.Event
    ) -> None:
        self._email = f"member-{number}@example.com"
        self._random = Random(f"{seed} pauses {number}")
        self._app = app
        self._doubles = doubles
        self._record = record
        self._stopped = stopped
        self._requests = 0
        self._orders: list[dict[str, Any]] = []
        self._member: Member | None = None

    def play(self, acts: tuple[Act, ...]) -> None:
        """Join, then do all of it; what is refused or given up is counted, and the story goes on."""
        if self._stopped.is_set() or not self._tried("join", self._join):
            return
        for act in acts:
            if self._stopped.is_set():
                return
            self._tried(act.value, self._doing(act))

    def _doing(self, act: Act) -> Callable[[], object]:
        return {
            Act.MAKE: self._make,
            Act.MAKE_AND_CANCEL: self._make_and_cancel,
            Act.BUY_WITH_TOSS: self._buy_with_toss,
            Act.BUY_WITH_STRIPE: self._buy_with_stripe,
            Act.PAY_NOTHING: lambda: self._noted(self._order("widget", "KRW")),
            Act.RETURN: self._return,
            Act.RETURN_AT_THE_DESK: self._return_at_the_desk,
            Act.DISPUTE: self._dispute,
            Act.TAKE_ALONG: self._take_along,
            Act.ASK: self._ask,
            Act.LEAVE: self._leave,
        }[act]

    def _tried(self, what: str, act: Callable[[], object]) -> bool:
        try:
            act()
        except CallRefused as refused:
            self._record.count(f"refused: {refused.code or refused.status}")
        except (GaveUp, SignInRefused, ControlRefused) as problem:
            self._record.count(f"given up: {what} ({type(problem).__name__})")
        except NothingThere:
            self._record.count(f"nothing there: {what}")
        else:
            self._record.count(f"done: {what}")
            return True
        return False

    # -- the acts

    def _join(self) -> None:
        self._member = self._insist(self._sign_up)
        self._member = self._insist(lambda: self._app.verify_email(self._present))
        catalog = self._call("get_catalog")
        self._call("complete_signup", signup_statements(catalog), devices=2)
        self._record.promised(f"wallets/{self._present.uid}", self._present.uid)
        self._record.joined.set()

    def _sign_up(self) -> Member:
        """A sign-up whose answer was lost is there all the same."""
        try:
            return self._app.sign_up(self._email, PASSWORD)
        except SignInRefused as refused:
            if refused.code == "EMAIL_EXISTS":
                return self._app.sign_in(self._email, PASSWORD)
            raise

    def _make(self) -> str:
        models = self._random.choice([("gpt-image", "low"), ("stability-core", "standard")])
        wanted = {
            "request_id": self._request_id(),
            "prompt": PROMPT,
            "images": [{"model": models[0], "quality": models[1], "count": self._random.randint(1, 2)}],
        }
        job_id = str(self._call("create_job", wanted, devices=2)["job_id"])
        self._promised(f"jobs/{job_id}")
        return job_id

    def _make_and_cancel(self) -> None:
        self._call("cancel_job", {"job_id": self._make()})

    def _order(self, channel: str, currency: str) -> dict[str, Any]:
        wanted = {
            "request_id": self._request_id(),
            "pack_id": "starter",
            "channel": channel,
            "currency": currency,
            "notice_version": self._call("get_packs")["notice_version"],
        }
        return self._call("create_order", wanted, devices=2)

    def _buy_with_toss(self) -> None:
        order = self._order("widget", "KRW")
        key = self._doubles.toss.pay(order["order_id"], order["amount"], "card")
        confirmation = {"order_id": order["order_id"], "payment_key": key, "amount": order["amount"]}
        self._orders.append(self._call("confirm_toss_payment", confirmation, devices=2))
        self._noted(order)

    def _buy_with_stripe(self) -> None:
        order = self._order("checkout", "USD")
        self._doubles.stripe.pay_checkout(order["stripe"]["session_id"])
        self._orders.append(order)
        self._noted(order)

    def _return(self) -> None:
        order = self._random.choice(self._bought())
        self._wait_until_paid(order)
        wanted = {"request_id": self._request_id(), "order_id": order["order_id"], "points": 40}
        self._call("request_refund", wanted, devices=2)

    def _return_at_the_desk(self) -> None:
        order = self._bought()[0]
        if "stripe" in order:
            self._doubles.stripe.refund_in_dashboard(order["stripe"]["session_id"], 100)
        else:
            self._doubles.toss.refund_in_dashboard(order["order_id"], 1000)

    def _dispute(self) -> None:
        order = next(iter(order for order in self._bought() if "stripe" in order), None)
        if order is None:
            raise NothingThere
        dispute = self._doubles.stripe.open_dispute(order["stripe"]["session_id"])
        self._doubles.stripe.close_dispute(dispute["id"], self._random.choice(["won", "lost"]))

    def _bought(self) -> list[dict[str, Any]]:
        if not self._orders:
            raise NothingThere
        return self._orders

    def _wait_until_paid(self, order: dict[str, Any]) -> None:
        """As a page that shows the order does: its event may be late, or lost until the sweep looks."""
        for _ in range(ATTEMPTS_MAX):
            if self._call("get_order", {"order_id": order["order_id"]})["status"] == "paid":
                return
            if self._stopped.wait(self._random.uniform(0, PAUSE_SECONDS_MAX)):
                break
        raise GaveUp

    def _take_along(self) -> None:
        self._call("export_my_data", devices=2)

    def _ask(self) -> None:
        inquiry = {"request_id": self._request_id(), "topic": "service", "text": QUESTION}
        self._call("create_inquiry", inquiry, devices=2)

    def _leave(self) -> None:
        self._member = self._insist(lambda: self._app.sign_in(self._email, PASSWORD))
        self._record.left.add(self._present.uid)
        shown = self._call("withdraw", {})
        self._call("withdraw", {"confirmed": shown["confirm"]})

    # -- how an app calls

    @property
    def _present(self) -> Member:
        if self._member is None:
            raise GaveUp("join")
        return self._member

    def _call(self, function: str, data: Any = None, devices: int = 1) -> dict[str, Any]:
        """Call until there is an answer; from several devices at once, with one request: they share the act."""
        member = self._member

        def once() -> dict[str, Any]:
            answer: dict[str, Any] = self._insist(lambda: self._app.call(function, data, member))
            return answer

        if devices == 1:
            return once()
        with ThreadPoolExecutor(devices) as pool:
            answers = [pool.submit(once) for _ in range(devices)]
        return first_answer([answer.exception() or answer.result() for answer in answers])

    def _insist(self, ask: Callable[[], Any]) -> Any:
        for _ in range(ATTEMPTS_MAX):
            self._record.count("calls")
            try:
                return ask()
            except CallRefused as refused:
                if refused.status not in TRY_AGAIN:
                    raise
            except SignInRefused as refused:
                if refused.answer.get("details"):
                    raise
            except (requests.RequestException, ValueError, KeyError):
                pass  # no answer, or half of one
            self._record.count("calls repeated")
            if self._stopped.wait(self._random.uniform(0, PAUSE_SECONDS_MAX)):
                break
        raise GaveUp

    def _noted(self, order: dict[str, Any]) -> None:
        self._promised(f"orders/{order['order_id']}")

    def _promised(self, path: str) -> None:
        self._record.promised(path, self._present.uid)

    def _request_id(self) -> str:
        self._requests += 1
        return f"request-{self._requests}"


def first_answer(outcomes: list[Any]) -> dict[str, Any]:
    """Any answer counts: the other device was refused, or gave up."""
    answer: Any = next((outcome for outcome in outcomes if isinstance(outcome, dict)), None)
    if answer is None:
        raise outcomes[0]
    return dict(answer)
