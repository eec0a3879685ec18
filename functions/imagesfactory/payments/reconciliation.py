"""Brings one order in line with its provider: read what is recorded, read the truth, fold, commit.

The provider is read inside the unit of work, after the order: if anybody changed the order meanwhile, the commit fails
and everything is read anew. Truths are therefore applied in the order in which they were true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.errors import RetryLater
from imagesfactory.kit.ids import derive_id
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.mail.outbox import Outbox
from imagesfactory.mail.words import Words
from imagesfactory.payments import letters, valuation
from imagesfactory.payments.fold import Declined, Outcome, Recorded, fold
from imagesfactory.payments.model import Dispute, Order, Refund, RefundOrigin, RefundState
from imagesfactory.payments.ports import (
    MoneyState,
    PaymentProvider,
    ProviderBusy,
    ProviderRefused,
    ProviderUnusable,
    Truth,
)
from imagesfactory.payments.receipt_numbers import ReceiptNumbers
from imagesfactory.payments.store import PaymentStore, dispute_from, order_from, refund_from
from imagesfactory.points.service import PointsService
from imagesfactory.points.store import wallet_from
from imagesfactory.policy.business_days import end_of_business_days
from imagesfactory.policy.payments import PaymentRules

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from imagesfactory.kit.unit_of_work import Snapshot

Providers = Mapping[str, PaymentProvider]


def tell_interest(refunds: Iterable[Refund]) -> None:
    """Say, once they are written down, which refunds owe interest: no provider can send it, so a person pays it."""
    for refund in refunds:
        if refund.late_interest:
            log.error("refund.interest_owed", uid=refund.owner, provider=refund.provider)


class UnknownOrder(Exception):
    """There is no such order (yet, or any more)."""


class Reconciliation:
    """The only writer of what a payment, a refund or a dispute means."""

    def __init__(
        self, client: Client, *, points: PointsService, outbox: Outbox, providers: Providers, rules: PaymentRules
    ) -> None:
        self._client = client
        self._store = PaymentStore(client)
        self._points = points
        self._outbox = outbox
        self._providers = providers
        self._rules = rules
        self._numbers = ReceiptNumbers(client)

    def settle(self, order_id: str, now: datetime, reference: str = "", declined: Declined | None = None) -> Order:
        """The order after everything the provider says now was applied.

        Args:
            order_id: the order.
            now: when, UTC.
            reference: the provider's name of the attempt to pay, for an order that does not know it yet.
            declined: a refund that the provider has just refused for good: its points go back, unless the truth has it.

        Raises:
            UnknownOrder, PaymentMismatch: see there; nothing was changed.
            RetryLater: the provider does not answer now.

        """
        try:
            outcome = unit_of_work.run(
                self._client,
                partial(self._settle, order_id=order_id, reference=reference, declined=declined, now=now),
            )
        except ProviderBusy as busy:
            raise RetryLater("provider-busy", busy.delay) from None
        except (ProviderRefused, ProviderUnusable) as problem:
            log.error("payment.unreadable", code=problem.code)
            raise RetryLater("provider-unusable") from None
        if outcome.is_newly_paid:
            log.info("order.paid", uid=outcome.order.owner, provider=outcome.order.provider)
        for refund in outcome.unpaid:
            # Money we owe though its points were never supplied: it stays owed, unless it went back another way.
            if refund.origin is RefundOrigin.AUTOMATIC and outcome.order.refunded_value < outcome.order.amount:
                log.error("refund.must_be_paid_by_hand", code=refund.failure, uid=refund.owner)
        tell_interest(outcome.refunds)
        return outcome.order

    def _settle(
        self, unit: UnitOfWork, order_id: str, reference: str, declined: Declined | None, now: datetime
    ) -> Outcome:
        (snapshot,) = unit.read(self._store.order_reference(order_id))
        order = order_from(snapshot)
        if order is None:
            raise UnknownOrder
        provider = self._providers.get(order.provider)
        if provider is None:
            raise ProviderUnusable("provider-off")
        asked = order if order.reference or not reference else replace(order, reference=reference)
        truth = provider.read(asked, len(order.refund_ids), len(order.dispute_ids))
        known = self._known(unit, order, truth, now)
        due_at = end_of_business_days(self._rules.refunds.pay_back_business_days, now)
        outcome = fold(known.recorded(order), truth, due_at, now, declined)
        return self._write(unit, known, order, outcome, truth, now)

    def apply(self, unit: UnitOfWork, order: Order, decide: Callable[[Recorded], Outcome], now: datetime) -> Outcome:
        """Write what ``decide`` makes of what is recorded, without asking the provider.

        Args:
            unit: in which ``order`` was read.
            order: the order.
            decide: the decision; it may raise a refusal.
            now: when, UTC.

        """
        known = self._everything(unit, order, now)
        return self._write_changes(unit, known, order, decide(known.recorded(order)), now)

    def _known(self, unit: UnitOfWork, order: Order, truth: Truth, now: datetime) -> _Known:
        """What the fold needs besides the order."""
        is_settled = order.is_paid and order.is_booked and truth.state is MoneyState.PAID
        if is_settled and not (truth.refunds or truth.disputes or order.refund_ids or order.dispute_ids):
            return _Known((), (), None, None, {})
        return self._everything(unit, order, now)

    def _everything(self, unit: UnitOfWork, order: Order, now: datetime) -> _Known:
        """All that is recorded. Refunds and disputes are only written together with their order, so that the version
        of the order vouches for them; the wallet is tied in once points move.
        """
        names = [self._store.refund_reference(refund_id) for refund_id in order.refund_ids]
        names += [self._store.dispute_reference(dispute_id) for dispute_id in order.dispute_ids]
        lane = self._numbers.lane(order.id, now)
        wallet, number, *others = unit.peek(self._points.wallet_reference(order.owner), lane, *names)
        refunds = map(refund_from, others[: len(order.refund_ids)])
        disputes = map(dispute_from, others[len(order.refund_ids) :])
        return _Known(
            refunds=tuple(refund for refund in refunds if refund),
            disputes=tuple(dispute for dispute in disputes if dispute),
            wallet=wallet,
            number=number,
            snapshots={snapshot.id: snapshot for snapshot in others},
        )

    def _write(
        self, unit: UnitOfWork, known: _Known, before: Order, outcome: Outcome, truth: Truth, now: datetime
    ) -> Outcome:
        if outcome.is_newly_paid and known.number is not None:
            number = self._numbers.take(unit, known.number, now)
            outcome = replace(outcome, order=replace(outcome.order, receipt_number=number))
            self._store.create_payment(unit, letters.payment(outcome.order, truth, now))
            self._post(unit, known, letters.points_bought(outcome.order, self._rules), outcome.order, now)
        elif outcome.order.is_booked and not before.is_booked:
            self._store.note_booking(unit, before.payment_id, truth.booked_at)
        return self._write_changes(unit, known, before, outcome, now)

    def _write_changes(
        self, unit: UnitOfWork, known: _Known, before: Order, outcome: Outcome, now: datetime
    ) -> Outcome:
        outcome = replace(outcome, refunds=tuple(self._with_interest(known, refund, now) for refund in outcome.refunds))
        if outcome.movement is not None and known.wallet is not None:
            unit.tie(known.wallet)
            self._points.write(unit, outcome.movement)
        self._write_returns(unit, known, outcome, now)
        if outcome.refunds or outcome.disputes or outcome.movement or outcome.order != before:
            self._store.update_order(unit, outcome.order)
        return outcome

    def _with_interest(self, known: _Known, refund: Refund, now: datetime) -> Refund:
        """Whoever gets money back late is owed interest, which is written down when the refund is decided."""
        if refund.state.is_open or any(one.id == refund.id and one.state is refund.state for one in known.refunds):
            return refund
        percent = self._rules.refunds.late_interest_percent_per_year
        is_done = refund.state is RefundState.SUCCEEDED
        return replace(refund, late_interest=valuation.late_interest(refund, percent, now) if is_done else 0)

    def _write_returns(self, unit: UnitOfWork, known: _Known, outcome: Outcome, now: datetime) -> None:
        refunds_before = {refund.id: refund for refund in known.refunds}
        disputes_before = {dispute.id for dispute in known.disputes}
        for refund in outcome.refunds:
            before = refunds_before.get(refund.id)
            if before is not None:
                unit.tie(known.snapshots[refund.id])
            self._store.write_refund(unit, refund, is_new=before is None)
            # To somebody who leaves a refund that failed is none of theirs to see to: the withdrawal asks again.
            is_of_interest = refund.in_effect or known.is_open
            if is_of_interest and not refund.state.is_open and (before is None or before.state is not refund.state):
                self._post(
                    unit, known, letters.refund_decided(refund), outcome.order, now, f"{refund.id}:{refund.state}"
                )
        for dispute in outcome.disputes:
            is_new = dispute.id not in disputes_before
            if not is_new:
                unit.tie(known.snapshots[dispute.id])
            self._store.write_dispute(unit, dispute, is_new=is_new)

    def _post(
        self, unit: UnitOfWork, known: _Known, words: Words, order: Order, now: datetime, about: str = ""
    ) -> None:
        """Write a letter in the same commit, unless the member is gone."""
        if known.wallet is not None and known.wallet.exists:
            key = derive_id("letter", words.kind, order.id, about, str(order.revision), now.isoformat())
            self._outbox.post(unit, key, order.owner, words, now)


@dataclass(frozen=True)
class _Known:
    """What is recorded besides the order, as read in the unit."""

    refunds: tuple[Refund, ...]
    disputes: tuple[Dispute, ...]
    wallet: Snapshot | None
    number: Snapshot | None
    """The counter of receipt numbers that the order takes one from when it is paid."""
    snapshots: Mapping[str, Snapshot]
    """Of the refunds and disputes, by id."""

    @property
    def is_open(self) -> bool:
        """Whether the member has a wallet and is not about to leave."""
        wallet = wallet_from(self.wallet) if self.wallet is not None else None
        return wallet is not None and wallet.is_open

    def recorded(self, order: Order) -> Recorded:
        """The fold's input."""
        wallet = wallet_from(self.wallet) if self.wallet is not None else None
        return Recorded(order, self.refunds, self.disputes, wallet)
