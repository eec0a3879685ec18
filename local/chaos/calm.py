"""After the storm: lets everything come to its end by the sweep, with time passing in moments."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

from google.cloud.firestore import Client, FieldFilter

from local.scheduler import Scheduler
from local.scheduler.firing import RunFailed
from local.suite.clock import SuiteClock

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OPEN: tuple[tuple[str, str, str, object], ...] = (
    ("jobs", "status", "in", ["queued", "running"]),
    ("mail", "state", "in", ["queued", "sending"]),
    ("inbox", "state", "in", ["received", "parked"]),
    ("orders", "resume_at", ">", EPOCH),
    ("refunds", "state", "in", ["requested", "sent"]),
    ("exports", "state", "in", ["requested", "building"]),
    ("withdrawals", "requested_at", ">", EPOCH),
)
"""What has not come to its end, as queries: place, field, operator, value."""
MINUTES = (0, 0, 6, 6, 16, 16, 35, 35, 70, 70, 130, 130, 370, 370)
"""How much time passes before each sweep: a lease, a backoff, a deadline, an unpaid order, a parked event."""
PATIENCE_SECONDS = 25.0
"""How long one round is waited for; what has not ended by then is for the next sweep."""
DAY_HOURS = 24


class Unfinished:
    """Watches everything that has not come to its end."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._changed = threading.Condition()
        self.counts: dict[str, int] = {}

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch for the time of the block."""
        watches = [self._watch(*one) for one in OPEN]
        try:
            yield
        finally:
            for watch in watches:
                watch.unsubscribe()

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is left; whether it is so within ``seconds``."""
        with self._changed:
            return self._changed.wait_for(
                lambda: len(self.counts) == len(OPEN) and not any(self.counts.values()), seconds
            )

    def _watch(self, place: str, field: str, operator: str, value: object) -> Any:
        query = self._client.collection(place).where(filter=FieldFilter(field, operator, value))
        return query.on_snapshot(partial(self._count, place))

    def _count(self, place: str, snapshots: list[Any], *_: Any) -> None:
        with self._changed:
            self.counts[place] = len(snapshots)
            self._changed.notify_all()


def come_to_rest(client: Client, scheduler: Scheduler, clock: SuiteClock, say: Callable[[str], None]) -> dict[str, int]:
    """Sweep until everything has ended, then let a day pass with its purge and its settlement.

    Returns what never ended, by place; empty when all did.
    """
    unfinished = Unfinished(client)
    with unfinished.watched():
        for minutes in MINUTES:
            clock.move(minutes=minutes)
            _fired(scheduler, "sweep")
            if unfinished.wait(PATIENCE_SECONDS):
                break
            left = ", ".join(f"{count} {place}" for place, count in unfinished.counts.items() if count)
            say(f"{minutes} minutes later: {left}")
        clock.move(hours=DAY_HOURS)
        failed: dict[str, int] = {}
        for schedule in ("sweep", "purge", "settle", "sweep"):
            say(f"a day later: {schedule}")
            if not _fired(scheduler, schedule):
                failed[f"schedule {schedule}"] = 1
            unfinished.wait(PATIENCE_SECONDS)
        return {place: count for place, count in unfinished.counts.items() if count} | failed


def _fired(scheduler: Scheduler, schedule: str) -> bool:
    """Whether it ran; a sweep that fails is no harm while another one follows."""
    try:
        scheduler.fire_now(schedule)
    except RunFailed:
        return False
    return True
