"""The payments rooms joined to a real Firestore server and the payment doubles, beside the rest of the backend.

Buyers, banks and staff act through the doubles; providers' events are taken from the doubles and handed, signed or as
they are, to the same readers that the webhook doors use, in whatever order a test likes.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import stripe
from google.cloud import firestore
from imagesfactory.kit import unit_of_work
from imagesfactory.kit.clock import legal_day, start_of_legal_day
from imagesfactory.kit.errors import RetryLater
from imagesfactory.mail.outbox import Outbox
from imagesfactory.payments.coupons import CouponService
from imagesfactory.payments.inbox import TASK_FUNCTION as PROCESS_EVENT
from imagesfactory.payments.inbox import Inbox
from imagesfactory.payments.model import Channel, Order, Refund
from imagesfactory.payments.orders import OrderService, Placed
from imagesfactory.payments.ports import PaymentProvider
from imagesfactory.payments.receipts import ReceiptService
from imagesfactory.payments.reconciliation import Reconciliation
from imagesfactory.payments.refunds import RefundService
from imagesfactory.payments.request import ConfirmRequest, OrderRequest, RefundRequest
from imagesfactory.payments.settlement import Settlements
from imagesfactory.payments.store import PaymentStore
from imagesfactory.payments.sweep import PaymentSweep
from imagesfactory.points.store import wallet_from
from imagesfactory.policy.payments import payment_rules
from imagesfactory.vendors import stripe_webhook, toss_webhook
from imagesfactory.vendors.stripe_payments import StripePayments
from imagesfactory.vendors.toss_payments import TossPayments

from local.doubles import Doubles
from local.doubles.webhook_client import PostedMessage
from tests.backend import Backend, Wrap, _as_is

RULES = payment_rules()
NOTICE = RULES.version.isoformat()


class Shop(Backend):
    """The backend with its payments, whose doubles go by a clock that stands where the backend's begins."""

    def __init__(self, client: firestore.Client, doubles: Doubles, wrap: Wrap = _as_is) -> None:
        super().__init__(client, doubles, wrap)
        doubles.control.stand_clock_at(self.clock.now())
        addresses = doubles.addresses
        self.providers: dict[str, PaymentProvider] = {
            "toss": wrap("toss", TossPayments(secret_key=addresses.toss_secret_key, base_url=addresses.toss_url)),
            "stripe": wrap(
                "stripe",
                StripePayments(
                    secret_key=addresses.stripe_api_key,
                    base_url=addresses.stripe_url,
                    web_origin="https://imagesfactory.example",
                ),
            ),
        }
        outbox = Outbox(client)
        common: dict[str, Any] = {"points": self.points, "providers": self.providers, "rules": RULES}
        self.store = PaymentStore(client)
        self.reconciliation = Reconciliation(client, outbox=outbox, **common)
        self.orders = OrderService(client, reconciliation=self.reconciliation, **common)
        self.refunds = RefundService(client, reconciliation=self.reconciliation, **common)
        self.inbox = Inbox(
            client,
            queue=self.queue,
            providers=self.providers,
            reconciliation=self.reconciliation,
            allowances=self.allowances,
        )
        self.coupons = CouponService(client, points=self.points, rules=RULES)
        self.receipts = ReceiptService(client, orders=self.orders, outbox=outbox, rules=RULES)
        self.payment_sweep = PaymentSweep(
            client,
            providers=self.providers,
            reconciliation=self.reconciliation,
            refunds=self.refunds,
            misuse=self.misuse,
            identities_of=self.accounts.identities,
        )
        self.settlements = Settlements(client, providers=self.providers)

    def go_to(self, instant: datetime) -> None:
        """Let the doubles' time and ours come to ``instant``, which lies ahead."""
        self.doubles.control.advance_clock((instant - self.clock.now()).total_seconds())
        self.clock.instant = instant

    def go_to_noon(self) -> date:
        """Go to tomorrow's noon in Seoul, far from any midnight; the day that it is then."""
        day = legal_day(self.clock.now()) + timedelta(days=1)
        self.go_to(start_of_legal_day(day) + timedelta(hours=12))
        return day

    def order(
        self,
        uid: str,
        channel: Channel = Channel.WIDGET,
        *,
        pack: str = "basic",
        currency: str = "KRW",
        request_id: str = "order-1-of-test",
    ) -> Placed:
        """Order a pack."""
        body = {
            "request_id": request_id,
            "pack_id": pack,
            "channel": channel.value,
            "currency": currency,
            "notice_version": NOTICE,
        }
        return self.orders.create(uid, OrderRequest.model_validate(body), self.clock.now())

    def confirm(self, uid: str, order: Order, payment_key: str, amount: int | None = None) -> Order:
        """Confirm what the window sent back."""
        body = {"order_id": order.id, "payment_key": payment_key, "amount": order.amount if amount is None else amount}
        return self.orders.confirm(uid, ConfirmRequest.model_validate(body), self.clock.now())

    def buy_with_toss(self, uid: str, method: str = "card", **wanted: Any) -> Order:
        """Order, pay in the window, confirm."""
        order = self.order(uid, Channel.WIDGET, **wanted).order
        return self.confirm(uid, order, self.doubles.control.toss.pay(order.id, order.amount, method))

    def buy_with_stripe(self, uid: str, method: str = "pm_card_visa", **wanted: Any) -> Order:
        """Order, pay on the page; the order is as it was before any event."""
        placed = self.order(uid, Channel.CHECKOUT, **{"currency": "USD", **wanted})
        self.doubles.control.stripe.pay_checkout(placed.opening.reference, method)
        return placed.order

    def ask_refund(
        self, uid: str, order: Order, points: int | None = None, request_id: str = "refund-1-of-test", **more: Any
    ) -> Refund:
        """Ask for a refund of unused points."""
        body = {"request_id": request_id, "order_id": order.id, "points": points, **more}
        return self.refunds.request(uid, RefundRequest.model_validate(body), self.clock.now())

    def spend(self, uid: str, points: int) -> None:
        """Hold and capture points as a finished job does."""
        source = f"spent-{points}"

        def hold(unit: unit_of_work.UnitOfWork) -> None:
            wallet = wallet_from(unit.read(self.points.wallet_reference(uid))[0])
            assert wallet is not None
            self.points.hold(unit, wallet, source, points, self.clock.now(), self.clock.now())

        def settle(unit: unit_of_work.UnitOfWork) -> None:
            (snapshot,) = unit.read(self.points.wallet_reference(uid))
            self.points.settle(unit, snapshot, source, points, self.clock.now())

        unit_of_work.run(self.client, hold)
        unit_of_work.run(self.client, settle)

    def settle(self, order: Order) -> Order:
        """Bring an order in line with its provider."""
        return self.reconciliation.settle(order.id, self.clock.now())

    def stripe_events(self) -> list[PostedMessage]:
        """Every event Stripe made so far."""
        return self.doubles.control.stripe.messages()

    def toss_events(self) -> list[PostedMessage]:
        """Every event Toss made so far."""
        return self.doubles.control.toss.messages()

    def receive_stripe(self, event: PostedMessage) -> None:
        """What the webhook door does with an event that Stripe signed."""
        body = json.dumps(event.body).encode()
        secret = self.doubles.addresses.stripe_webhook_secret
        header = stripe.WebhookSignature.generate_signature_header(body.decode(), secret)
        notice = stripe_webhook.notice(body, header, secret, datetime.now(UTC))
        if notice is not None:
            self.inbox.receive(notice, self.clock.now())

    def receive_toss(self, event: PostedMessage) -> None:
        """What the webhook door does with an event of Toss."""
        notice = toss_webhook.notice(json.dumps(event.body).encode(), event.id)
        if notice is not None:
            self.inbox.receive(notice, self.clock.now())

    def receive_all(self) -> None:
        """Deliver every event made so far, and act on them."""
        for event in self.stripe_events():
            self.receive_stripe(event)
        for event in self.toss_events():
            self.receive_toss(event)
        self.process_inbox()

    def process_inbox(self) -> None:
        """Act on every event that is not done."""
        for snapshot in list(self.client.collection("inbox").stream()):
            try:
                self.inbox.process(snapshot.id, self.clock.now())
            except RetryLater:
                continue

    def perform(self, function: str, payload: dict[str, str | int]) -> None:
        if function == PROCESS_EVENT:
            self.inbox.process(str(payload["event_id"]), self.clock.now())
        else:
            super().perform(function, payload)

    def sweep(self) -> None:
        super().sweep()
        self.payment_sweep.run(self.clock.now(), 100)
        self.inbox.sweep(self.clock.now(), 100)

    def now_of(self, order: Order) -> Order:
        """The order as it is recorded now."""
        found = self.store.order(order.id)
        assert found is not None
        return found

    def lot_points(self, uid: str, order: Order) -> int:
        """Unused paid points of an order."""
        lots = self.wallet(uid)["lots"]
        return int(lots.get(f"order-{order.id}", {"remaining_points": 0})["remaining_points"])
