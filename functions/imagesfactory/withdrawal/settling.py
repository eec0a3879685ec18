"""What must end before anything is erased: jobs, unpaid orders, refunds that are due, and the points that are left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from imagesfactory.generation.errors import JobNotFound
from imagesfactory.generation.service import GenerationService
from imagesfactory.kit import log
from imagesfactory.kit.errors import RetryLater
from imagesfactory.payments.errors import NothingToRefund, PaymentDisputed, RefundAccountMissing
from imagesfactory.payments.model import DisputeState, Order, RefundState
from imagesfactory.payments.refunds import VIRTUAL_ACCOUNT, RefundService, Terms, terms
from imagesfactory.payments.request import AccountWanted, RefundRequest
from imagesfactory.payments.store import PaymentStore
from imagesfactory.payments.sweep import PaymentSweep
from imagesfactory.points.model import Purpose, Wallet
from imagesfactory.points.service import PointsService
from imagesfactory.policy.payments import PaymentRules, written
from imagesfactory.policy.retention import destroy_at

if TYPE_CHECKING:
    from google.cloud.firestore import Client

ORDERS_PAGE = 100
REFUND_REFUSED_WAIT = timedelta(hours=6)
"""A provider refused to pay back what we owe: somebody has to see to it, and we look again."""
REFUSALS_MAX = 3
"""So often a withdrawal lets a provider refuse; then a person has to pay by hand, and the last letter asks where to."""


@dataclass(frozen=True)
class Due:
    """What is owed to the member for one order."""

    order: Order
    terms: Terms
    needs_account: bool


@dataclass(frozen=True)
class Outcome:
    """What the member got back, as people read amounts, and the points that are gone for nothing."""

    refunds: tuple[str, ...]
    lost_points: int
    """What is left, and the bonuses that went back with the purchases they came with."""


class Settling:
    """Ends what is open between a member and us. Every method can be repeated."""

    def __init__(
        self,
        client: Client,
        *,
        points: PointsService,
        generation: GenerationService,
        payments: PaymentSweep,
        refunds: RefundService,
        rules: PaymentRules,
    ) -> None:
        self._client = client
        self._store = PaymentStore(client)
        self._points = points
        self._generation = generation
        self._payments = payments
        self._refunds = refunds
        self._rules = rules

    def end_jobs(self, uid: str, now: datetime) -> None:
        """Release what nobody has begun, and wait for the images in the making.

        Raises:
            RetryLater: a worker still has an image.

        """
        wallet = self._points.wallet(uid)
        for hold in wallet.holds if wallet else ():
            if hold.purpose is not Purpose.JOB:
                continue
            try:
                job = self._generation.cancel(uid, hold.id, now)
            except JobNotFound:
                raise RetryLater("hold-without-job") from None
            if not job.is_finished:
                leases = [image.lease_until for image in job.images if image.lease_until is not None]
                raise RetryLater("image-in-the-making", max(min(leases, default=now) - now, timedelta(seconds=1)))

    def stop(self, uid: str, now: datetime) -> None:
        """Release what nobody has begun and end what nobody has paid, of somebody who may use nothing for now; what is
        being made, or paid, comes to its own end.

        Raises:
            RetryLater: a provider does not answer now.

        """
        wallet = self._points.wallet(uid)
        for hold in wallet.holds if wallet else ():
            if hold.purpose is Purpose.JOB:
                with suppress(JobNotFound):
                    self._generation.cancel(uid, hold.id, now)
        for order in list(self.orders(uid)):
            if not order.is_paid and not order.is_closed:
                self._payments.end_now(order, now)

    def settle_money(self, uid: str, account: AccountWanted | None, since: datetime, now: datetime) -> tuple[str, ...]:
        """End unpaid orders and pay back what is owed; returns the orders that could not be paid back, because there is
        no account to send the money to or the provider refused again and again since the withdrawal began.

        Raises:
            RetryLater: a refund is not decided yet, or a provider does not answer now.

        """
        unrefunded: list[str] = []
        for listed in list(self.orders(uid)):
            order = listed if listed.is_paid or listed.is_closed else self._payments.end_now(listed, now)
            if order.is_paid and not self._pay_back(order, account, since, now):
                unrefunded.append(order.id)
        return tuple(unrefunded)

    def outcome(self, uid: str, since: datetime) -> Outcome:
        """What settling came to, counted from the withdrawal on; the same however often it is asked."""
        refunds = [refund for order in self.orders(uid) for refund in self._store.refunds_of(order)]
        done = [
            one for one in refunds if one.state is RefundState.SUCCEEDED and one.settled_at and one.settled_at >= since
        ]
        wallet = self._points.wallet(uid)
        left = wallet.available_points + wallet.held_points if wallet else 0
        return Outcome(
            refunds=tuple(written(one.amount, one.currency) for one in done),
            lost_points=left + sum(one.bonus_points for one in done),
        )

    def forfeit_points(self, uid: str, now: datetime) -> None:
        """Give up the points that are left."""
        self._points.forfeit(uid, now)

    def orders(self, owner: str) -> Iterator[Order]:
        """All orders of a member or subject, newest first."""
        after: tuple[datetime, str] | None = None
        while page := self._store.orders_of(owner, after, ORDERS_PAGE):
            yield from page
            after = (page[-1].created_at, page[-1].id)

    def may_be_disputed(self, uid: str, now: datetime) -> bool:
        """Whether the member's bank may still ask for money back that we kept, of any order."""
        orders = (order for order in self.orders(uid) if order.is_paid and order.amount > order.refunded_value)
        ends = (destroy_at("departure", order.paid_at or order.created_at) for order in orders)
        return any(end is not None and now < end for end in ends)

    def is_final(self, order: Order) -> bool:
        """Whether no provider can change the order any more without a new event."""
        refunds = self._store.refunds_of(order)
        if not (order.is_paid or order.is_closed) or any(refund.state.is_open for refund in refunds):
            return False
        disputes = self._store.disputes_of(order)
        return not any(one.state is DisputeState.OPEN or one.is_misuse_due for one in disputes)

    def due(self, uid: str, now: datetime) -> list[Due]:
        """What is owed to the member, order by order, newest first."""
        wallet = self._points.wallet(uid)
        if wallet is None:
            return []
        found = [self._due(order, wallet, now) for order in self.orders(uid) if order.is_paid]
        return [one for one in found if one is not None]

    def _due(self, order: Order, wallet: Wallet, now: datetime) -> Due | None:
        if order.frozen_hold:
            return None
        try:
            agreed = terms(order, wallet, None, self._rules.refunds, now)
        except NothingToRefund:
            return None
        payment = self._store.payment(order.payment_id)
        return Due(order, agreed, payment is not None and payment.method.kind == VIRTUAL_ACCOUNT)

    def _pay_back(self, listed: Order, account: AccountWanted | None, since: datetime, now: datetime) -> bool:
        """False when a person has to pay it back."""
        for refund in self._store.refunds_of(listed):
            if refund.state.is_open and self._refunds.proceed(refund.id, now).state.is_open:
                raise RetryLater("refund-not-decided", timedelta(minutes=10))
        # Read after the refunds: what was just refused is owed again, and what the list says is older.
        order = self._store.order(listed.id) or listed
        refunds = self._store.refunds_of(order)
        wallet = self._points.wallet(order.owner)
        if wallet is None or self._due(order, wallet, now) is None:
            return not order.is_owed
        refused = [one for one in refunds if one.state is RefundState.FAILED and one.requested_at >= since]
        if len(refused) >= REFUSALS_MAX:
            log.error("withdrawal.refund_given_up", provider=order.provider, code=refused[-1].failure)
            return False
        # Named by order, for a member may have paid for several, and counted by the refunds before, so that a crash
        # repeats this one and a refused one can be followed by another.
        request_id = f"withdrawal-{order.id}-{len(order.refund_ids)}"
        request = RefundRequest(order_id=order.id, request_id=request_id, account=account)
        try:
            refund = self._refunds.request(order.owner, request, now)
        except (NothingToRefund, PaymentDisputed):
            return True
        except RefundAccountMissing:
            log.error("withdrawal.refund_has_no_account", provider=order.provider)
            return False
        if refund.state is RefundState.FAILED:
            log.error("withdrawal.refund_refused", provider=order.provider, code=refund.failure)
            raise RetryLater("refund-refused", REFUND_REFUSED_WAIT)
        if refund.state.is_open:
            raise RetryLater("refund-not-decided", timedelta(minutes=10))
        return True
