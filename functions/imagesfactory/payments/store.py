"""Orders, payments, refunds and disputes in Firestore: ``orders/{id}``, ``payments/{id}``, ``refunds/{id}``,
``disputes/{id}``. Each class of record has its own clock, so each has its own document.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from imagesfactory.payments.model import (
    Channel,
    Dispute,
    DisputeState,
    MethodFacts,
    Order,
    OrderStatus,
    Payment,
    Refund,
    RefundAccount,
    RefundOrigin,
    RefundReason,
    RefundState,
)
from imagesfactory.policy.retention import destroy_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from google.cloud.firestore import Client, DocumentReference

    from imagesfactory.kit.unit_of_work import Snapshot, UnitOfWork

ORDERS, PAYMENTS, REFUNDS, DISPUTES = "orders", "payments", "refunds", "disputes"


class PaymentStore:
    """Reads and writes the records of money inside a unit of work."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def order_reference(self, order_id: str) -> DocumentReference:
        """Where the order is."""
        return self._client.collection(ORDERS).document(order_id)

    def payment_reference(self, payment_id: str) -> DocumentReference:
        """Where the payment is."""
        return self._client.collection(PAYMENTS).document(payment_id)

    def refund_reference(self, refund_id: str) -> DocumentReference:
        """Where the refund is."""
        return self._client.collection(REFUNDS).document(refund_id)

    def dispute_reference(self, dispute_id: str) -> DocumentReference:
        """Where the dispute is."""
        return self._client.collection(DISPUTES).document(dispute_id)

    def order(self, order_id: str) -> Order | None:
        """The order as it is now, outside any unit of work."""
        return order_from(self.order_reference(order_id).get())

    def payment(self, payment_id: str) -> Payment | None:
        """The payment as it is now."""
        return payment_from(self.payment_reference(payment_id).get())

    def refund(self, refund_id: str) -> Refund | None:
        """The refund as it is now, outside any unit of work."""
        return refund_from(self.refund_reference(refund_id).get())

    def refunds_of(self, order: Order) -> list[Refund]:
        """The refunds of an order, as they are now."""
        references = [self.refund_reference(refund_id) for refund_id in order.refund_ids]
        if not references:
            return []
        found = {snapshot.id: refund_from(snapshot) for snapshot in self._client.get_all(references)}
        return [refund for refund in (found.get(refund_id) for refund_id in order.refund_ids) if refund]

    def disputes_of(self, order: Order) -> list[Dispute]:
        """The disputes of an order, as they are now."""
        references = [self.dispute_reference(dispute_id) for dispute_id in order.dispute_ids]
        if not references:
            return []
        found = {snapshot.id: dispute_from(snapshot) for snapshot in self._client.get_all(references)}
        return [dispute for dispute in map(found.get, order.dispute_ids) if dispute]

    def orders_of(self, owner: str, after: tuple[datetime, str] | None, limit: int) -> list[Order]:
        """A member's orders, newest first, after the one created then and of that id."""
        query = (
            self._client.collection(ORDERS)
            .where(filter=_filter("owner", "==", owner))
            .order_by("created_at", direction="DESCENDING")
            .order_by("__name__", direction="DESCENDING")
        )
        if after is not None:
            query = query.start_after({"created_at": after[0], "__name__": self.order_reference(after[1])})
        return [order for order in map(order_from, query.limit(limit).stream()) if order is not None]

    def due_orders(self, now: datetime, limit: int) -> list[Order]:
        """Orders whose next deadline has passed, the longest overdue first, at most ``limit``."""
        return [order for order in map(order_from, self._due(ORDERS, now, limit)) if order is not None]

    def due_refunds(self, now: datetime, limit: int) -> list[Refund]:
        """Refunds that should have been decided, the longest overdue first, at most ``limit``."""
        return [refund for refund in map(refund_from, self._due(REFUNDS, now, limit)) if refund is not None]

    def disputes_due_for_register(self, limit: int) -> list[Dispute]:
        """Disputes of whose end the register of misuse does not know yet, at most ``limit``."""
        query = self._client.collection(DISPUTES).where(filter=_filter("is_misuse_due", "==", True)).limit(limit)
        return [dispute for dispute in map(dispute_from, query.stream()) if dispute is not None]

    def orders(self, order_ids: Iterable[str]) -> dict[str, Order]:
        """Those of the orders that exist, by id."""
        found = map(order_from, self._client.get_all([self.order_reference(order_id) for order_id in order_ids]))
        return {order.id: order for order in found if order is not None}

    def payments_between(self, start: datetime, end: datetime) -> Iterator[Payment]:
        """Payments that were booked from ``start`` up to, and without, ``end``."""
        for snapshot in self._between(PAYMENTS, "booked_at", start, end):
            payment = payment_from(snapshot)
            if payment is not None:
                yield payment

    def refunds_between(self, field: str, start: datetime, end: datetime) -> Iterator[Refund]:
        """Refunds whose ``booked_at`` or ``returned_at`` is from ``start`` up to, and without, ``end``."""
        for snapshot in self._between(REFUNDS, field, start, end):
            refund = refund_from(snapshot)
            if refund is not None:
                yield refund

    def disputes_between(self, field: str, start: datetime, end: datetime) -> Iterator[Dispute]:
        """Disputes whose ``booked_at`` or ``returned_at`` is from ``start`` up to, and without, ``end``."""
        for snapshot in self._between(DISPUTES, field, start, end):
            dispute = dispute_from(snapshot)
            if dispute is not None:
                yield dispute

    def create_order(self, unit: UnitOfWork, order: Order) -> None:
        """Write a new order; refused by the database if it exists."""
        unit.create(self.order_reference(order.id), _plain(order) | {"destroy_at": _contract_end(order)})

    def update_order(self, unit: UnitOfWork, order: Order) -> None:
        """Write an order read in the same unit."""
        unit.update(self.order_reference(order.id), _plain(order) | {"destroy_at": _contract_end(order)})

    def create_payment(self, unit: UnitOfWork, payment: Payment) -> None:
        """Write money that came in; refused by the database if it is written already: it counts once."""
        document = _plain(payment) | {"destroy_at": destroy_at("payment", payment.paid_at)}
        unit.create(self.payment_reference(payment.id), document)

    def note_booking(self, unit: UnitOfWork, payment_id: str, booked_at: datetime | None) -> None:
        """Write down when a payment was booked, which was not known when it came in."""
        (snapshot,) = unit.read(self.payment_reference(payment_id))
        if snapshot.exists:
            unit.update(snapshot.reference, {"booked_at": booked_at})

    def write_refund(self, unit: UnitOfWork, refund: Refund, *, is_new: bool) -> None:
        """Write a refund; one that is not new was read in the same unit."""
        document = _plain(refund) | {"destroy_at": destroy_at("contract", refund.settled_at or refund.requested_at)}
        self._write(unit, self.refund_reference(refund.id), document, is_new=is_new)

    def write_dispute(self, unit: UnitOfWork, dispute: Dispute, *, is_new: bool) -> None:
        """Write a dispute; one that is not new was read in the same unit. Its clock starts when it is decided."""
        ends = destroy_at("complaint", dispute.closed_at) if dispute.closed_at else None
        self._write(unit, self.dispute_reference(dispute.id), _plain(dispute) | {"destroy_at": ends}, is_new=is_new)

    def _write(self, unit: UnitOfWork, reference: DocumentReference, document: dict[str, Any], *, is_new: bool) -> None:
        if is_new:
            unit.create(reference, document)
        else:
            unit.update(reference, document)

    def _due(self, collection: str, now: datetime, limit: int) -> Iterable[Snapshot]:
        query = self._client.collection(collection).where(filter=_filter("resume_at", "<=", now))
        return query.order_by("resume_at").limit(limit).stream()

    def _between(self, collection: str, field: str, start: datetime, end: datetime) -> Iterable[Snapshot]:
        query = (
            self._client.collection(collection)
            .where(filter=_filter(field, ">=", start))
            .where(filter=_filter(field, "<", end))
            .order_by(field)
        )
        return query.stream()


