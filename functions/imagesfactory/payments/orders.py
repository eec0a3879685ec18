"""Use cases of a member who buys points: order, confirm, look at orders."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.errors import Refusal, RetryLater
from imagesfactory.kit.ids import derive_id
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.payments.errors import (
    AmountMismatch,
    CurrencyNotOffered,
    NoticeOutdated,
    OrderClosed,
    OrderNotFound,
    PaymentDeclined,
    PaymentInProgress,
    PaymentsOff,
    PaymentUnclear,
    RequestIdReused,
    UnknownPack,
)
from imagesfactory.payments.model import Channel, Dispute, Order, OrderStatus, Payment, Refund, order_resume_at
from imagesfactory.payments.ports import Opening, PaymentProvider, ProviderBusy, ProviderRefused, ProviderUnusable
from imagesfactory.payments.reconciliation import Reconciliation
from imagesfactory.payments.request import ConfirmRequest, OrderRequest
from imagesfactory.payments.store import PaymentStore, order_from
from imagesfactory.points.model import Movement
from imagesfactory.points.service import PointsService
from imagesfactory.points.store import wallet_from
from imagesfactory.policy.payments import PaymentRules, ProviderName

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from imagesfactory.payments.reconciliation import Providers

PROVIDER_OF: dict[Channel, ProviderName] = {
    Channel.WIDGET: "toss",
    Channel.CHECKOUT: "stripe",
    Channel.INTENT: "stripe",
}


@dataclass(frozen=True)
class Placed:
    """An order and what the buyer's app needs to pay it."""

    order: Order
    opening: Opening


@dataclass(frozen=True)
class Details:
    """An order with all that happened to its money."""

    order: Order
    payment: Payment | None
    refunds: tuple[Refund, ...]
    disputes: tuple[Dispute, ...]


