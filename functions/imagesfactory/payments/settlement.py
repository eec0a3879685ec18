"""The daily settlement (정산): each provider's books of one day against ours, per currency, and the ledger behind them.

Both sides are taken by the time at which the provider booked a movement, so that each movement is compared once, on one
day, and a correct day shows no difference. The books of members who withdrew are in the archive and count as well.

It lists differences and changes nothing: what is wrong is looked at by people. Source of the liability figures: points
bought and not yet spent are owed to members (E-Commerce Act article 24(1) asks issuers for the outstanding balance).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from imagesfactory.kit import log
from imagesfactory.kit.clock import legal_day, start_of_legal_day
from imagesfactory.payments.daybook import Daybook
from imagesfactory.payments.errors import SettlementNotFound
from imagesfactory.payments.fold import DEPOSIT_TAKEN_BACK
from imagesfactory.payments.model import Order, Payment
from imagesfactory.payments.ports import ProviderBusy, ProviderRefused, ProviderUnusable
from imagesfactory.payments.reconciliation import Providers
from imagesfactory.payments.store import PaymentStore
from imagesfactory.points.outstanding import outstanding
from imagesfactory.points.store import entries_among
from imagesfactory.points.trial_balance import trial_balance
from imagesfactory.policy.retention import destroy_at

if TYPE_CHECKING:
    from google.cloud.firestore import Client

LOOK_BACK_DAYS = 7
"""How far back a lost run is made up for; the providers list further."""
DIFFERENCES_MAX = 500
"""More are counted, not listed: a document holds 1 MiB."""
WINDOW: Final = timedelta(hours=3)
"""A day is compared in parts: only one part, and what matches nothing so far, is in memory."""
WINDOW_MAX: Final = timedelta(days=1)
"""Part after part doubles up to this while little happens: quiet days cost few queries."""
LINES_FEW: Final = 500
""""Little": as many movements of ours in one part, or fewer."""
PAYMENTS_PER_LOOK = 100
"""Payments whose grants are looked up together."""
WALK: Final = timedelta(minutes=15)
"""How long one night compares wallets with the ledger; a scheduled function may run for half an hour."""


@dataclass(frozen=True)
class _Line:
    """One movement in our books; ``amount`` negative: out."""

    provider: str
    known_as: str
    order_id: str
    amount: int
    currency: str


class Settlements:
    """Writes and reads the reports ``settlements/{day}``."""

    def __init__(
        self, client: Client, *, providers: Providers, archive: Client | None = None, walk: timedelta = WALK
    ) -> None:
        """``archive`` has the records of those who left: a provider's books name them as well. ``walk`` is how long
        one night compares wallets with the ledger; the next goes on where it ended.
        """
        self._walk = walk
        self._client = client
        # A record may move to the archive meanwhile: in this order it is then seen twice, and counted once.
        self._databases = (client, archive) if archive is not None else (client,)
        self._stores = tuple(map(PaymentStore, self._databases))
        self._providers = providers

    def run_due(self, now: datetime) -> None:
        """Compare yesterday, and before it the days of the last week whose run was lost with all its repetitions."""
        today = legal_day(now)
        week = [(today - timedelta(days=back)).isoformat() for back in range(LOOK_BACK_DAYS, 1, -1)]
        references = [self._client.collection("settlements").document(day) for day in week]
        settled = {one.id for one in self._client.get_all(references) if (one.to_dict() or {}).get("is_over")}
        for day in week:
            if day not in settled:
                self.run(now, date.fromisoformat(day))
        self.run(now)

    def run(self, now: datetime, day: date | None = None) -> dict[str, Any]:
        """Compare a day (Asia/Seoul; yesterday if none is named), write the report and return it."""
        day = day or legal_day(now) - timedelta(days=1)
        start, end = start_of_legal_day(day), start_of_legal_day(day + timedelta(days=1))
        providers, differences = self.compare(start, end)
        after = self._walked_to()
        balance = trial_balance(self._client, after=after, goes_on=_for(self._walk))
        report = {
            "day": day.isoformat(),
            "made_at": now,
            "is_over": now >= end,
            "providers": providers,
            "differences": differences[:DIFFERENCES_MAX],
            "difference_count": len(differences),
            "ledger": {
                "total": balance.total,
                "accounts": balance.accounts,
                "wallets": balance.wallet_count,
                "wrong_wallets": len(balance.wrong_wallets),
                "after": after,
                "reached": balance.reached,
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
        daybooks = {name: Daybook() for name in sorted(self._providers)}
        differences = list(self._fill(daybooks, start, end))
        for name, daybook in daybooks.items():
            differences += [{"of": name, **one} for one in daybook.differences()]
        return {name: {"read": book.is_read, "sums": book.sums()} for name, book in daybooks.items()}, differences

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

    def _walked_to(self) -> str:
        """Where the walk through all wallets stands: behind this member; empty: at the beginning."""
        latest = self._client.collection("settlements").order_by("day", direction="DESCENDING").limit(1)
        for snapshot in latest.select(["ledger.reached"]).stream():
            return str(((snapshot.to_dict() or {}).get("ledger") or {}).get("reached") or "")
        return ""

    def _fill(self, daybooks: dict[str, Daybook], start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """Enter the day into the daybooks, part by part; yields what our own books lack."""
        window = WINDOW
        while start < end:
            until = min(start + window, end)
            lines = self._enter_ours(daybooks, start, until)
            for name, daybook in daybooks.items():
                self._read_provider(name, daybook, start, until)
                daybook.strike_out_matches()
            yield from self._without_grant(start, until)
            start, window = until, min(2 * window, WINDOW_MAX) if lines <= LINES_FEW else WINDOW

    def _enter_ours(self, daybooks: dict[str, Daybook], start: datetime, end: datetime) -> int:
        """Enter our side of a part; returns of how many lines it is."""
        count = 0
        for line in self._ours(start, end):
            count += 1
            if line.provider in daybooks:
                daybooks[line.provider].enter_ours(line.known_as, line.order_id, line.amount, line.currency)
        return count

    def _read_provider(self, name: str, daybook: Daybook, start: datetime, end: datetime) -> None:
        if not daybook.is_read:
            return
        try:
            for line in self._providers[name].transactions(start, end):
                daybook.enter_theirs(line.id, line.order_id, line.amount, line.currency)
        except (ProviderBusy, ProviderRefused, ProviderUnusable) as problem:
            log.error("settlement.provider_unread", provider=name, code=str(problem))
            daybook.is_read = False

    def _ours(self, start: datetime, end: datetime) -> Iterator[_Line]:
        """Each movement that was booked then, once: money in, money out by refunds and disputes, money that came back
        with those that failed or were won.
        """
        seen: set[tuple[str, int]] = set()
        for store in self._stores:
            for record_id, line in _lines(store, start, end):
                if (record_id, line.amount) not in seen:
                    seen.add((record_id, line.amount))
                    yield line

    def _without_grant(self, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """Payments whose points are not in the ledger and whose money did not go back: the member has nothing."""
        for store in self._stores:
            payments = store.payments_between(start, end)
            while page := list(islice(payments, PAYMENTS_PER_LOOK)):
                yield from self._ungranted(page)

    def _ungranted(self, payments: Sequence[Payment]) -> Iterator[dict[str, Any]]:
        orders: dict[str, Order] = {}
        for store in reversed(self._stores):
            orders |= store.orders(payment.order_id for payment in payments)
        granted = self._granted(order for order in orders.values() if order.is_granted)
        for payment in payments:
            order = orders.get(payment.order_id)
            if order is None:
                yield {"kind": "payment-without-order", "id": payment.id}
            elif order.id not in granted and (order.is_granted or order.is_owed):
                yield {"kind": "payment-without-points", "id": payment.id, "order_id": order.id}

    def _granted(self, orders: Iterable[Order]) -> set[str]:
        """Those whose points are in the ledger. An order that outlived its member has its entries in the archive."""
        entries = {(order.owner, f"grant:order:{order.id}"): order.id for order in orders}
        found: set[str] = set()
        for database in self._databases:
            found |= {entries[entry] for entry in entries_among(database, list(entries))}
        return found


def _lines(store: PaymentStore, start: datetime, end: datetime) -> Iterator[tuple[str, _Line]]:
    """Movements in one database's books, with the id of the record that tells of each."""
    for payment in store.payments_between(start, end):
        line = _Line(payment.provider, payment.provider_payment_id, payment.order_id, payment.amount, payment.currency)
        yield payment.id, line
    for field, sign in (("booked_at", -1), ("returned_at", 1)):
        for refund in store.refunds_between(field, start, end):
            known_as = refund.provider_refund_id.removesuffix(DEPOSIT_TAKEN_BACK)
            yield refund.id, _Line(refund.provider, known_as, refund.order_id, sign * refund.amount, refund.currency)
        for dispute in store.disputes_between(field, start, end):
            amount = sign * dispute.amount
            yield dispute.id, _Line(dispute.provider, dispute.id, dispute.order_id, amount, dispute.currency)


def _for(walk: timedelta) -> Callable[[], bool]:
    """Says yes until ``walk`` has passed."""
    end = time.monotonic() + walk.total_seconds()
    return lambda: time.monotonic() < end
