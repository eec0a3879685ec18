"""The one decision about money: what we recorded, and what the provider says now, in; what must be written, out.

Pure, and the same however often and in whatever order it is asked: a payment grants once, a refund or a lost dispute
takes back once, and what did not happen after all is undone once. Whoever calls it reads the provider after it read
the order and writes only if the order did not change meanwhile, so what is newer is never overwritten by older.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from imagesfactory.payments.model import (
    REREAD_AFTER,
    Channel,
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
from imagesfactory.payments.order_points import OrderPoints, Return
from imagesfactory.payments.ports import DisputeTruth, MoneyState, RefundTruth, Truth
from imagesfactory.points import reversal
from imagesfactory.points.model import Account, Movement, Wallet

DEPOSIT_TAKEN_BACK = "-deposit-taken-back"
"""Toss can undo a deposit after a bank error: the order waits again. We record it as a refund named after the payment.

Toss's books have no line for it, so that the settlement lists it as a difference: somebody has to look.
"""
BALANCE_TOO_LOW = "balance-too-low"
"""Why a refund cannot be paid any more: others took the provider's money first."""


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
class Declined:
    """A refund that the provider refused for good, and the code of its refusal."""

    refund_id: str
    code: str


@dataclass(frozen=True)
class Outcome:
    """What is to be written: records that changed, and the movement of points if there is any."""

    order: Order
    refunds: tuple[Refund, ...]
    disputes: tuple[Dispute, ...]
    movement: Movement | None
    is_newly_paid: bool
    unpaid: tuple[Refund, ...]
    """Of ``refunds``, those that came to nothing just now."""


def fold(
    recorded: Recorded, truth: Truth, due_at: datetime, now: datetime, declined: Declined | None = None
) -> Outcome:
    """What the truth makes of what is recorded.

    Args:
        recorded: everything we have about the order, as it is.
        truth: what the provider says, read after ``recorded`` was.
        due_at: by when a refund that begins now must be paid back.
        now: when, UTC.
        declined: the answer to a refund that was asked for before ``truth`` was read.

    Raises:
        PaymentMismatch: another amount or currency was paid than was ordered.

    """
    folding = _Folding(recorded.order, recorded.wallet, now, recorded=recorded, due_at=due_at)
    folding.money(truth)
    if folding.order.is_paid:
        folding.returns(truth, declined)
    return folding.outcome(recorded)


