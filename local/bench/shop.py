"""The payments rooms on a Firestore server and the payment doubles, for measurements: nothing runs beside them."""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import stripe
from imagesfactory.kit import unit_of_work
from imagesfactory.limits.store import AllowanceStore
from imagesfactory.mail.outbox import Outbox
from imagesfactory.payments.inbox import Inbox
from imagesfactory.payments.model import Channel, Order
from imagesfactory.payments.orders import OrderService, Placed
from imagesfactory.payments.ports import Notice, PaymentProvider
from imagesfactory.payments.reconciliation import Reconciliation
from imagesfactory.payments.request import ConfirmRequest, OrderRequest
from imagesfactory.points.service import PointsService
from imagesfactory.policy.catalog import catalog
from imagesfactory.policy.payments import payment_rules
from imagesfactory.vendors import stripe_webhook, toss_webhook
from imagesfactory.vendors.stripe_payments import StripePayments
from imagesfactory.vendors.toss_payments import TossPayments

from local.bench.server import Server, serving
from local.doubles import Doubles, running
from local.doubles.webhook_client import PostedMessage


@dataclass
class Unqueued:
    """Remembers what would be enqueued: the measurement itself is the worker."""

    tasks: list[str] = field(default_factory=list)

    def enqueue(self, function: str, name: str, payload: dict[str, str | int]) -> None:
        """Take note of a task."""
        self.tasks.append(f"{function}/{name}/{len(payload)}")


class BenchShop:
    """Buyers and providers' events, one at a time."""

    def __init__(self, server: Server, doubles: Doubles) -> None:
        self.server = server
        self.doubles = doubles
        client, addresses = server.client, doubles.addresses
        self._points = PointsService(client, catalog())
        providers: dict[str, PaymentProvider] = {
            "toss": TossPayments(secret_key=addresses.toss_secret_key, base_url=addresses.toss_url),
            "stripe": StripePayments(
                secret_key=addresses.stripe_api_key,
                base_url=addresses.stripe_url,
                web_origin="https://imagesfactory.example",
            ),
        }
        common: dict[str, Any] = {"points": self._points, "providers": providers, "rules": payment_rules()}
        reconciliation = Reconciliation(client, outbox=Outbox(client), **common)
        self._orders = OrderService(client, reconciliation=reconciliation, **common)
        self.inbox = Inbox(
            client,
            queue=Unqueued(),
            providers=providers,
            reconciliation=reconciliation,
            allowances=AllowanceStore(client, "the bench's"),
        )

    def member(self) -> str:
        """Somebody new with a wallet."""
        uid, now = uuid.uuid4().hex, datetime.now(UTC)
        unit_of_work.run(self.server.client, lambda unit: self._points.open_wallet(unit, uid, now, has_bonus=True))
        return uid

    def order(self, uid: str, channel: Channel, currency: str) -> Placed:
        """Order a pack."""
        body = {
            "request_id": uuid.uuid4().hex,
            "pack_id": "basic",
            "channel": channel.value,
            "currency": currency,
            "notice_version": payment_rules().version.isoformat(),
        }
        return self._orders.create(uid, OrderRequest.model_validate(body), datetime.now(UTC))

    def confirm(self, uid: str, order: Order, payment_key: str) -> Order:
        """Confirm what Toss's window sent the buyer back with."""
        body = {"order_id": order.id, "payment_key": payment_key, "amount": order.amount}
        return self._orders.confirm(uid, ConfirmRequest.model_validate(body), datetime.now(UTC))

    def paid_on_stripes_page(self, uid: str) -> Order:
        """Order in dollars and pay on Stripe's page; no event has arrived yet."""
        placed = self.order(uid, Channel.CHECKOUT, "USD")
        self.doubles.control.stripe.pay_checkout(placed.opening.reference)
        return placed.order

    def stripe_notices(self, kind: str) -> list[tuple[bytes, str]]:
        """Bodies and signatures of the events of one kind that Stripe made so far."""
        secret = self.doubles.addresses.stripe_webhook_secret
        bodies = [json.dumps(event.body).encode() for event in self.doubles.control.stripe.messages(kind)]
        return [(body, stripe.WebhookSignature.generate_signature_header(body.decode(), secret)) for body in bodies]

    def receive_stripe(self, body: bytes, signature: str) -> str:
        """What the webhook's door does with a signed event; returns the id under which the inbox has it."""
        now = datetime.now(UTC)
        return self._receive(
            stripe_webhook.notice(body, signature, self.doubles.addresses.stripe_webhook_secret, now), now
        )

    def receive_toss(self, event: PostedMessage) -> str:
        """What the webhook's door does with an event of Toss."""
        return self._receive(toss_webhook.notice(json.dumps(event.body).encode(), event.id), datetime.now(UTC))

    def _receive(self, notice: Notice | None, now: datetime) -> str:
        if notice is None or not self.inbox.receive(notice, now):
            raise RuntimeError("the event was not taken in")
        return f"{notice.provider}-{notice.event_id}"


@contextmanager
def open_shop() -> Iterator[BenchShop]:
    """A shop on a server and doubles of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="imagesfactory-bench-") as folder,
        serving(Path(folder)) as server,
        running() as doubles,
    ):
        yield BenchShop(server, doubles)
