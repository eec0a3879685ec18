"""The truth page: every bounded question asked at once. Its cost does not grow with members, jobs or entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from imagesfactory.kit import log
from imagesfactory.notices.model import announcements_due
from imagesfactory.notices.store import NoticeStore
from imagesfactory.points.trial_balance import ledger_accounts
from imagesfactory.policy.company import Company, company
from imagesfactory.privacy.purge.ports import FileStore
from imagesfactory.truth import model
from imagesfactory.truth.deadlines import BALANCES, DEADLINES
from imagesfactory.truth.model import DAILY, IDS_MAX, Check, Page, Verdict
from imagesfactory.truth.pictures import PictureAudit
from imagesfactory.truth.places import Places
from imagesfactory.truth.reading import is_leaving
from imagesfactory.truth.store import TruthStore

if TYPE_CHECKING:
    from google.cloud.firestore import Client

AT_ONCE: Final = 8
"""Questions under way at a time: each waits for the database, not for us."""


class TruthPage:
    """Asks, and answers with verdicts."""

    def __init__(self, client: Client, archive: Client, files: FileStore, facts: Company | None = None) -> None:
        self._client = client
        self._notices = NoticeStore(client)
        self._facts = facts or company()
        self._store = TruthStore(client, archive)
        self._pictures = PictureAudit(client, files, partial(is_leaving, client))
        self._places = Places(client, archive, files)

    def look(self, now: datetime) -> Page:
        """The verdicts as of ``now``, in the order of the questions."""
        questions = self._questions(now)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = list(pool.map(lambda question: question(), questions))
        page = Page(now, tuple(joined(found)))
        red = sum(not verdict.is_green for verdict in page.verdicts)
        (log.error if red else log.info)("truth.looked", count=red)
        return page

    def nights_missed(self, now: datetime) -> int:
        """How many of the runs of the night (purge, settlement) did not come; the log has a line for each.

        Monitoring hears of a silence of less than a day only, which what comes once a day always keeps
        (cloud.google.com/monitoring/alerts/metric-absence). So whoever comes often has to look.
        """
        missed = [verdict for verdict in (self._purge_ran(now), self._settlement_made(now)) if not verdict.is_green]
        for verdict in missed:
            log.error("night.missed", code=verdict.check.value)
        return len(missed)

    def _questions(self, now: datetime) -> list[Callable[[], Verdict]]:
        return [
            lambda: model.ledger(ledger_accounts(self._client)),
            *(partial(self._store.below_zero, balance) for balance in BALANCES),
            *(partial(self._store.overdue, deadline, now) for deadline in DEADLINES),
            lambda: self._pictures.newest(now),
            self._places.roots,
            lambda: self._announced(now),
            lambda: self._destroyed(now),
            lambda: self._purge_ran(now),
            self._purge_clean,
            lambda: self._settlement_made(now),
            lambda: model.settlement_clean(self._store.settlements()),
        ]

    def _announced(self, now: datetime) -> Verdict:
        """Versions of the terms and the policy that come, or came, into force without having been announced in time."""
        missing = self._notices.missing(announcements_due(self._facts, now))
        return Verdict(Check.ANNOUNCEMENTS, len(missing), tuple(f"policies/{name}" for name in missing))

    def _destroyed(self, now: datetime) -> Verdict:
        """What a purge within the last day should have destroyed."""
        counts = self._store.undestroyed(now - DAILY)
        return Verdict(Check.RECORDS_DESTROYED, sum(counts.values()), tuple(sorted(counts))[:IDS_MAX])

    def _purge_ran(self, now: datetime) -> Verdict:
        run = self._store.last_finished_purge()
        return model.purge_ran(run.finished_at if run else None, self._store.oldest_member_since(), now)

    def _purge_clean(self) -> Verdict:
        run = self._store.last_finished_purge()
        return model.purge_clean(run.failed, run.missing) if run else Verdict(Check.PURGE_CLEAN)

    def _settlement_made(self, now: datetime) -> Verdict:
        latest = next((str(report["day"]) for report in self._store.settlements(1)), None)
        return model.settlement_made(latest, self._store.oldest_member_since(), now)


def joined(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """One verdict for each question, in their order: what several looks found about one is added up."""
    order = list(Check)
    ordered = sorted(verdicts, key=lambda verdict: order.index(verdict.check))
    return [_sum(check, list(group)) for check, group in groupby(ordered, key=attrgetter("check"))]


def _sum(check: Check, found: list[Verdict]) -> Verdict:
    return Verdict(
        check,
        sum(verdict.count for verdict in found),
        tuple(name for verdict in found for name in verdict.ids)[:IDS_MAX],
        tuple(dict.fromkeys(uid for verdict in found for uid in verdict.members)),
        any(verdict.is_more for verdict in found),
    )