@dataclass
class _Folding(OrderPoints):
    """The work in progress of one fold."""

    recorded: Recorded = field(kw_only=True)
    due_at: datetime = field(kw_only=True)
    refunds: dict[str, Refund] = field(init=False)
    disputes: dict[str, Dispute] = field(init=False)

    def __post_init__(self) -> None:
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
            status = _unpaid_status(self.order, truth.state, self.now)
            is_over = status is OrderStatus.CREATED and truth.state in _ENDED
            self.order = replace(
                self.order,
                status=status,
                reference="" if is_over else truth.reference or self.order.reference,
                secret=truth.secret or self.order.secret,
                expires_at=truth.deposit.due_at if truth.deposit and truth.deposit.due_at else self.order.expires_at,
            )
            if status is not self.recorded.order.status or self._is_overdue():
                self.order = replace(self.order, resume_at=order_resume_at(self.order, self.now))

    def returns(self, truth: Truth, declined: Declined | None) -> None:
        """Money that went back, or is disputed."""
        told = _refunds_of(self.order, truth, self.now)
        changed = [one for one in told if self._is_change(one)]
        undone = [*self._vanished(truth), *self._unpayable(told, declined)]
        news = [one for one in truth.disputes if self._is_news(one)]
        if changed or undone or news or any(self._short()) or self._has_loose_points():
            self.thaw()
            for refund in undone:
                self._undo_refund(refund)
            for one in changed:
                self._follow_refund(one)
            for dispute in news:
                self._follow_dispute(dispute)
            self._top_up()
            if self._is_disputed():
                self.freeze()
        self._note_bookings(told, truth.disputes)

    def outcome(self, before: Recorded) -> Outcome:
        """What changed."""
        moved = None
        # What is paid and taken back in one go leaves the wallet as it was, and two entries; a lot that is frozen with
        # no points in it changes the wallet, and leaves none.
        if self.wallet is not None and (self.entries or self.wallet != before.wallet):
            moved = Movement(self.wallet, tuple(self.entries))
        known_refunds, known_disputes = set(before.refunds), set(before.disputes)
        refunds = tuple(refund for refund in self.refunds.values() if refund not in known_refunds)
        in_effect = {refund.id for refund in before.refunds if refund.in_effect}
        return Outcome(
            order=self.order,
            refunds=refunds,
            disputes=tuple(dispute for dispute in self.disputes.values() if dispute not in known_disputes),
            movement=moved,
            is_newly_paid=self.order.is_paid and not before.order.is_paid,
            unpaid=tuple(refund for refund in refunds if refund.id in in_effect and not refund.in_effect),
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
            self.move(reversal.grant_purchase(self.wallet, self.order.lots(self.now), self.now))
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

    def _is_change(self, told: RefundTruth) -> bool:
        known = self._known_refund(told)
        state = RefundState.SENT if told.state is RefundState.REQUESTED else told.state
        return known is None or known.state is not state or known.provider_refund_id != told.provider_refund_id

    def _vanished(self, truth: Truth) -> Iterator[Refund]:
        """A deposit that the bank took back and then made after all: only money that is there can tell."""
        for refund in self.refunds.values() if truth.state is MoneyState.PAID else ():
            if refund.in_effect and refund.provider_refund_id.endswith(DEPOSIT_TAKEN_BACK):
                yield replace(refund, returned_at=self.now)

    def _unpayable(self, told: tuple[RefundTruth, ...], declined: Declined | None) -> Iterator[Refund]:
        """Refunds asked for here that the provider does not know, and refuses, or has no money left for."""
        gone = sum(one.amount for one in told if one.state is not RefundState.FAILED)
        heard_of = {known.id for known in map(self._known_refund, told) if known is not None}
        for refund in self.refunds.values():
            if not refund.state.is_open or refund.provider_refund_id or refund.id in heard_of:
                continue
            if declined is not None and declined.refund_id == refund.id:
                yield replace(refund, failure=declined.code)
            elif refund.amount > self.order.amount - gone:
                yield replace(refund, failure=BALANCE_TOO_LOW)

    def _follow_refund(self, told: RefundTruth) -> None:
        """A refund is new, or went on: it succeeded, failed, or failed after it had succeeded."""
        known = self._known_refund(told)
        if known is None:
            self._import_refund(told)
            return
        refund = replace(known, provider_refund_id=told.provider_refund_id)
        if told.state is RefundState.SUCCEEDED and refund.has_lock:
            self.unlock(refund.id, Account.REFUNDED)
        if told.state is RefundState.FAILED and refund.in_effect:
            self._undo_refund(refund)
        elif told.state is not RefundState.FAILED and not refund.in_effect:
            self._redo_refund(refund, told.state)
        else:
            self._keep_refund(refund, told.state)

    def _import_refund(self, told: RefundTruth) -> None:
        """A refund that was not begun here: its points are taken back as soon as it is known."""
        refund = _refund_begun_elsewhere(self.order, told, self.due_at, self.now)
        if refund.in_effect:
            refund = self.claim(replace(refund, value=0), f"refund:{refund.id}", refund.value, Account.REFUNDED)
        self._add_refund(refund)

    def _undo_refund(self, refund: Refund) -> None:
        if refund.has_lock:
            self.unlock(refund.id, None)
            self.count(-refund.value, -refund.points)
        else:
            self.give_back(refund, f"refund:{refund.id}", Account.REFUNDED)
        self._keep_refund(replace(refund, failure=refund.failure or "provider-failed"), RefundState.FAILED)

    def _redo_refund(self, refund: Refund, state: RefundState) -> None:
        """It had failed, and the money went back after all."""
        value, refund = refund.value, _with_nothing_taken(refund)
        refund = self.claim(refund, f"refund:{refund.id}", value, Account.REFUNDED)
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
            self.count(refund.value, 0)

    # -- what came short, because something else stood for the same money that then did not go back

    def _short(self) -> Iterator[Refund | Dispute]:
        """What the order has value left for, and its points are not taken."""
        if self.left_value > 0:
            yield from (one for one in self.refunds.values() if one.in_effect and one.value < one.amount)
            lost = (one for one in self.disputes.values() if one.state is DisputeState.LOST)
            yield from (one for one in lost if one.value < one.amount)

    def _top_up(self) -> None:
        for back in list(self._short()):
            missing = back.amount - back.value
            if isinstance(back, Refund):
                self.refunds[back.id] = self.claim(back, f"refund:{back.id}", missing, Account.REFUNDED)
            else:
                self.disputes[back.id] = self.claim(back, f"dispute:{back.id}", missing, Account.CHARGED_BACK)

    # -- disputes

    def _is_news(self, told: DisputeTruth) -> bool:
        known = self.disputes.get(told.provider_dispute_id)
        return known is None or known.state is not told.state

    def _follow_dispute(self, told: DisputeTruth) -> None:
        """A dispute was opened or decided, or decided otherwise: an inquiry goes on, an appeal is heard."""
        dispute = self.disputes.get(told.provider_dispute_id)
        if dispute is None:
            dispute = _dispute_opened(self.order, told)
            self.order = replace(self.order, dispute_ids=(*self.order.dispute_ids, dispute.id))
        if dispute.state is DisputeState.LOST:
            self.give_back(dispute, f"dispute:{dispute.id}", Account.CHARGED_BACK)
            dispute = replace(_with_nothing_taken(dispute), is_misuse_due=True)
        closed_at = None if told.state is DisputeState.OPEN else self.now
        dispute = replace(dispute, state=told.state, amount=told.amount, closed_at=closed_at)
        if told.state is DisputeState.LOST:
            dispute = self.claim(dispute, f"dispute:{dispute.id}", dispute.amount, Account.CHARGED_BACK)
            dispute = replace(dispute, is_misuse_due=True)
        self.disputes[dispute.id] = dispute

    def _is_disputed(self) -> bool:
        return any(one.state is DisputeState.OPEN for one in self.disputes.values())

    def _has_loose_points(self) -> bool:
        """While a dispute is open, what is left of the order can be neither spent nor refunded."""
        return self.wallet is not None and self._is_disputed() and any(self.unused())


_ENDED = frozenset({MoneyState.FAILED, MoneyState.EXPIRED})
"""Of a Toss payment: an attempt to pay that came to nothing."""


def _unpaid_status(order: Order, told: MoneyState, now: datetime) -> OrderStatus:
    """Where an order without money goes; an end is an end, and a confirmation we began is not given up by silence
    before the order's time is over and the call has had its own.
    """
    if order.is_closed:
        return order.status
    is_window = order.channel is Channel.WIDGET
    if told is MoneyState.NONE:
        if order.status is OrderStatus.WAITING and not is_window:
            return OrderStatus.CREATED  # the slow method failed, and the sheet takes another
        is_lost = order.status is OrderStatus.CONFIRMING and now >= max(order.expires_at, order.resume_at or now)
        return OrderStatus.EXPIRED if is_lost else order.status
    if is_window and told in _ENDED and order.status is not OrderStatus.WAITING and now < order.expires_at:
        return OrderStatus.CREATED  # one attempt in the window: the buyer may make another
    return {
        MoneyState.WAITING: OrderStatus.WAITING,
        MoneyState.FAILED: OrderStatus.FAILED,
        MoneyState.EXPIRED: OrderStatus.EXPIRED,
    }[told]


def _refunds_of(order: Order, truth: Truth, now: datetime) -> tuple[RefundTruth, ...]:
    """What went back of an order that was paid. Money that is not there any more went back as well; a payment that
    cannot be found tells nothing.
    """
    if truth.state in {MoneyState.PAID, MoneyState.NONE}:
        return truth.refunds
    name = f"{order.reference}{DEPOSIT_TAKEN_BACK}"
    return (*truth.refunds, RefundTruth(name, "", order.amount, RefundState.SUCCEEDED, now))


def _with_nothing_taken(back: Return) -> Return:
    return replace(back, value=0, points=0, bonus_points=0, owed_points=0)


def _booked(record: Return, told: RefundTruth | DisputeTruth) -> Return:
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


def _refund_begun_elsewhere(order: Order, told: RefundTruth, due_at: datetime, now: datetime) -> Refund:
    """One of the provider's dashboard, or of a bank."""
    return Refund(
        id=f"{order.provider}-{told.provider_refund_id}",
        order_id=order.id,
        owner=order.owner,
        provider=order.provider,
        origin=RefundOrigin.PROVIDER,
        reason=RefundReason.UNKNOWN,
        state=told.state,
        points=0,
        bonus_points=0,
        value=told.amount,
        amount=told.amount,
        currency=order.currency,
        requested_at=now,
        due_at=due_at,
        provider_refund_id=told.provider_refund_id,
        settled_at=None if told.state.is_open else now,
        resume_at=now + REREAD_AFTER if told.state.is_open else None,
    )


def _dispute_opened(order: Order, told: DisputeTruth) -> Dispute:
    return Dispute(
        id=told.provider_dispute_id,
        order_id=order.id,
        owner=order.owner,
        provider=order.provider,
        state=DisputeState.OPEN,
        amount=told.amount,
        currency=order.currency,
        reason=told.reason,
        opened_at=told.opened_at,
    )
