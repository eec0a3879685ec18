"""The one decision about money: what we recorded, and what the provider says now, in; what must be written, out.

Pure, and the same however often and in whatever order it is asked: a payment grants once, a refund or a lost dispute
takes back once, and what did not happen after all is undone once. Whoever calls it reads the provider after it read
the order and writes only if the order did not change meanwhile, so what is newer is never overwritten by older.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from imagesfactory.payments import valuation
from imagesfactory.payments.model import (
    REREAD_AFTER,
    Dispute,
    DisputeState,
    Order,
    OrderStatus,
    Refund,
    RefundOrigin,
    RefundReason,
    RefundState,
    order_resume_at,
)
from imagesfactory.payments.ports import DisputeTruth, MoneyState, RefundTruth, Truth
from imagesfactory.points import reversal
from imagesfactory.points.model import Account, Entry, Movement, Purpose, Wallet

DEPOSIT_TAKEN_BACK = "-deposit-taken-back"
"""Toss can undo a deposit after a bank error: the order waits again. We record it as a refund named after the payment.

Toss's books have no line for it, so that the settlement lists it as a difference: somebody has to look.
"""
_Returned = TypeVar("_Returned", Refund, Dispute)


class PaymentMismatch(Exception):
    """Money came in that is not the order's amount or currency: nothing is granted, an operator must look."""


@dataclass(frozen=True)
class Recorded:
    """What we know of an order. ``wallet`` is None once the member's wallet is gone."""

    order: Order
    refunds: tuple[Refund, ...]
    disputes: tuple[Dispute, ...]
    wallet: Wallet | None


@dataclass(frozen=True)
class Outcome:
    """What is to be written: records that changed, and the movement of points if there is any."""

    order: Order
    refunds: tuple[Refund, ...]
    disputes: tuple[Dispute, ...]
    movement: Movement | None
    is_newly_paid: bool


def fold(recorded: Recorded, truth: Truth, due_at: datetime, now: datetime) -> Outcome:
    """What the truth makes of what is recorded.

    Args:
        recorded: everything we have about the order, as it is.
        truth: what the provider says, read after ``recorded`` was.
        due_at: by when a refund that begins now must be paid back.
        now: when, UTC.

    Raises:
        PaymentMismatch: another amount or currency was paid than was ordered.

    """
    folding = _Folding(recorded, due_at, now)
    folding.money(truth)
    if folding.order.is_paid:
        folding.returns(_refunds_of(folding.order, truth, now), truth.disputes)
    return folding.outcome(recorded)


