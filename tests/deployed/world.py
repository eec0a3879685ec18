"""The platform and the people around the deployed functions: what Firebase, Cloud Tasks and clients do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import requests
import stripe
from imagesfactory.policy.payments import payment_rules

from local.doubles.webhook_client import PostedMessage
from tests.backend import SIGNUP
from tests.deployed.functions import Answer, Deployed, Kind, kind_of, main_module, names
from tests.deployed.outside_calls import Transports, Watch
from tests.deployed.records import Records
from tests.deployed.surroundings import Surroundings
from tests.deployed.task_recorder import Task
from tests.deployed.tokens import SignIn
from tests.payment_shop import Receiver, receiving

JISU = SignIn("uid-of-jisu-0000000000000000", "jisu@example.com")
SORA = SignIn("uid-of-sora-0000000000000000", "sora@example.com")
OFFICER = SignIn("uid-of-officer-0000000000000", "officer@example.com", roles=("officer",))
SUPPORT = SignIn("uid-of-support-0000000000000", "support@example.com", roles=("support",))
FINANCE = SignIn("uid-of-finance-0000000000000", "finance@example.com", roles=("finance",))
ATTEMPTS_MAX = 6
"""How often the queue tries before it gives up; less than in production, which makes it harder."""
RETRY_PAUSE = timedelta(minutes=2)
NIGHTS = (
    *(timedelta(minutes=11), timedelta(minutes=50), timedelta(hours=3), timedelta(hours=9)),
    *[timedelta(hours=13)] * 8,
)
"""How far the clock is moved before each sweep; more than four days in all, past every deadline."""
ONE_IMAGE = [{"model": "gpt-image", "quality": "low", "count": 1}]


@dataclass(frozen=True)
class Bought:
    """A paid order."""

    order_id: str
    reference: str
    """Toss' payment key or Stripe's session."""


class World:
    """A deployment and everybody around it."""

    def __init__(self, surroundings: Surroundings, functions: Deployed, transports: Transports) -> None:
        self.surroundings, self.functions = surroundings, functions
        self._transports = transports
        self.clock, self.tasks = surroundings.clock, surroundings.tasks.waiting
        self.doubles = surroundings.doubles
        self.records = Records(surroundings)
        self.client: Any = surroundings.client()
        self._triggers = triggers()
        self._announced: set[str] = set()
        self.notes: dict[str, Any] = {}
        """What a scenario wants to remember from before the call."""
        self.left: list[SignIn] = []
        """Who withdrew: nothing of them may be left anywhere."""

    def close(self) -> None:
        """Close what the test itself holds open."""
        self.client.close()
        self.records.close()

    def reset(self) -> None:
        """Begin with empty servers."""
        self.surroundings.reset()
        self._announced.clear()
        self.notes.clear()
        self.left.clear()

    # -- the platform

    def work_off(self, rounds_max: int = 60) -> None:
        """Deliver events and tasks until nothing is left to deliver; a task that fails too often is given up."""
        tries: dict[str, int] = {}
        for _ in range(rounds_max):
            self.deliver_events()
            if not self.tasks:
                return
            task = self.tasks.popleft()
            if self.deliver(task, tries.get(task.name, 0)).status < 300:
                continue
            tries[task.name] = tries.get(task.name, 0) + 1
            if tries[task.name] < ATTEMPTS_MAX:
                self.tasks.append(task)
                self.move(RETRY_PAUSE)
        raise AssertionError("the tasks never end")

    def deliver(self, task: Task, retries: int = 0) -> Answer:
        """Deliver one task."""
        return self.functions.task(task.function, task.body, task.name, retries)

    def deliver_events(self) -> None:
        """Tell the triggers of every document that was created since."""
        for name, collection in self._triggers.items():
            for document in self.client.collection(collection).stream():
                if self.announce(document.reference.path):
                    self.functions.created(name, document)

    def announce(self, path: str) -> bool:
        """Whether this document's event was not delivered before; from now on it was (or is lost)."""
        if path in self._announced:
            return False
        self._announced.add(path)
        return True

    def cut_short(self, call: Callable[[], object], after: int) -> None:
        """A call that ends right after so many outside calls of its own."""
        watch = Watch(kill_at=after)
        self._transports.run(watch, call)
        assert watch.is_dead, f"it made only {len(watch.calls)} calls"

    def task_for(self, function: str, payload: dict[str, Any]) -> Task:
        """A task of that payload, as the functions themselves would put it into the queue."""
        return Task(function, f"{function}-of-test", json.dumps({"data": payload}).encode())

    def take_task(self, function: str) -> Task:
        """The first task waiting for ``function``, taken out of its queue; all others are delivered."""
        self.deliver_events()
        while (task := self.tasks.popleft()).function != function:
            assert self.deliver(task).status < 300, task
            self.deliver_events()
        return task

    def created(self, collection: str) -> Any:
        """The one document of a collection, whose event is taken from the platform."""
        (document,) = self.client.collection(collection).stream()
        self.announce(document.reference.path)
        return document

    def move(self, by: timedelta) -> None:
        """Time goes by, for the functions and for the payment providers."""
        self.clock.move(by)

    def sweep(self) -> None:
        """One sweep; Cloud Scheduler repeats one that failed."""
        for _ in range(4):
            if self.functions.schedule("sweep").status < 300:
                return
        raise AssertionError("the sweep fails")

    def come_to_rest(self, *, at_least: int = 0) -> None:
        """Let days go by with sweeps until nothing is under way any more (or the nights are over)."""
        self.work_off()
        for count, night in enumerate(NIGHTS):
            if count >= at_least and not self.records.read().under_way():
                return
            self.move(night)
            self.sweep()
            self.work_off()

    # -- clients

    def call(self, name: str, data: Any = None, who: SignIn | None = JISU) -> Answer:
        """Call a callable as somebody who has just signed in."""
        return self.functions.call(name, data, None if who is None else self.functions.token(who))

    def ask(self, name: str, data: Any = None, who: SignIn | None = JISU) -> Any:
        """Call a callable that must succeed; its result."""
        answer = self.call(name, data, who)
        assert answer.status == 200, (name, answer)
        return answer.body["result"]

    def sign_in_exists(self, who: SignIn) -> None:
        """Firebase Authentication stores a sign-in."""
        auth = f"http://{self.surroundings.emulators.auth}/identitytoolkit.googleapis.com/v1"
        body = {"localId": who.uid, "email": who.email, "password": "a-password", "emailVerified": True}
        url = f"{auth}/projects/{self.surroundings.project}/accounts"
        headers = {"Authorization": "Bearer owner"}
        requests.post(url, json=body, headers=headers, timeout=30).raise_for_status()

    def member(self, who: SignIn = JISU) -> SignIn:
        """Somebody whose sign-up is complete."""
        assert self.functions.block("before_create", who).status == 200
        self.sign_in_exists(who)
        self.ask("complete_signup", SIGNUP, who)
        return who

    def job(self, who: SignIn = JISU, count: int = 1, request_id: str = "request-1") -> str:
        """A job that was asked for and accepted."""
        images = [ONE_IMAGE[0] | {"count": count}]
        asked = {"request_id": request_id, "prompt": "a paper boat under the moon", "images": images}
        return str(self.ask("create_job", asked, who)["job_id"])

    def order(self, who: SignIn = JISU, channel: str = "widget", request_id: str = "order-1-of-test") -> dict[str, Any]:
        """An order that was placed."""
        return dict(self.ask("create_order", order_of(channel, request_id), who))

    def authorised(self, who: SignIn = JISU, method: str = "card") -> dict[str, Any]:
        """An order paid in Toss' window: what the app confirms."""
        order = self.order(who)
        key = self.doubles.control.toss.pay(order["order_id"], order["amount"], method)
        return {"order_id": order["order_id"], "payment_key": key, "amount": order["amount"]}

    def buys_with_toss(self, who: SignIn = JISU) -> Bought:
        """A pack bought with Toss."""
        wanted = self.authorised(who)
        self.ask("confirm_toss_payment", wanted, who)
        return Bought(wanted["order_id"], wanted["payment_key"])

    def pays_with_stripe(self, who: SignIn = JISU, request_id: str = "order-1-of-test") -> Bought:
        """A pack paid on Stripe's page; of which no event has come yet."""
        order = self.order(who, "checkout", request_id)
        self.doubles.control.stripe.pay_checkout(order["stripe"]["session_id"])
        return Bought(order["order_id"], order["stripe"]["session_id"])

    # -- providers' webhooks

    def post_stripe(self, event: PostedMessage) -> Answer:
        """Stripe posts an event, signed now."""
        body = json.dumps(event.body)
        secret = self.doubles.addresses.stripe_webhook_secret
        header = stripe.WebhookSignature.generate_signature_header(body, secret)
        return self.functions.post("stripe_webhook", body.encode(), {"Stripe-Signature": header})

    def post_toss(self, event: PostedMessage) -> Answer:
        """Toss posts an event."""
        headers = {"Content-Type": "application/json", "tosspayments-webhook-transmission-id": event.id}
        return self.functions.post("toss_webhook", json.dumps(event.body).encode(), headers)

    def post_mail_event(self, mail_id: str, event: str) -> Answer:
        """SendGrid posts an event about a letter, signed now."""
        with self._carrier() as receiver:
            self.doubles.control.emit_event(mail_id, event)
            self.doubles.control.posted_events()
            (headers, body) = receiver.received[-1]
        return self.functions.post("mail_events", body, dict(headers.items()))

    @contextmanager
    def _carrier(self) -> Iterator[Receiver]:
        with receiving() as receiver:
            self.doubles.control.set_event_webhook(receiver.url)
            try:
                yield receiver
            finally:
                self.doubles.control.set_event_webhook(None)


def order_of(channel: str, request_id: str) -> dict[str, Any]:
    """The request for an order of the smallest pack."""
    currency = "KRW" if channel == "widget" else "USD"
    notice = payment_rules().version.isoformat()
    return {
        "request_id": request_id,
        "pack_id": "starter",
        "channel": channel,
        "currency": currency,
        "notice_version": notice,
    }


def triggers() -> dict[str, str]:
    """The collection of each trigger on created documents."""
    found = {}
    for name in names():
        if kind_of(name) is Kind.TRIGGER:
            trigger = getattr(main_module(), name).__firebase_endpoint__.eventTrigger
            found[name] = str(trigger["eventFilterPathPatterns"]["document"]).split("/", 1)[0]
    return found
