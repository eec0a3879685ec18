"""Use cases of refunds: lock the points, ask the provider under a key stored before, and let the truth decide."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.errors import Refusal, RetryLater
from imagesfactory.kit.ids import derive_id
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.payments import valuation
from imagesfactory.payments.errors import (
    NothingToRefund,
    OrderNotFound,
    OrderNotPaid,
    PaymentDisputed,
    RefundAccountMissing,
    RefundInProgress,
    RequestIdReused,
)
from imagesfactory.payments.fold import Declined
from imagesfactory.payments.model import (
    REREAD_AFTER,
    Order,
    Refund,
    RefundAccount,
    RefundOrigin,
    RefundReason,
    RefundState,
)
from imagesfactory.payments.ports import ProviderBusy, ProviderRefused, ProviderUnusable
from imagesfactory.payments.reconciliation import Reconciliation
from imagesfactory.payments.request import RefundRequest
from imagesfactory.payments.store import PaymentStore, order_from, payment_from, refund_from
from imagesfactory.points import reversal
from imagesfactory.points.model import Purpose, Wallet
from imagesfactory.points.service import PointsService
from imagesfactory.points.store import wallet_from
from imagesfactory.policy.business_days import end_of_business_days, end_of_days
from imagesfactory.policy.payments import PaymentRules, RefundRules

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from imagesfactory.payments.reconciliation import Providers

VIRTUAL_ACCOUNT = "virtual-account"
"""The kind of payment whose refund needs an account to send the money to."""
BACKOFF_MAX = timedelta(hours=6)


class _SeenBefore(Refusal):
    """The refund was asked for before; inside this module only."""


@dataclass(frozen=True)
class Terms:
    """What of an order can be refunded now, and what that is worth."""

    points: int
    bonus_points: int
    value: int
    fee: int
    reason: RefundReason

    @property
    def amount(self) -> int:
        """What the buyer gets."""
        return self.value - self.fee


def terms(order: Order, wallet: Wallet, wanted_points: int | None, rules: RefundRules, now: datetime) -> Terms:
    """The terms of giving back ``wanted_points`` (all unused ones if None) of a paid order.

    The period of withdrawal starts with the contract document or, if later, the supply (E-Commerce Act article 17(1)):
    both happen when the points are granted. Inside it no fee may be taken (article 18(9)).

    Raises:
        NothingToRefund: fewer paid points of the order are unused, or they are worth nothing.

    """
    unused, unused_bonus = reversal.unused(wallet, order.lots(now))
    points = unused if wanted_points is None else wanted_points
    if not 0 < points <= unused:
        raise NothingToRefund(refundable_points=unused)
    value = valuation.value_of_points(order, points)
    began_at = order.supplied_at or order.paid_at or now
    is_withdrawal = now < end_of_days(rules.withdrawal_days, began_at)
    fee = 0 if is_withdrawal else valuation.fee_of(value, rules.fee_percent_after_withdrawal_period)
    if value - fee <= 0:
        raise NothingToRefund(refundable_points=unused)
    return Terms(
        points=points,
        bonus_points=min(valuation.bonus_share(order, points), unused_bonus),
        value=value,
        fee=fee,
        reason=RefundReason.WITHDRAWAL if is_withdrawal else RefundReason.TERMINATION,
    )


class RefundService:
    """Begins refunds and asks providers for them."""

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

    def request(self, uid: str, request: RefundRequest, now: datetime) -> Refund:
        """Give unused points of an order back; returns the refund as far as it got.

        One commit locks the points and writes the refund with its idempotency key; only then is the provider asked.
        A provider that does not answer leaves the refund to the sweep.

        Raises:
            Refusal: those of :mod:`imagesfactory.payments.errors`; nothing was changed.

        """
        refund_id = derive_id("refund", uid, request.request_id)
        try:
            unit_of_work.run(self._client, partial(self._begin, uid=uid, refund_id=refund_id, request=request, now=now))
            log.info("refund.requested", uid=uid)
        except Refusal:
            earlier = self._store.refund(refund_id)
            if earlier is None or earlier.owner != uid:
                raise
            if earlier.request_digest != request.digest:
                raise RequestIdReused from None
        try:
            return self.proceed(refund_id, now)
        except RetryLater:
            return self._now(refund_id)

    def proceed(self, refund_id: str, now: datetime) -> Refund:
        """Bring a refund a step further: look, ask if it is not there yet, and look again; or note when to look next.

        Raises:
            RetryLater: it is not decided and the provider does not answer.

        """
        refund = self._now(refund_id)
        if not refund.state.is_open:
            return refund
        if refund.attempts:
            self._reconciliation.settle(refund.order_id, now)
            refund = self._now(refund_id)
        if refund.state.is_open and not refund.provider_refund_id:
            self._reconciliation.settle(refund.order_id, now, declined=self._send(refund, now))
        elif refund.state.is_open:
            unit_of_work.run(self._client, partial(self._mark_sent, refund_id=refund_id, now=now))
        return self._now(refund_id)

    def put_off(self, refund_id: str, now: datetime) -> None:
        """Let the sweep look at a refund that could not proceed some time later."""
        unit_of_work.run(self._client, partial(self._look_later, refund_id=refund_id, now=now))

    def _look_later(self, unit: UnitOfWork, refund_id: str, now: datetime) -> None:
        order, refund = self._both(unit, refund_id)
        if order is None or refund is None or refund.resume_at is None or refund.resume_at > now:
            return
        self._store.write_refund(unit, replace(refund, resume_at=now + REREAD_AFTER), is_new=False)
        self._store.update_order(unit, order)

    def _begin(self, unit: UnitOfWork, uid: str, refund_id: str, request: RefundRequest, now: datetime) -> None:
        order_name = self._store.order_reference(request.order_id)
        order = order_from(unit.read(order_name)[0])
        if order is None or order.owner != uid:
            raise OrderNotFound
        if refund_id in order.refund_ids:
            raise _SeenBefore
        wallet_snapshot, payment_snapshot, *refund_snapshots = unit.peek(
            self._points.wallet_reference(uid),
            self._store.payment_reference(order.payment_id),
            *map(self._store.refund_reference, order.refund_ids),
        )
        wallet, payment = wallet_from(wallet_snapshot), payment_from(payment_snapshot)
        if not order.is_paid or payment is None or wallet is None:
            raise OrderNotPaid
        if order.frozen_hold or self._has_open_dispute(unit, order):
            raise PaymentDisputed
        if any(refund is not None and refund.state.is_open for refund in map(refund_from, refund_snapshots)):
            raise RefundInProgress
        if payment.method.kind == VIRTUAL_ACCOUNT and request.account is None:
            raise RefundAccountMissing
        agreed = terms(order, wallet, request.points, self._rules.refunds, now)
        refund = self._new_refund(order, refund_id, request, agreed, now)
        lots, counts = order.lots(now), (agreed.points, agreed.bonus_points)
        unit.tie(wallet_snapshot)
        self._points.write(unit, reversal.lock(wallet, lots, refund_id, Purpose.REFUND, counts, now))
        self._store.write_refund(unit, refund, is_new=True)
        self._store.update_order(unit, _with_refund(order, refund))

    def _has_open_dispute(self, unit: UnitOfWork, order: Order) -> bool:
        """With nothing left to freeze there is no hold to tell by."""
        names = [self._store.dispute_reference(dispute_id) for dispute_id in order.dispute_ids]
        return any(one.exists and one.get("state") == "open" for one in unit.peek(*names)) if names else False

    def _new_refund(self, order: Order, refund_id: str, request: RefundRequest, agreed: Terms, now: datetime) -> Refund:
        account = request.account
        return Refund(
            id=refund_id,
            order_id=order.id,
            owner=order.owner,
            provider=order.provider,
            origin=RefundOrigin.MEMBER,
            reason=agreed.reason,
            state=RefundState.REQUESTED,
            points=agreed.points,
            bonus_points=agreed.bonus_points,
            value=agreed.value,
            amount=agreed.amount,
            currency=order.currency,
            requested_at=now,
            due_at=end_of_business_days(self._rules.refunds.pay_back_business_days, now),
            request_digest=request.digest,
            idempotency_key=f"refund:{refund_id}:{agreed.amount}",
            account=RefundAccount(account.bank, account.account_number, account.holder_name) if account else None,
            resume_at=now + REREAD_AFTER,
        )

    def _send(self, refund: Refund, now: datetime) -> Declined | None:
        """One attempt: written down first, so that a crash is followed by a look and not by a second refund; returns
        the refusal, if it was refused for good.
        """
        order = unit_of_work.run(self._client, partial(self._mark_sent, refund_id=refund.id, now=now))
        if order is None:
            return None
        provider = self._providers.get(refund.provider)
        try:
            if provider is None:
                raise ProviderUnusable("provider-off")
            provider.refund(order, refund)
        except ProviderBusy as busy:
            log.warning("refund.unclear", uid=refund.owner, attempt=refund.attempts + 1)
            raise RetryLater("refund-unclear", busy.delay) from None
        except ProviderUnusable as problem:
            log.error("refund.provider_unusable", code=problem.code, uid=refund.owner)
            raise RetryLater("refund-provider-unusable") from None
        except ProviderRefused as refused:
            log.warning("refund.refused", code=refused.code, uid=refund.owner)
            return Declined(refund.id, refused.code)
        return None

    def _mark_sent(self, unit: UnitOfWork, refund_id: str, now: datetime) -> Order | None:
        order, refund = self._both(unit, refund_id)
        if order is None or refund is None or not refund.state.is_open:
            return None
        attempts = refund.attempts + 1
        wait = min(REREAD_AFTER * 2 ** min(attempts - 1, 8), BACKOFF_MAX)
        sent = replace(refund, state=RefundState.SENT, attempts=attempts, resume_at=now + wait)
        self._store.write_refund(unit, sent, is_new=False)
        self._store.update_order(unit, order)
        return order

    def _both(self, unit: UnitOfWork, refund_id: str) -> tuple[Order | None, Refund | None]:
        """The refund with its order, whose version vouches for it; both must be written."""
        refund = refund_from(unit.read(self._store.refund_reference(refund_id))[0])
        if refund is None:
            return None, None
        return order_from(unit.read(self._store.order_reference(refund.order_id))[0]), refund

    def _now(self, refund_id: str) -> Refund:
        refund = self._store.refund(refund_id)
        if refund is None:
            raise OrderNotFound
        return refund


def _with_refund(order: Order, refund: Refund) -> Order:
    return replace(
        order,
        refund_ids=(*order.refund_ids, refund.id),
        refunded_value=order.refunded_value + refund.value,
        refunded_points=order.refunded_points + refund.points,
        revision=order.revision + 1,
    )
