"""Buying points: what each step costs in billed Firestore operations and round trips, with both providers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from imagesfactory.payments.model import Channel, Order, OrderStatus

from local.bench.rows import Row
from local.bench.shop import BenchShop, open_shop

AREA = "purchase"
COMMIT, BATCH_GET = "Commit", "BatchGetDocuments"
Answer = TypeVar("Answer")


def measure() -> list[Row]:
    """One purchase with each provider, step by step; a second one of the same member, when everything is warm."""
    with open_shop() as shop:
        bench = _Bench(shop)
        bench.with_toss()
        bench.with_stripe()
        bench.rows.clear()
        bench.with_toss()
        bench.with_stripe()
        return bench.rows


class _Bench:
    def __init__(self, shop: BenchShop) -> None:
        self._shop = shop
        self._uid = shop.member()
        self.rows: list[Row] = []

    def with_toss(self) -> None:
        """Order, confirm, and the webhook that says what is known already."""
        order = self._costs("toss: create_order", self._toss_order, reads_max=1, commits_max=1)
        key = self._shop.doubles.control.toss.pay(order.id, order.amount)
        # Order, and again after the provider was asked, with wallet and receipt number; what is begun, what came of it.
        paid = self._costs(
            "toss: confirm_toss_payment", lambda: self._shop.confirm(self._uid, order, key), reads_max=3, commits_max=2
        )
        if paid.status is not OrderStatus.PAID:
            raise RuntimeError("the purchase did not come to its end")
        (event,) = (
            one for one in self._shop.doubles.control.toss.messages() if one.body["data"]["orderId"] == order.id
        )
        event_id = self._costs("toss: webhook received", lambda: self._shop.receive_toss(event))
        self._costs("toss: webhook processed, already known", lambda: self._process(event_id))

    def with_stripe(self) -> None:
        """Order, and the webhook that brings the money."""
        kind = "checkout.session.completed"
        before = len(self._shop.stripe_notices(kind))
        order = self._costs(
            "stripe: create_order",
            lambda: self._shop.order(self._uid, Channel.CHECKOUT, "USD"),
            reads_max=2,  # the second pair writes down which page Stripe opened
            commits_max=2,
        )
        self._shop.doubles.control.stripe.pay_checkout(order.opening.reference)
        body, signature = self._shop.stripe_notices(kind)[before]
        event_id = self._costs(
            "stripe: webhook received",
            lambda: self._shop.receive_stripe(body, signature),
            commits_max=1,
        )
        self._costs("stripe: webhook processed", lambda: self._process(event_id))

    def _toss_order(self) -> Order:
        return self._shop.order(self._uid, Channel.WIDGET, "KRW").order

    def _process(self, event_id: str) -> None:
        self._shop.inbox.process(event_id, datetime.now(UTC))

    def _costs(
        self, what: str, act: Callable[[], Answer], reads_max: int | None = None, commits_max: int | None = None
    ) -> Answer:
        since = self._shop.server.sequence()
        answer = act()
        entries = self._shop.server.requests_since(since)
        methods = [entry["method"] for entry in entries]
        self.rows += [
            Row(AREA, f"{what}: read round trips", methods.count(BATCH_GET), "calls", reads_max),
            Row(AREA, f"{what}: commits", methods.count(COMMIT), "calls", commits_max),
            Row(
                AREA,
                f"{what}: billed reads / writes",
                _sum(entries, "reads"),
                "reads",
                note=f"{_sum(entries, 'writes')} writes",
            ),
        ]
        return answer


def _sum(entries: list[dict[str, Any]], what: str) -> int:
    return sum(int(entry[what]) for entry in entries)