@dataclass
class _Folding:
    """The work in progress of one fold."""

    recorded: Recorded
    due_at: datetime
    now: datetime
    order: Order = field(init=False)
    wallet: Wallet | None = field(init=False)
    entries: list[Entry] = field(default_factory=list)
    refunds: dict[str, Refund] = field(default_factory=dict)
    disputes: dict[str, Dispute] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.order, self.wallet = self.recorded.order, self.recorded.wallet
        self.refunds = {refund.id: refund for refund in self.recorded.refunds}
        self.disputes = {dispute.id: dispute for dispute in self.recorded.disputes}

    def money(self, truth: Truth) -> None:
        """The order's own state; money that came in is never unlearned."""
        if truth.state is MoneyState.PAID:
            self._check_money(truth)
            if not self.order.is_paid:
                self._pay(truth)
            elif not self.order.is_booked and (truth.booked_at or self._is_overdue()):
                self._note_booking(truth)
        elif not self.order.is_paid:
            status = _unpaid_status(self.order, truth.state)
            self.order = replace(
                self.order,
                status=status,
                reference=truth.reference or self.order.reference,
                secret=truth.secret or self.order.secret,
                expires_at=truth.deposit.due_at if truth.deposit and truth.deposit.due_at else self.order.expires_at,
            )
            if status is not self.recorded.order.status or self._is_overdue():
                self.order = replace(self.order, resume_at=order_resume_at(self.order, self.now))

    def returns(self, refunds: tuple[RefundTruth, ...], disputes: tuple[DisputeTruth, ...]) -> None:
        """Money that went back, or is disputed."""
        refund_changes = [(told, self._known_refund(told)) for told in refunds]
        changed = [(told, known) for told, known in refund_changes if known is None or _differs(known, told)]
        vanished = _vanished(self.refunds.values(), refunds)
        news = [told for told in disputes if self._is_news(told)]
        if changed or vanished or news:
            self._thaw()
            for refund in vanished:
                self._undo_refund(replace(refund, returned_at=self.now), RefundState.FAILED)
            for told, known in changed:
                self._import_refund(told) if known is None else self._follow_refund(known, told)
            for dispute in news:
                self._follow_dispute(dispute)
            self._freeze()
        self._note_bookings(refunds, disputes)

    def outcome(self, before: Recorded) -> Outcome:
        """What changed."""
        moved = None
        # Not whether the wallet changed: what is paid and taken back in one go leaves it as it was, and two entries.
        if self.wallet is not None and self.entries:
            moved = Movement(self.wallet, tuple(self.entries))
        known_refunds, known_disputes = set(before.refunds), set(before.disputes)
        return Outcome(
            order=self.order,
            refunds=tuple(refund for refund in self.refunds.values() if refund not in known_refunds),
            disputes=tuple(dispute for dispute in self.disputes.values() if dispute not in known_disputes),
            movement=moved,
            is_newly_paid=self.order.is_paid and not before.order.is_paid,
        )

    # -- money in

    def _check_money(self, truth: Truth) -> None:
        if (truth.amount, truth.currency) != (self.order.amount, self.order.currency):
            raise PaymentMismatch

    def _pay(self, truth: Truth) -> None:
        can_supply = self.wallet is not None and self.wallet.is_open
        self.order = replace(
            self.order,
            status=OrderStatus.PAID,
            paid_at=truth.paid_at or self.now,
            reference=truth.reference or self.order.reference,
            is_granted=can_supply,
            supplied_at=self.now if can_supply else None,
            failure="",
        )
        self._note_booking(truth)
        if self.wallet is not None and can_supply:
            self._move(reversal.grant_purchase(self.wallet, self.order.lots(self.now), self.now))
        else:
            self._add_refund(_automatic_refund(self.order, self.due_at, self.now))

    def _note_booking(self, truth: Truth) -> None:
        self.order = replace(self.order, is_booked=truth.booked_at is not None)
        self.order = replace(self.order, resume_at=order_resume_at(self.order, self.now))

    def _note_bookings(self, refunds: tuple[RefundTruth, ...], disputes: tuple[DisputeTruth, ...]) -> None:
        """When the provider booked what went back; that moves no points."""
        for told in refunds:
            refund = self._known_refund(told)
            if refund is not None:
                self.refunds[refund.id] = _booked(refund, told)
        for said in disputes:
            self.disputes[said.provider_dispute_id] = _booked(self.disputes[said.provider_dispute_id], said)

    def _is_overdue(self) -> bool:
        return self.order.resume_at is not None and self.order.resume_at <= self.now

    # -- refunds

    def _known_refund(self, told: RefundTruth) -> Refund | None:
        by_provider = (
            refund for refund in self.refunds.values() if refund.provider_refund_id == told.provider_refund_id
        )
        return self.refunds.get(told.our_refund_id) or next(by_provider, None)

    def _import_refund(self, told: RefundTruth) -> None:
        """A refund that was not begun here: its points are taken back as soon as it is known."""
        in_effect = told.state is not RefundState.FAILED
        value = min(told.amount, self.order.amount - self.order.refunded_value) if in_effect else told.amount
        refund = Refund(
            id=f"{self.order.provider}-{told.provider_refund_id}",
            order_id=self.order.id,
            owner=self.order.owner,
            provider=self.order.provider,
            origin=RefundOrigin.PROVIDER,
            reason=RefundReason.UNKNOWN,
            state=told.state,
            points=0,
            bonus_points=0,
            value=value,
            amount=told.amount,
            currency=self.order.currency,
            requested_at=self.now,
            due_at=self.due_at,
            provider_refund_id=told.provider_refund_id,
            settled_at=None if told.state.is_open else self.now,
            resume_at=self.now + REREAD_AFTER if told.state.is_open else None,
        )
        if in_effect:
            taken = self._take_back(f"refund:{refund.id}", value, Account.REFUNDED)
            refund = replace(
                refund, points=taken[0], bonus_points=taken[1].bonus_points, owed_points=taken[1].owed_points
            )
            self._count(value, refund.points)
        self._add_refund(refund)

    def _follow_refund(self, refund: Refund, told: RefundTruth) -> None:
        """A refund we know went on: it succeeded, failed, or failed after it had succeeded."""
        refund = replace(refund, provider_refund_id=told.provider_refund_id)
        if told.state is RefundState.SUCCEEDED and refund.has_lock:
            self._unlock(refund.id, Account.REFUNDED)
        if told.state is RefundState.FAILED and refund.in_effect:
            self._undo_refund(refund, RefundState.FAILED)
        elif told.state is not RefundState.FAILED and not refund.in_effect:
            self._redo_refund(refund, told.state)
        else:
            self._keep_refund(refund, told.state)

    def _undo_refund(self, refund: Refund, state: RefundState) -> None:
        if refund.has_lock:
            self._unlock(refund.id, None)
        else:
            self._give_back(f"refund:{refund.id}", refund.points, refund.bonus_points, Account.REFUNDED)
        self._count(-refund.value, -refund.points)
        self._keep_refund(replace(refund, failure=refund.failure or "provider-failed"), state)

    def _redo_refund(self, refund: Refund, state: RefundState) -> None:
        """It had failed, and the money went back after all."""
        taken = self._take_back(f"refund:{refund.id}", refund.value, Account.REFUNDED)
        self._count(refund.value, taken[0])
        refund = replace(refund, points=taken[0], bonus_points=taken[1].bonus_points, owed_points=taken[1].owed_points)
        self._keep_refund(replace(refund, failure="", origin=RefundOrigin.PROVIDER), state)

    def _keep_refund(self, refund: Refund, state: RefundState) -> None:
        kept = RefundState.SENT if state is RefundState.REQUESTED else state
        settled_at = None if kept.is_open else (refund.settled_at or self.now)
        self.refunds[refund.id] = replace(
            refund,
            state=kept,
            settled_at=settled_at,
            account=refund.account if kept.is_open else None,
            resume_at=(refund.resume_at or self.now + REREAD_AFTER) if kept.is_open else None,
        )

    def _add_refund(self, refund: Refund) -> None:
        self.refunds[refund.id] = refund
        self.order = replace(self.order, refund_ids=(*self.order.refund_ids, refund.id))
        if refund.origin is RefundOrigin.AUTOMATIC:
            self._count(refund.value, 0)

    # -- disputes

    def _is_news(self, told: DisputeTruth) -> bool:
        known = self.disputes.get(told.provider_dispute_id)
        return known is None or (known.state is DisputeState.OPEN and told.state is not DisputeState.OPEN)

    def _follow_dispute(self, told: DisputeTruth) -> None:
        """A dispute was opened or decided; what was decided stays so."""
        known = self.disputes.get(told.provider_dispute_id)
        dispute = known or Dispute(
            id=told.provider_dispute_id,
            order_id=self.order.id,
            owner=self.order.owner,
            provider=self.order.provider,
            state=DisputeState.OPEN,
            amount=told.amount,
            currency=self.order.currency,
            reason=told.reason,
            opened_at=told.opened_at,
        )
        if known is None:
            self.order = replace(self.order, dispute_ids=(*self.order.dispute_ids, dispute.id))
        if told.state is not DisputeState.OPEN:
            dispute = replace(dispute, state=told.state, closed_at=self.now)
        if told.state is DisputeState.LOST:
            dispute = self._lose(dispute)
        self.disputes[dispute.id] = dispute

    def _lose(self, dispute: Dispute) -> Dispute:
        value = min(dispute.amount, self.order.amount - self.order.refunded_value)
        points, taken = self._take_back(f"dispute:{dispute.id}", value, Account.CHARGED_BACK)
        self._count(value, points)
        return replace(
            dispute,
            value=value,
            points=points,
            bonus_points=taken.bonus_points,
            owed_points=taken.owed_points,
            is_misuse_due=True,
        )

    def _thaw(self) -> None:
        if self.order.frozen_hold:
            self._unlock(self.order.frozen_hold, None)
            self.order = replace(self.order, frozen_hold="")

    def _freeze(self) -> None:
        """While a dispute is open, what is left of the order can be neither spent nor refunded."""
        if self.wallet is None or not any(one.state is DisputeState.OPEN for one in self.disputes.values()):
            return
        bought = self.order.lots(self.now)
        hold_id = f"{self.order.id}-{self.order.revision + 1}"
        left = reversal.unused(self.wallet, bought)
        if any(left):
            self._move(reversal.lock(self.wallet, bought, hold_id, Purpose.DISPUTE, left, self.now))
            self.order = replace(self.order, frozen_hold=hold_id)

    # -- points

    def _take_back(self, source: str, value: int, into: Account) -> tuple[int, reversal.Taken]:
        """Take what ``value`` stands for; nothing can be taken where nothing was granted, or no wallet is left."""
        if self.wallet is None or not self.order.is_granted:
            return 0, reversal.Taken()
        points = valuation.points_of_value(self.order, value)
        wanted = (points, valuation.bonus_share(self.order, points))
        bought = self.order.lots(self.now)
        movement, taken = reversal.take_back(self.wallet, bought, self._named(source), wanted, self.now, into)
        self._move(movement)
        return points, taken

    def _give_back(self, source: str, points: int, bonus_points: int, out_of: Account) -> None:
        if self.wallet is not None and (points or bonus_points):
            bought, given = self.order.lots(self.now), (points, bonus_points)
            self._move(reversal.give_back(self.wallet, bought, self._named(source), given, self.now, out_of))

    def _unlock(self, hold_id: str, into: Account | None) -> None:
        if self.wallet is not None:
            self._move(reversal.unlock(self.wallet, hold_id, self.now, into))

    def _named(self, source: str) -> str:
        """A source that has not been used: a refund can take back, give back and take back again."""
        return f"{source}:{self.order.revision + 1}"

    def _count(self, value: int, points: int) -> None:
        self.order = replace(
            self.order,
            refunded_value=self.order.refunded_value + value,
            refunded_points=self.order.refunded_points + points,
        )

    def _move(self, movement: Movement) -> None:
        self.wallet = movement.wallet
        self.entries.extend(movement.entries)
        self.order = replace(self.order, revision=self.order.revision + 1)


