"""The daily settlement (정산): each provider's books of one day against ours, per currency, and the ledger behind them.

It lists differences and changes nothing: what is wrong is looked at by people. Source of the liability figures: points
bought and not yet spent are owed to members (E-Commerce Act article 24(1) asks issuers for the outstanding balance).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from imagesfactory.kit import log
from imagesfactory.kit.clock import legal_day, start_of_legal_day
from imagesfactory.payments.errors import SettlementNotFound
from imagesfactory.payments.model import DisputeState, Order, Payment
from imagesfactory.payments.ports import ProviderBusy, ProviderRefused, ProviderUnusable
from imagesfactory.payments.reconciliation import Providers
from imagesfactory.payments.store import PaymentStore
from imagesfactory.points.outstanding import outstanding
from imagesfactory.points.service import PointsService
from imagesfactory.points.trial_balance import trial_balance
from imagesfactory.policy.retention import destroy_at

if TYPE_CHECKING:
    from google.cloud.firestore import Client

_Line = tuple[str, str, str, int, str]
"""Provider, its id there, our order, amount (negative: out), currency."""
DIFFERENCES_MAX = 500
"""More are counted, not listed: a document holds 1 MiB."""


@dataclass
class _Books:
    """One day in both books: by id there, what each side says moved."""

    theirs: dict[str, tuple[int, str]] = field(default_factory=dict)
    ours: dict[str, tuple[int, str]] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)

    def sums(self) -> dict[str, dict[str, int]]:
        """By currency: what they took and gave, and what we recorded, in the smallest unit."""
        totals: dict[str, Counter[str]] = {}
        for side, book in (("provider", self.theirs), ("ours", self.ours)):
            for amount, currency in book.values():
                kind = "in" if amount >= 0 else "out"
                totals.setdefault(currency, Counter())[f"{side}_{kind}"] += amount
        return {currency: dict(total) for currency, total in totals.items()}

    def differences(self) -> Iterator[dict[str, Any]]:
        """Lines that one side has not, or has otherwise."""
        for known_as in sorted(self.theirs.keys() | self.ours.keys()):
            theirs, ours = self.theirs.get(known_as), self.ours.get(known_as)
            if theirs != ours:
                yield {
                    "kind": _kind_of(theirs, ours),
                    "id": known_as,
                    "order_id": self.orders.get(known_as, ""),
                    "provider": _line(theirs),
                    "ours": _line(ours),
                }


class Settlements:
    """Writes and reads the reports ``settlements/{day}``."""

    def __init__(
        self, client: Client, *, points: PointsService, providers: Providers, archive: Client | None = None
    ) -> None:
        """``archive`` has the payments and refunds of those who left: a provider's books name them as well."""
        self._client = client
        self._store = PaymentStore(client)
        self._stores = (self._store, PaymentStore(archive)) if archive is not None else (self._store,)
        self._points = points
        self._providers = providers

    def run(self, now: datetime, day: date | None = None) -> dict[str, Any]:
        """Compare a day (Asia/Seoul; yesterday if none is named), write the report and return it."""
        day = day or legal_day(now) - timedelta(days=1)
        providers, differences = self.compare(start_of_legal_day(day), start_of_legal_day(day + timedelta(days=1)))
        balance = trial_balance(self._client)
        report = {
            "day": day.isoformat(),
            "made_at": now,
            "providers": providers,
            "differences": differences[:DIFFERENCES_MAX],
            "difference_count": len(differences),
            "ledger": {
                "total": balance.total,
                "accounts": balance.accounts,
                "wrong_wallets": len(balance.wrong_wallets),
            },
            "outstanding": outstanding(self._client, now),
            "destroy_at": destroy_at("payment", now),
        }
        self._client.collection("settlements").document(day.isoformat()).set(report)
        (log.info if report["difference_count"] == 0 and balance.is_balanced else log.error)(
            "settlement.written", count=len(differences), points=balance.total
        )
        return report

    def compare(self, start: datetime, end: datetime) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """What each provider's books and ours say of the time from ``start`` up to, and without, ``end``, and each
        line in which they differ. Reads only.
        """
        payments = list(self._store.payments_between(start, end))
        differences = [*self._without_grant(payments)]
        providers: dict[str, Any] = {}
        for name in sorted(self._providers):
            providers[name], found = self._compare(name, payments, start, end)
            differences += found
        return providers, differences

    def get(self, day: str | None) -> dict[str, Any]:
        """The report of a day, or the latest.

        Raises:
            SettlementNotFound: there is none.

        """
        reports = self._client.collection("settlements")
        if day is not None:
            document = reports.document(day).get().to_dict()
        else:
            latest = reports.order_by("day", direction="DESCENDING").limit(1).get()
            document = latest[0].to_dict() if latest else None
        if document is None:
            raise SettlementNotFound
        return document

    def _compare(
        self, name: str, payments: list[Payment], start: datetime, end: datetime
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        books = _Books()
        try:
            for line in self._providers[name].transactions(start, end):
                _add(books.theirs, line.id, line.amount, line.currency)
                books.orders[line.id] = line.order_id
        except (ProviderBusy, ProviderRefused, ProviderUnusable) as problem:
            log.error("settlement.provider_unread", provider=name, code=str(problem))
            return {"read": False, "sums": {}}, [{"kind": "provider-unread", "id": name}]
        here = [*map(_of_payment, payments), *_returned(self._store, start, end)]
        orders_here = {order_id for _, _, order_id, _, _ in here}
        for provider, known_as, order_id, amount, currency in (*here, *self._archived(start, end, orders_here)):
            if provider == name:
                _add(books.ours, known_as, amount, currency)
                books.orders[known_as] = order_id
        return {"read": True, "sums": books.sums()}, [{"of": name, **one} for one in books.differences()]

    def _archived(self, start: datetime, end: datetime, orders_here: set[str]) -> Iterator[_Line]:
        """What the archive has. An order on its way there, or back, is in both; then it counts here."""
        for store in self._stores[1:]:
            lines = (*map(_of_payment, store.payments_between(start, end)), *_returned(store, start, end))
            yield from (line for line in lines if line[2] not in orders_here)

    def _without_grant(self, payments: list[Payment]) -> Iterator[dict[str, Any]]:
        """Payments whose points are not in the ledger: the member paid and has nothing."""
        for payment in payments:
            order = self._store.order(payment.order_id)
            if order is None:
                yield {"kind": "payment-without-order", "id": payment.id}
            elif not self._is_supplied(order):
                yield {"kind": "payment-without-points", "id": payment.id, "order_id": order.id}

    def _is_supplied(self, order: Order) -> bool:
        """Its points are in the ledger, or its money is on its way back."""
        if not order.is_granted:
            return bool(order.refund_ids)
        return self._points.has_entry(order.owner, f"grant:order:{order.id}")


def _returned(store: PaymentStore, start: datetime, end: datetime) -> Iterator[_Line]:
    """Money that went out by refunds and disputes, and came back with those that were won.

    Providers book a refund when it begins, also one that stays pending for days.
    """
    for refund in store.refunds_between(start, end):
        if refund.in_effect and refund.provider_refund_id:
            yield refund.provider, refund.provider_refund_id, refund.order_id, -refund.amount, refund.currency
    for dispute in store.disputes_between("opened_at", start, end):
        yield dispute.provider, dispute.id, dispute.order_id, -dispute.amount, dispute.currency
    for dispute in store.disputes_between("closed_at", start, end):
        if dispute.state is DisputeState.WON:
            yield dispute.provider, dispute.id, dispute.order_id, dispute.amount, dispute.currency


def _of_payment(payment: Payment) -> _Line:
    return payment.provider, payment.provider_payment_id, payment.order_id, payment.amount, payment.currency


def _add(book: dict[str, tuple[int, str]], known_as: str, amount: int, currency: str) -> None:
    """Several lines of one id add up, as a refund that failed does to nothing."""
    before = book.get(known_as, (0, currency))[0]
    book[known_as] = (before + amount, currency)
    if book[known_as][0] == 0:
        del book[known_as]


def _kind_of(theirs: tuple[int, str] | None, ours: tuple[int, str] | None) -> str:
    if ours is None:
        return "not-recorded"
    return "not-at-provider" if theirs is None else "amount-differs"


def _line(line: tuple[int, str] | None) -> dict[str, Any] | None:
    return None if line is None else {"amount": line[0], "currency": line[1]}
