"""Reads the payments, refunds and disputes of some days: whether each moved its points once, and what providers say.

What was given to a subject, because its member left, moves no points any more and is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from imagesfactory.payments.model import DisputeState, Order, RefundState
from imagesfactory.payments.settlement import Settlements
from imagesfactory.payments.store import dispute_from, order_from, payment_from, refund_from
from imagesfactory.points.model import Account, EntryKind, LotKind
from imagesfactory.truth.model import Check, IsLeaving, Tally, Verdict
from imagesfactory.truth.reading import between, fields_of, matching, pages

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference

    from imagesfactory.kit.unit_of_work import Snapshot


@dataclass(frozen=True)
class Return:
    """Points that must have gone back, net, because money did: by a refund or a lost dispute."""

    source: str
    """Begins the source of its entries, for example ``refund:ID``."""
    owner: str
    order_id: str
    points: int
    account: Account


class BookAudit:
    """Looks at money from ``start`` up to, and without, ``end``."""

    def __init__(
        self, client: Client, settlements: Settlements, start: datetime, end: datetime, is_leaving: IsLeaving
    ) -> None:
        self._client = client
        self._settlements = settlements
        self._start, self._end = start, end
        self._is_leaving = is_leaving

    def granted(self) -> Verdict:
        """Whether each payment granted its order's points, and each grant is of such an order, once."""
        tally = Tally(Check.PAYMENTS_GRANTED)
        for page in self._pages("payments", "paid_at"):
            for payment in filter(None, map(payment_from, page)):
                order = order_from(self._client.document(f"orders/{payment.order_id}").get())
                if order is None or not self._is_supplied(order):
                    self._accuse(tally, payment.owner, f"payments/{payment.id}")
        for entry in self._grants():
            if not self._is_of_its_order(entry):
                self._accuse(tally, str(entry.get("uid")), entry.reference.path)
        return tally.verdict()

    def taken_back(self) -> Verdict:
        """Whether each refund and lost dispute took its points back, net, once; one that failed took none."""
        tally = Tally(Check.RETURNS_TAKEN_BACK)
        for place, instant in (("refunds", "requested_at"), ("disputes", "opened_at")):
            for page in self._pages(place, instant):
                for snapshot in page:
                    if not self._is_taken(snapshot) and not self._is_taken(snapshot.reference.get()):
                        self._accuse(tally, str(snapshot.get("owner")), snapshot.reference.path)
        return tally.verdict()

    def providers(self) -> Verdict:
        """Whether each provider's books of these days equal ours, line by line."""
        tally = Tally(Check.PROVIDERS_AGREE)
        for one in self._settlements.compare(self._start, self._end)[1]:
            if one["kind"] in {"payment-without-order", "payment-without-points"}:
                continue  # the question of ``granted``
            tally.add(" ".join(str(one[name]) for name in ("of", "kind", "id") if name in one))
        return tally.verdict()

    def _pages(self, place: str, instant: str) -> Iterator[list[Snapshot]]:
        return pages(between(self._client.collection(place), instant, self._start, self._end))

    def _is_supplied(self, order: Order) -> bool:
        """The whole order is in the ledger, or its money is on its way back, or its member is gone."""
        if not order.is_granted:
            return not order.is_owed
        wallet = self._client.document(f"wallets/{order.owner}")
        entry = wallet.collection("entries").document(f"grant:order:{order.id}").get()
        return _issued(entry) == order.points if entry.exists else not wallet.get(()).exists

    def _grants(self) -> Iterator[Snapshot]:
        """Entries that granted bought points."""
        entries = self._client.collection_group("entries").where(filter=matching("kind", "==", "grant"))
        for page in pages(between(entries, "at", self._start, self._end)):
            yield from (entry for entry in page if _issued(entry))

    def _is_of_its_order(self, entry: Snapshot) -> bool:
        _, _, order_id = str(entry.get("source")).partition("order:")
        if not order_id or entry.id != f"grant:order:{order_id}":
            return False
        order = order_from(self._client.document(f"orders/{order_id}").get())
        return order is not None and order.is_granted and order.is_paid and _issued(entry) == order.points

    def _is_taken(self, snapshot: Snapshot) -> bool:
        back = _refund(snapshot) if snapshot.reference.parent.id == "refunds" else _dispute(snapshot)
        if back is None:
            return True
        wallet = self._client.document(f"wallets/{back.owner}")
        taken = sum(fields_of(one, "legs").get(back.account.of(LotKind.PAID), 0) for one in _entries_of(wallet, back))
        order = order_from(self._client.document(f"orders/{back.order_id}").get())
        expected = back.points if order is not None and order.is_granted else 0
        return taken == expected or not wallet.get(()).exists

    def _accuse(self, tally: Tally, uid: str, name: str) -> None:
        if not self._is_leaving(uid):
            tally.add(name, uid if uid in name else "")


def _entries_of(wallet: DocumentReference, back: Return) -> Iterator[Snapshot]:
    """Entries whose source is this one, or this one with a number behind a colon: it can be taken more than once.

    An entry's id is its kind and its source, so they are found without an index.
    """
    entries = wallet.collection("entries")
    for kind in (EntryKind.SETTLE, EntryKind.TAKE_BACK, EntryKind.GIVE_BACK):
        first = f"{kind}:{back.source}"
        named = entries.where(filter=matching("__name__", ">=", entries.document(first)))
        named = named.where(filter=matching("__name__", "<=", entries.document(f"{first}:~")))
        for entry in named.order_by("__name__").stream():
            if entry.id == first or entry.id.startswith(f"{first}:"):
                yield entry


def _refund(snapshot: Snapshot) -> Return | None:
    refund = refund_from(snapshot)
    if refund is None:
        return None
    is_taken = refund.state is RefundState.SUCCEEDED or (refund.in_effect and not refund.has_lock)
    points = refund.points if is_taken else 0
    return Return(f"refund:{refund.id}", refund.owner, refund.order_id, points, Account.REFUNDED)


def _dispute(snapshot: Snapshot) -> Return | None:
    dispute = dispute_from(snapshot)
    if dispute is None:
        return None
    points = dispute.points if dispute.state is DisputeState.LOST else 0
    return Return(f"dispute:{dispute.id}", dispute.owner, dispute.order_id, points, Account.CHARGED_BACK)


def _issued(entry: Snapshot) -> int:
    return -int(fields_of(entry, "legs").get(Account.ISSUED.of(LotKind.PAID), 0))
