"""What the database says without reading records: sums, counts, and the first few that lie past a deadline."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from imagesfactory.privacy.purge.model import Run, Store, steps
from imagesfactory.privacy.purge.store import DuePlace, run_from
from imagesfactory.truth.deadlines import NAMED_AFTER_MEMBERS, Deadline
from imagesfactory.truth.model import IDS_MAX, Check, Verdict
from imagesfactory.truth.reading import matching

if TYPE_CHECKING:
    from google.cloud.firestore import Client

COUNTED_MAX = 1000
"""Untruths are counted up to this many: who has more has an outage, not a list."""
REPORTS = 31
"""Settlements that are looked at: a month of them."""


class TruthStore:
    """Bounded questions to both databases."""

    def __init__(self, client: Client, archive: Client) -> None:
        self._client = client
        self._databases = {Store.DEFAULT: client, Store.ARCHIVE: archive}

    def overdue(self, deadline: Deadline, now: datetime) -> Verdict:
        """What lies past a deadline."""
        query: Any = self._client.collection(deadline.place)
        for name, value in deadline.conditions:
            query = query.where(filter=matching(name, "==", value))
        if deadline.instant:
            query = query.where(filter=matching(deadline.instant, "<=", now - deadline.patience))
            query = query.order_by(deadline.instant)
        return self._verdict(deadline.check, deadline.place, query)

    def below_zero(self, balance: str) -> Verdict:
        """Wallets in which ``balance`` is below zero."""
        query = self._client.collection("wallets").where(filter=matching(balance, "<", 0)).order_by(balance)
        return self._verdict(Check.NOTHING_BELOW_ZERO, "wallets", query)

    def undestroyed(self, due_before: datetime) -> dict[str, int]:
        """How many records were due at or before that instant and are still there, by place."""
        counts: dict[str, int] = {}
        for step in steps():
            if step.store is not Store.BUCKET:
                counts[step.name] = DuePlace(self._databases[step.store], step).count(None, due_before)
        return {place: count for place, count in counts.items() if count}

    def last_finished_purge(self) -> Run | None:
        """The run that was finished last, or the first one if none ever was."""
        query = self._client.collection("purges").order_by("finished_at", direction="DESCENDING").limit(1)
        return next((run_from(snapshot) for snapshot in query.stream()), None)

    def settlements(self, limit: int = REPORTS) -> Iterator[dict[str, Any]]:
        """What the newest reports say, newest first."""
        query = self._client.collection("settlements").order_by("day", direction="DESCENDING").limit(limit)
        for snapshot in query.select(["day", "difference_count", "ledger"]).stream():
            yield snapshot.to_dict() or {}

    def oldest_member_since(self) -> datetime | None:
        """Since when the oldest account exists."""
        query = self._client.collection("users").order_by("created_at").limit(1).select(["created_at"])
        found = list(query.stream())
        return found[0].get("created_at") if found else None

    def _verdict(self, check: Check, place: str, query: Any) -> Verdict:
        found = [snapshot.id for snapshot in query.limit(IDS_MAX).select(()).stream()]
        count, is_more = len(found), False
        if count == IDS_MAX:
            ((counted,),) = query.limit(COUNTED_MAX).count().get()
            count, is_more = int(counted.value), int(counted.value) == COUNTED_MAX
        members = tuple(found) if place in NAMED_AFTER_MEMBERS else ()
        return Verdict(check, count, tuple(f"{place}/{name}" for name in found), members, is_more)