def _unpaid_status(order: Order, told: MoneyState) -> OrderStatus:
    """Where an order without money goes; an end is an end, and a confirmation we began is not given up by silence."""
    if order.is_closed:
        return order.status
    if told is MoneyState.NONE:
        return order.status
    return {
        MoneyState.WAITING: OrderStatus.WAITING,
        MoneyState.FAILED: OrderStatus.FAILED,
        MoneyState.EXPIRED: OrderStatus.EXPIRED,
    }[told]


def _refunds_of(order: Order, truth: Truth, now: datetime) -> tuple[RefundTruth, ...]:
    if truth.state is not MoneyState.WAITING:
        return truth.refunds
    name = f"{order.reference}{DEPOSIT_TAKEN_BACK}"
    return (*truth.refunds, RefundTruth(name, "", order.amount, RefundState.SUCCEEDED, now))


def _vanished(known: Iterable[Refund], told: tuple[RefundTruth, ...]) -> list[Refund]:
    """A deposit that the bank took back and then made after all."""
    ids = {one.provider_refund_id for one in told}
    return [
        refund
        for refund in known
        if refund.provider_refund_id.endswith(DEPOSIT_TAKEN_BACK)
        and refund.in_effect
        and refund.provider_refund_id not in ids
    ]


def _differs(refund: Refund, told: RefundTruth) -> bool:
    state = RefundState.SENT if told.state is RefundState.REQUESTED else told.state
    return refund.state is not state or refund.provider_refund_id != told.provider_refund_id


def _booked(record: _Returned, told: RefundTruth | DisputeTruth) -> _Returned:
    """A booking happens once: what is known of it stays."""
    return replace(
        record, booked_at=record.booked_at or told.booked_at, returned_at=record.returned_at or told.returned_at
    )


def _automatic_refund(order: Order, due_at: datetime, now: datetime) -> Refund:
    """All money back, because its points cannot be supplied any more."""
    refund_id = f"{order.id}-not-supplied"
    return Refund(
        id=refund_id,
        order_id=order.id,
        owner=order.owner,
        provider=order.provider,
        origin=RefundOrigin.AUTOMATIC,
        reason=RefundReason.NOT_SUPPLIED,
        state=RefundState.REQUESTED,
        points=0,
        bonus_points=0,
        value=order.amount,
        amount=order.amount,
        currency=order.currency,
        requested_at=now,
        due_at=due_at,
        idempotency_key=f"refund:{refund_id}",
        resume_at=now,
    )