class OrderService:
    """Takes orders and confirms payments; what a payment means is decided by the reconciliation."""

    def __init__(
        self,
        client: Client,
        *,
        points: PointsService,
        providers: Providers,
        reconciliation: Reconciliation,
        rules: PaymentRules,
    ) -> None:
        self._client = client
        self._store = PaymentStore(client)
        self._points = points
        self._providers = providers
        self._reconciliation = reconciliation
        self._rules = rules

    def create(self, uid: str, request: OrderRequest, now: datetime) -> Placed:
        """Take an order: one commit of order and request allowance, then the provider is told.

        The id is derived from the member and the request id: asking again is the same order, and the provider is
        asked under the order's own idempotency key.

        Raises:
            Refusal: those of :mod:`imagesfactory.payments.errors` and of the wallet.

        """
        order_id = derive_id("order", uid, request.request_id)
        try:
            order = self._new_order(uid, order_id, request, now)
            self._provider(order.provider)
            unit_of_work.run(self._client, partial(self._admit, order=order, now=now))
            log.info("order.created", uid=uid, provider=order.provider)
        except Refusal:  # also of what was offered when this was first asked
            earlier = self._store.order(order_id)
            if earlier is None:
                raise
            order = _same_request(earlier, request)
        if order.status is not OrderStatus.CREATED:
            return Placed(order, Opening(order.reference))
        return Placed(order, self._open(self._provider(order.provider), order))

    def confirm(self, uid: str, request: ConfirmRequest, now: datetime) -> Order:
        """Take the money of a payment that the buyer authorised in Toss Payments' window; returns the order after.

        Written before the provider is asked: which payment, and that it is being confirmed. Whatever breaks then is
        found out by re-reading.

        Raises:
            OrderNotFound, OrderClosed, AmountMismatch, PaymentInProgress, PaymentDeclined, PaymentUnclear

        """
        order = unit_of_work.run(self._client, partial(self._begin_confirm, uid=uid, request=request, now=now))
        if order.status is OrderStatus.CONFIRMING:
            self._confirm(order, now)
        try:
            order = self._reconciliation.settle(order.id, now)
        except RetryLater:
            raise PaymentUnclear from None
        if order.status is OrderStatus.CONFIRMING:
            raise PaymentUnclear
        return order

    def get(self, uid: str, order_id: str) -> Details:
        """An order of the member.

        Raises:
            OrderNotFound: this member has no such order.

        """
        order = self._store.order(order_id)
        if order is None or order.owner != uid:
            raise OrderNotFound
        payment = self._store.payment(order.payment_id) if order.is_paid else None
        return Details(order, payment, tuple(self._store.refunds_of(order)), tuple(self._store.disputes_of(order)))

    def page(self, uid: str, cursor: str | None) -> tuple[list[Order], str | None]:
        """A page of the member's orders, newest first, and the cursor of the next one if there may be more.

        Raises:
            OrderNotFound: the cursor is none of ours.

        """
        size = self._rules.orders.per_page
        orders = self._store.orders_of(uid, _read_cursor(cursor) if cursor else None, size + 1)
        return orders[:size], _cursor(orders[size - 1]) if len(orders) > size else None

    def _new_order(self, uid: str, order_id: str, request: OrderRequest, now: datetime) -> Order:
        pack = self._rules.pack(request.pack_id)
        if pack is None:
            raise UnknownPack
        provider = PROVIDER_OF[request.channel]
        amount = pack.prices.get(request.currency)
        if amount is None or provider not in self._rules.currencies[request.currency].providers:
            raise CurrencyNotOffered
        if request.notice_version != self._rules.version.isoformat():
            raise NoticeOutdated(current=self._rules.version.isoformat())
        expires_at = now + timedelta(minutes=self._rules.orders.unpaid_minutes)
        return Order(
            id=order_id,
            owner=uid,
            request_digest=request.digest,
            provider=provider,
            channel=request.channel,
            pack_id=pack.id,
            points=pack.points,
            bonus_points=pack.bonus_points,
            amount=amount,
            currency=request.currency,
            notice_version=request.notice_version,
            created_at=now,
            expires_at=expires_at,
            resume_at=expires_at,
        )

    def _admit(self, unit: UnitOfWork, order: Order, now: datetime) -> None:
        (snapshot,) = unit.read(self._points.wallet_reference(order.owner))
        if unit.attempt and self._store.order(order.id) is not None:
            raise RequestIdReused
        wallet = self._points.admit_request(wallet_from(snapshot), now)
        self._points.write(unit, Movement(wallet, ()))
        self._store.create_order(unit, order)

    def _open(self, provider: PaymentProvider, order: Order) -> Opening:
        try:
            opening = provider.open(order)
        except ProviderBusy:
            raise PaymentUnclear from None
        except (ProviderRefused, ProviderUnusable) as problem:
            log.error("order.not_opened", code=problem.code, provider=order.provider)
            raise PaymentsOff from None
        if opening.reference and opening.reference != order.reference:
            unit_of_work.run(self._client, partial(self._name, order_id=order.id, reference=opening.reference))
        return opening

    def _name(self, unit: UnitOfWork, order_id: str, reference: str) -> None:
        (snapshot,) = unit.read(self._store.order_reference(order_id))
        order = order_from(snapshot)
        if order is not None and not order.reference:
            self._store.update_order(unit, replace(order, reference=reference))

    def _begin_confirm(self, unit: UnitOfWork, uid: str, request: ConfirmRequest, now: datetime) -> Order:
        order_name, wallet_name = self._store.order_reference(request.order_id), self._points.wallet_reference(uid)
        snapshot, wallet = unit.peek(order_name, wallet_name)
        unit.tie(snapshot)
        order = order_from(snapshot)
        if order is None or order.owner != uid or order.channel is not Channel.WIDGET:
            raise OrderNotFound
        if request.amount != order.amount:
            log.warning("order.amount_mismatch", uid=uid, code=order.id)
            raise AmountMismatch
        if order.reference == request.payment_key and order.status is not OrderStatus.CREATED:
            return order
        if order.is_closed or (order.status is OrderStatus.CREATED and now >= order.expires_at):
            raise OrderClosed
        if order.status is not OrderStatus.CREATED:
            raise PaymentInProgress
        self._points.check_open(wallet_from(wallet))
        begun = replace(order, status=OrderStatus.CONFIRMING, reference=request.payment_key, failure="")
        begun = replace(begun, resume_at=order_resume_at(begun, now))
        self._store.update_order(unit, begun)
        return begun

    def _confirm(self, order: Order, now: datetime) -> None:
        try:
            self._provider(order.provider).confirm(order)
        except ProviderRefused as refused:
            self._give_up(order, refused.code, now)
            raise PaymentDeclined(provider_code=refused.code) from None
        except ProviderBusy:
            log.warning("order.confirmation_unclear", uid=order.owner, provider=order.provider)
        except ProviderUnusable as problem:
            log.error("order.not_confirmed", code=problem.code, provider=order.provider)
            self._give_up(order, problem.code, now)
            raise PaymentsOff from None

    def _give_up(self, order: Order, code: str, now: datetime) -> None:
        unit_of_work.run(self._client, partial(self._back_to_created, tried=order, code=code, now=now))

    def _back_to_created(self, unit: UnitOfWork, tried: Order, code: str, now: datetime) -> None:
        """A definite refusal: nothing was paid, and the buyer may try again until the order expires."""
        (snapshot,) = unit.read(self._store.order_reference(tried.id))
        order = order_from(snapshot)
        if order is None or order.status is not OrderStatus.CONFIRMING or order.reference != tried.reference:
            return
        back = replace(order, status=OrderStatus.CREATED, reference="", failure=code)
        self._store.update_order(unit, replace(back, resume_at=order_resume_at(back, now)))

    def _provider(self, name: str) -> PaymentProvider:
        provider = self._providers.get(name)
        if provider is None:
            raise PaymentsOff
        return provider


def _same_request(earlier: Order, request: OrderRequest) -> Order:
    if earlier.request_digest != request.digest:
        raise RequestIdReused
    return earlier


def _cursor(order: Order) -> str:
    return base64.urlsafe_b64encode(f"{order.created_at.isoformat()} {order.id}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        at, order_id = base64.urlsafe_b64decode(cursor.encode()).decode().split(" ")
        created_at = datetime.fromisoformat(at)
    except (ValueError, binascii.Error):
        raise OrderNotFound from None
    if created_at.tzinfo is None or not order_id.isalnum():
        raise OrderNotFound
    return created_at, order_id
