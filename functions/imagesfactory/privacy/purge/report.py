"""What is due when, and what is overdue: counted by the database, place by place, without reading a record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from imagesfactory.kit.clock import legal_day, start_of_legal_day
from imagesfactory.policy.retention import destroy_at, retention
from imagesfactory.privacy.purge.files import prefix_of
from imagesfactory.privacy.purge.model import Step, Store, steps
from imagesfactory.privacy.purge.ports import FileStore
from imagesfactory.privacy.purge.store import DuePlace

if TYPE_CHECKING:
    from google.cloud.firestore import Client

_PAGE: Final = 1000
_ELSEWHERE: Final = {"sign_up"}
"""Destroyed by another room, but due like the others."""


@dataclass(frozen=True)
class Row:
    """One place: how many of its records are due when (Asia/Seoul days)."""

    place: str
    record_class: str
    overdue: int
    """Due before today began: a purge should have destroyed them."""
    today: int
    """Due, or getting due, today."""
    week: int
    """Due in the seven days after today."""
    month: int
    """Due in the thirty days after today, without the first seven."""
    later: int
    undated: int
    """Whose clock has not started: an event will decide."""


def report(client: Client, archive: Client, files: FileStore, now: datetime) -> Iterator[Row]:
    """One row for each place that holds records with an end, as of ``now``."""
    others = [
        Step(Store.DEFAULT, path, place.record_class)
        for path, place in retention().collections.items()
        if place.destroyed in _ELSEWHERE
    ]
    for step in (*others, *steps()):
        if step.store is Store.BUCKET:
            yield _of_files(step, files, now)
        else:
            yield _of_records(step, client if step.store is Store.DEFAULT else archive, now)


def _bounds(now: datetime) -> list[datetime]:
    """The ends (included) of: overdue, today, week, month. A record that is due as a day begins is due on that day."""
    today = legal_day(now)
    starts = [start_of_legal_day(today + timedelta(days=days)) for days in (0, 1, 8, 31)]
    return [start - timedelta(microseconds=1) for start in starts]


def _of_records(step: Step, client: Client, now: datetime) -> Row:
    place = DuePlace(client, step)
    ends = _bounds(now)
    counts = [place.count(after, until) for after, until in zip([None, *ends], [*ends, None], strict=True)]
    undated = place.count(None, None) - sum(counts)
    return _row(step, counts, undated)


def _of_files(step: Step, files: FileStore, now: datetime) -> Row:
    counts: Counter[int] = Counter()
    ends, after = _bounds(now), ""
    while page := files.page(prefix_of(step.path), after, _PAGE):
        for file in page:
            due = destroy_at(step.record_class, file.stored_at)
            counts[-1 if due is None else sum(due > end for end in ends)] += 1
        after = page[-1].name
    return _row(step, [counts[index] for index in range(5)], counts[-1])


def _row(step: Step, counts: list[int], undated: int) -> Row:
    overdue, today, week, month, later = counts
    return Row(step.name, step.record_class, overdue, today, week, month, later, undated)
