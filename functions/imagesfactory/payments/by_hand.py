"""Refunds that a person paid because no provider would: recorded once, so that points and ledger follow the money.

A provider may refuse for good what we owe all the same: an account that is wrong, a payment that is too old. Somebody
of finance then pays by bank transfer. Members who left are owed their money as well: the order may be in the archive.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.clock import start_of_legal_day
from imagesfactory.kit.ids import derive_id
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.payments.errors import (
    ClaimTooLate,
    MoreThanPaid,
    OrderNotFound,
    OrderNotPaid,
    PaymentDisputed,
    RefundInProgress,
    RequestIdReused,
)
from imagesfactory.payments.fold import Outcome, Recorded
from imagesfactory.payments.model import DisputeState, Order, Refund, RefundOrigin, RefundReason, RefundState
from imagesfactory.payments.order_points import OrderPoints
from imagesfactory.payments.reconciliation import Reconciliation, tell_interest
from imagesfactory.payments.request import DiffersClaim, HandRefundRequest
from imagesfactory.payments.store import PaymentStore, order_from
from imagesfactory.points.model import Account, Movement
from imagesfactory.policy.business_days import end_of_business_days, end_of_days
from imagesfactory.policy.payments import PaymentRules, RefundRules
from imagesfactory.policy.retention import Period, end_of
from imagesfactory.staff.access_log import AccessLog
from imagesfactory.staff.model import Access, Action, StaffMember

if TYPE_CHECKING:
    from google.cloud.firestore import Client

Recall = Callable[[str, datetime], bool]
"""Brings an order (its id) of somebody who withdrew back from the archive; False when it is not there."""


class HandRefunds:
    """Records them."""

    def __init__(
        self,
        client: Client,
        *,
        reconciliation: Reconciliation,
        recall: Recall,
        accesses: AccessLog,
        rules: PaymentRules,
    ) -> None:
        self._client = client
        self._store = PaymentStore(client)
        self._reconciliation = reconciliation
        self._recall = recall
        self._accesses = accesses
        self._rules = rules

    def record(self, staff: StaffMember, request: HandRefundRequest, now: datetime) -> Refund:
        """Write down that staff paid ``request.amount`` back, who said so and why, in one commit; repeated, it is the
        same refund.

        Raises:
            OrderNotFound, OrderNotPaid, RefundInProgress, PaymentDisputed, MoreThanPaid, ClaimTooLate, RequestIdReused:
                nothing was changed.

        """
        if self._store.order(request.order_id) is None and not self._recall(request.order_id, now):
            raise OrderNotFound
        record = partial(self._record, staff=staff, request=request, now=now)
        refund = unit_of_work.run(self._client, record)
        log.info("refund.recorded_by_hand", uid=staff.uid, provider=refund.provider)
        tell_interest((refund,))
        return refund

    def _record(self, unit: UnitOfWork, staff: StaffMember, request: HandRefundRequest, now: datetime) -> Refund:
        order = order_from(unit.read(self._store.order_reference(request.order_id))[0])
        if order is None:
            raise OrderNotFound
        refund_id = derive_id("refund", "by-hand", order.id, request.request_id)
        if refund_id in order.refund_ids:
            return self._recorded_before(refund_id, request)
        access = Access(staff, Action.REFUND_RECORDED, (order.owner,), order.id, request.reason)
        self._accesses.note_with(unit, access, now)
        decide = partial(self._decide, refund_id=refund_id, request=request, now=now)
        (refund,) = self._reconciliation.apply(unit, order, decide, now).refunds
        return refund

    def _recorded_before(self, refund_id: str, request: HandRefundRequest) -> Refund:
        earlier = self._store.refund(refund_id)
        if earlier is None or earlier.request_digest != request.digest:
            raise RequestIdReused
        return earlier

    def _decide(self, recorded: Recorded, refund_id: str, request: HandRefundRequest, now: datetime) -> Outcome:
        order = recorded.order
        if not order.is_paid:
            raise OrderNotPaid
        if any(refund.state.is_open for refund in recorded.refunds):
            raise RefundInProgress
        if any(dispute.state is DisputeState.OPEN for dispute in recorded.disputes):
            raise PaymentDisputed
        if request.amount > order.amount - order.refunded_value:
            raise MoreThanPaid(refundable_amount=order.amount - order.refunded_value)
        if request.claim is not None:
            _check_claim(request.claim, order, self._rules.refunds)
        refund = Refund(
            id=refund_id,
            order_id=order.id,
            owner=order.owner,
            provider=order.provider,
            origin=RefundOrigin.HAND,
            reason=RefundReason(request.ground),
            state=RefundState.SUCCEEDED,
            points=0,
            bonus_points=0,
            value=0,
            amount=request.amount,
            currency=order.currency,
            requested_at=now,
            due_at=_due_at(recorded, end_of_business_days(self._rules.refunds.pay_back_business_days, now)),
            request_digest=request.digest,
            settled_at=now,
        )
        return _paid(recorded, refund)


def _due_at(recorded: Recorded, fresh: datetime) -> datetime:
    """When what is paid by hand was due: with the first refund that was refused since the last that succeeded, which
    made good those before it; or else ``fresh``.
    """
    done = [refund.requested_at for refund in recorded.refunds if refund.state is RefundState.SUCCEEDED]
    refused = [refund for refund in recorded.refunds if not refund.in_effect]
    return min([one.due_at for one in refused if not done or one.requested_at > max(done)], default=fresh)


def _paid(recorded: Recorded, refund: Refund) -> Outcome:
    """What follows from a refund that was paid: what was used counts as well, if it was what had been shown."""
    points = OrderPoints(recorded.order, recorded.wallet, refund.requested_at)
    is_use_free = refund.reason is RefundReason.DIFFERS
    source = f"refund:{refund.id}"
    refund = points.claim(refund, source, refund.amount, Account.REFUNDED, unused_only=is_use_free)
    order = replace(points.order, refund_ids=(*points.order.refund_ids, refund.id))
    moved = Movement(points.wallet, tuple(points.entries)) if points.wallet is not None and points.entries else None
    return Outcome(order, (refund,), (), moved, is_newly_paid=False, unpaid=())


def _check_claim(claim: DiffersClaim, order: Order, rules: RefundRules) -> None:
    """Within three months of the supply and thirty days of knowing (E-Commerce Act article 17(3))."""
    supplied_at = order.supplied_at or order.paid_at or order.created_at
    by_supply = end_of(Period(months=rules.differs_months_from_supply), supplied_at)
    by_knowing = end_of_days(rules.differs_days_from_knowing, start_of_legal_day(claim.known_on))
    if start_of_legal_day(claim.claimed_on) >= min(by_supply, by_knowing):
        raise ClaimTooLate
