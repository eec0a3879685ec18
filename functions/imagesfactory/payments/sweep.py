"""The sweep of payments: ends what is past its deadline, and finishes what died on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.errors import RetryLater
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.payments.model import REREAD_AFTER, Channel, Dispute, DisputeState, Order, OrderStatus
from imagesfactory.payments.ports import ProviderBusy, ProviderRefused, ProviderUnusable
from imagesfactory.payments.reconciliation import Providers, Reconciliation
from imagesfactory.payments.refunds import RefundService
from imagesfactory.payments.store import PaymentStore, dispute_from, order_from
from imagesfactory.privacy.misuse import Case, MisuseRegister

if TYPE_CHECKING:
    from google.cloud.firestore import Client

IdentitiesOf = Callable[[str], tuple[str, ...]]
"""From a member (uid) to the names the register of misuse knows them by; empty for somebody who is gone."""
CHARGEBACK = "chargeback-lost"


class PaymentSweep:
    """Brings orders, refunds and disputes to their ends."""

    def __init__(
        self,
        client: Client,
        *,
        providers: Providers,
        reconciliation: Reconciliation,
        refunds: RefundService,
        misuse: MisuseRegister,
        identities_of: IdentitiesOf,
    ) -> None:
        self._client = client
        self._store = PaymentStore(client)
        self._providers = providers
        self._reconciliation = reconciliation
        self._refunds = refunds
        self._misuse = misuse
        self._identities_of = identities_of

    def run(self, now: datetime, limit: int) -> int:
        """Look at what is due, at most ``limit`` of each kind; returns how many there were.

        What cannot be mended now goes to the end of the line: a provider that is down does not keep the others waiting.
        """
        orders = self._store.due_orders(now, limit)
        refunds = self._store.due_refunds(now, limit)
        disputes = self._store.disputes_due_for_register(limit)
        for order in orders:
            if not self._guarded(partial(self._mend_order, order, now), order.owner):
                self._guarded(partial(self._put_off, order, now), order.owner)
        for refund in refunds:
            if not self._guarded(partial(self._refunds.proceed, refund.id, now), refund.owner):
                self._guarded(partial(self._refunds.put_off, refund.id, now), refund.owner)
            if now >= refund.due_at:
                log.error("refund.overdue", uid=refund.owner, provider=refund.provider)
        for dispute in disputes:
            self._guarded(partial(self._register, dispute, now), dispute.owner)
        return len(orders) + len(refunds) + len(disputes)

    def end_now(self, order: Order, now: datetime) -> Order:
        """End an order that nobody paid before its time, because its member leaves; returns it as it stands then.

        One whose money is on its way stays open: what comes in late is sent back.

        Raises:
            RetryLater: the provider does not answer now.

        """
        order = self._reconciliation.settle(order.id, now)
        if not order.is_paid and not order.is_closed:
            self._end(order, now)
        return self._store.order(order.id) or order

    def _guarded(self, work: Callable[[], object], uid: str) -> bool:
        """One that cannot be mended now does not stop the others; False for such a one."""
        try:
            work()
            return True
        except RetryLater as later:
            log.warning("sweep.payment_postponed", uid=uid, code=later.reason)
        except Exception as problem:
            log.failure("sweep.payment_failed", problem, uid=uid)
        return False

    def _put_off(self, order: Order, now: datetime) -> None:
        unit_of_work.run(self._client, partial(self._look_later, order_id=order.id, now=now))

    def _look_later(self, unit: UnitOfWork, order_id: str, now: datetime) -> None:
        (snapshot,) = unit.read(self._store.order_reference(order_id))
        order = order_from(snapshot)
        if order is not None and order.resume_at is not None and order.resume_at <= now:
            self._store.update_order(unit, replace(order, resume_at=now + REREAD_AFTER))

    def _mend_order(self, order: Order, now: datetime) -> None:
        """Look first; only an order that is still unpaid after its time is closed, at the provider before here."""
        order = self._reconciliation.settle(order.id, now)
        if not order.is_paid and not order.is_closed and now >= order.expires_at:
            self._end(order, now)

    def _end(self, order: Order, now: datetime) -> None:
        if order.status is OrderStatus.CREATED or order.status is OrderStatus.WAITING:
            self._close(order)
            order = self._reconciliation.settle(order.id, now)
        if order.status is OrderStatus.CREATED or (order.status is OrderStatus.WAITING and _is_deposit(order)):
            unit_of_work.run(self._client, partial(self._expire, order_id=order.id))
            log.info("order.expired", uid=order.owner)

    def _close(self, order: Order) -> None:
        provider = self._providers.get(order.provider)
        if provider is None or (order.channel is not Channel.WIDGET and order.status is OrderStatus.WAITING):
            return  # a slow method was begun in time and takes as long as it takes
        try:
            provider.close(order)
        except ProviderBusy as busy:
            raise RetryLater("provider-busy", busy.delay) from None
        except (ProviderRefused, ProviderUnusable) as problem:
            log.warning("order.not_closed", code=problem.code, uid=order.owner)

    def _expire(self, unit: UnitOfWork, order_id: str) -> None:
        (snapshot,) = unit.read(self._store.order_reference(order_id))
        order = order_from(snapshot)
        if order is not None and not order.is_paid and not order.is_closed:
            self._store.update_order(unit, replace(order, status=OrderStatus.EXPIRED, resume_at=None))

    def _register(self, dispute: Dispute, now: datetime) -> None:
        """Whoever charged back and lost us the money may not simply join again (privacy policy, article 3); whom the
        bank proved right in the end may.
        """
        identities = self._identities_of(dispute.owner)
        work = partial(self._registered, acted_on=dispute, identities=identities, now=now)
        event = unit_of_work.run(self._client, work)
        if event is not None:
            log.warning(event, uid=dispute.owner, code=CHARGEBACK)

    def _registered(
        self, unit: UnitOfWork, acted_on: Dispute, identities: tuple[str, ...], now: datetime
    ) -> str | None:
        """The event to log. What was decided otherwise meanwhile is still due."""
        (snapshot,) = unit.read(self._store.dispute_reference(acted_on.id))
        dispute = dispute_from(snapshot)
        if dispute is None or dispute.state is not acted_on.state:
            return None
        self._store.write_dispute(unit, replace(dispute, is_misuse_due=False), is_new=False)
        case = Case(CHARGEBACK, dispute.id)
        if dispute.state is DisputeState.LOST:
            is_listed = self._misuse.list_owner(unit, dispute.owner, identities, case, now)
            return "misuse.recorded" if is_listed else None
        return "misuse.lifted" if self._misuse.close(unit, case) else None


def _is_deposit(order: Order) -> bool:
    return order.channel is Channel.WIDGET
