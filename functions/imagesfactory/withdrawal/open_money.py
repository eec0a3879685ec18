"""Orders that a provider may still change: they outlive their member, and join the archive at their end.

A dispute may be open for months and may begin months later; a slow payment may come in after its member left and has
to be sent back. Such an order stays in, or returns to, the default database with the subject as its owner: whatever
is told of it settles money and can touch no profile, for there is none.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.payments.model import Order
from imagesfactory.payments.store import DISPUTES, ORDERS, PAYMENTS, REFUNDS, order_from
from imagesfactory.withdrawal.settling import Settling
from imagesfactory.withdrawal.store import WithdrawalStore

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from imagesfactory.kit.unit_of_work import Snapshot

LOOK_EVERY = timedelta(days=1)


class OpenMoney:
    """Parts open orders from their member, and closes them when they are final."""

    def __init__(self, client: Client, archive: Client, settling: Settling) -> None:
        self._client = client
        self._archive = archive
        self._store = WithdrawalStore(client)
        self._settling = settling

    def part(self, uid: str, subject: str, now: datetime) -> tuple[str, ...]:
        """Give the member's open orders to the subject; returns all that the subject has."""
        for order in list(self._settling.orders(uid)):
            if not self._settling.is_final(order):
                unit_of_work.run(self._client, partial(self._give, order=order, subject=subject))
        orders = [order.id for order in self._settling.orders(subject)]
        unit_of_work.run(self._client, partial(self._note, subject=subject, orders=orders, now=now))
        return tuple(orders)

    def close(self, subject: str, now: datetime) -> int:
        """Move the subject's orders that are final now to the archive; returns how many are still open."""
        for order in list(self._settling.orders(subject)):
            if self._settling.is_final(order):
                self._move(_paths(order), self._client, self._archive)
                log.info("open_money.archived", event_id=order.id)
        orders = [order.id for order in self._settling.orders(subject)]
        unit_of_work.run(self._client, partial(self._note, subject=subject, orders=orders, now=now))
        return len(orders)

    def recall(self, order_id: str, now: datetime) -> bool:
        """Bring an order back from the archive, because its provider has news of it; False when it is not there."""
        from google.api_core.exceptions import AlreadyExists

        order = order_from(self._archive.document(f"{ORDERS}/{order_id}").get())
        if order is None:
            return False
        # Noted first: an order that is back is always found again by the sweep.
        unit_of_work.run(self._client, partial(self._note, subject=order.owner, orders=[order.id], now=now, adds=True))
        try:
            self._move(_paths(order), self._archive, self._client)
        except AlreadyExists:
            return True  # somebody else brought it back, and may have settled it since
        log.info("open_money.recalled", event_id=order.id)
        return True

    def _give(self, unit: UnitOfWork, order: Order, subject: str) -> None:
        """One commit, tied to every version: a webhook in between makes it start over."""
        for snapshot in unit.peek(*(self._client.document(path) for path in _paths(order))):
            if snapshot.exists:
                unit.tie(snapshot)
                unit.update(snapshot.reference, {"owner": subject})

    def _note(self, unit: UnitOfWork, subject: str, orders: list[str], now: datetime, *, adds: bool = False) -> None:
        (snapshot,) = unit.peek(self._store.evidence(subject))
        if snapshot.exists:
            unit.tie(snapshot)
            known = snapshot.get("open_orders") if adds else []
            open_orders = sorted({*orders, *known})
            look_at = now if adds else now + LOOK_EVERY
            self._store.set_open_orders(unit, subject, open_orders, look_at if open_orders else None)

    def _move(self, paths: list[str], source: Client, target: Client) -> None:
        """Copy, read back, compare, delete; the order itself goes last, so that a repetition finds the rest.

        The archive takes what is newer: a recall that died before its removal left a copy there. The default database
        takes only what it has not.
        """
        found: list[Snapshot] = [snapshot for snapshot in _read(source, paths) if snapshot.exists]
        batch = target.batch()
        write = batch.set if target is self._archive else batch.create
        for snapshot in found:
            write(target.document(snapshot.reference.path), snapshot.to_dict() or {})
        batch.commit()
        there = {snapshot.reference.path: snapshot.to_dict() for snapshot in _read(target, paths)}
        if any(there.get(snapshot.reference.path) != snapshot.to_dict() for snapshot in found):
            msg = "what was read back is not what was moved"
            raise RuntimeError(msg)
        removal = source.batch()
        for snapshot in found:
            option = source.write_option(last_update_time=snapshot.update_time)
            removal.delete(snapshot.reference, option=option)
        removal.commit()


def _read(client: Client, paths: list[str]) -> list[Any]:
    return list(client.get_all([client.document(path) for path in paths]))


def _paths(order: Order) -> list[str]:
    """The order and all that hangs on it."""
    refunds = [f"{REFUNDS}/{refund_id}" for refund_id in order.refund_ids]
    disputes = [f"{DISPUTES}/{dispute_id}" for dispute_id in order.dispute_ids]
    return [f"{PAYMENTS}/{order.payment_id}", *refunds, *disputes, f"{ORDERS}/{order.id}"]