def order_from(snapshot: Snapshot) -> Order | None:
    """The order of a snapshot, or None where there is none."""
    document = _known(snapshot, Order)
    if document is None:
        return None
    document |= {"status": OrderStatus(document["status"]), "channel": Channel(document["channel"])}
    document |= {name: tuple(document[name]) for name in ("refund_ids", "dispute_ids")}
    return Order(id=snapshot.id, **document)


def payment_from(snapshot: Snapshot) -> Payment | None:
    """The payment of a snapshot, or None where there is none."""
    document = _known(snapshot, Payment)
    if document is None:
        return None
    return Payment(id=snapshot.id, **document | {"method": MethodFacts(**document["method"])})


def refund_from(snapshot: Snapshot) -> Refund | None:
    """The refund of a snapshot, or None where there is none."""
    document = _known(snapshot, Refund)
    if document is None:
        return None
    document |= {
        "origin": RefundOrigin(document["origin"]),
        "reason": RefundReason(document["reason"]),
        "state": RefundState(document["state"]),
        "account": RefundAccount(**document["account"]) if document["account"] else None,
    }
    return Refund(id=snapshot.id, **document)


def dispute_from(snapshot: Snapshot) -> Dispute | None:
    """The dispute of a snapshot, or None where there is none."""
    document = _known(snapshot, Dispute)
    if document is None:
        return None
    return Dispute(id=snapshot.id, **document | {"state": DisputeState(document["state"])})


def _known(snapshot: Snapshot, shape: Any) -> dict[str, Any] | None:
    """The fields of ``shape`` in a snapshot, which its id is not one of."""
    document = snapshot.to_dict()
    if document is None:
        return None
    return {field.name: document[field.name] for field in fields(shape) if field.name in document}


def _plain(record: Any) -> dict[str, Any]:
    """A record as plain values without its id. StrEnum members are strings, but the database wants the exact type."""
    values = asdict(record)
    values.pop("id")
    return {name: _plain_value(value) for name, value in values.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, str):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def _contract_end(order: Order) -> datetime | None:
    return destroy_at("contract", order.paid_at or order.created_at)


def _filter(path: str, operator: str, value: object) -> Any:
    from google.cloud.firestore import FieldFilter

    return FieldFilter(path, operator, value)
