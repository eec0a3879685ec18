"""Pure decisions of the purge: what a run goes through, who may work on it, and the evidence it leaves.

A run goes through its steps in order, one place of the registry each, and notes after every page where it is. Whoever
holds its lease works on it; when the lease runs out somebody else goes on from the last note. Doing a page again does
no harm: what is destroyed is not found again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from imagesfactory.kit.clock import legal_day
from imagesfactory.kit.ids import derive_id, digest_of
from imagesfactory.policy.retention import Destruction, retention

LEASE = timedelta(minutes=15)
"""How long a run is left alone after its last sign of life; longer than one page can take."""
FAILURES_LISTED_MAX = 100
"""More are counted, not listed: the evidence is one document."""
FIRST_HASH = "0" * 64
"""What the first record of evidence names as its predecessor."""


class Store(StrEnum):
    """Where a place is."""

    DEFAULT = "default"
    ARCHIVE = "archive"
    BUCKET = "bucket"


@dataclass(frozen=True)
class Step:
    """One place that a run goes through; ``path`` is its template in the registry."""

    store: Store
    path: str
    record_class: str
    destroyed: Destruction = "record"

    @property
    def name(self) -> str:
        """How the evidence calls it, for instance ``archive orders/{id}``."""
        return f"{self.store.value} {self.path}"


@dataclass(frozen=True)
class Failure:
    """One thing that could not be destroyed. ``item`` is a digest of its path: whoever knows the path can find it."""

    place: str
    code: str
    item: str


@dataclass(frozen=True)
class Position:
    """Where a run is: the step, and the last record of it that was looked at."""

    step: int = 0
    due_at: datetime | None = None
    path: str = ""


@dataclass(frozen=True)
class Run:
    """One run of the purge, and once it is finished the evidence of it."""

    sequence: int
    due_before: datetime
    """What is due at or before this instant goes."""
    previous_hash: str
    started_at: datetime
    position: Position = Position()
    claim: str = ""
    lease_until: datetime | None = None
    part: int = 1
    """How often work on it was begun; more than 1 when it was long, or interrupted."""
    destroyed: dict[str, int] = field(default_factory=dict)
    """Records and files by place; counts of an interrupted page may be missing."""
    failed: dict[str, int] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()
    orphans: int = 0
    """Files that no record named: destroyed as well."""
    missing: int = 0
    """Files that a record names and the bucket has not."""
    finished_at: datetime | None = None
    hash: str = ""

    @property
    def id(self) -> str:
        """The id of its document: in the order of sequence."""
        return f"{self.sequence:08d}"

    @property
    def is_finished(self) -> bool:
        """Whether every step is done."""
        return self.finished_at is not None


def steps() -> tuple[Step, ...]:
    """What every run goes through, from the registry.

    Records first: a file of a record that is due goes with it. Places without a period of their own are left out, as
    are those that something else destroys.
    """
    table = retention()
    timed = {name for name, record_class in table.classes.items() if record_class.period}
    archived = {name for name, record_class in table.classes.items() if record_class.archived}
    elsewhere = {"sign_up", "with_parent"}
    found: list[Step] = []
    for store in (Store.DEFAULT, Store.ARCHIVE):
        for path, place in table.collections.items():
            is_kept = place.record_class in (timed if store is Store.DEFAULT else archived)
            if is_kept and place.destroyed not in elsewhere:
                found.append(Step(store, path, place.record_class, _way(store, place.destroyed)))
    found += [Step(Store.BUCKET, path, place.record_class) for path, place in table.buckets.items()]
    return tuple(found)


def next_run(latest: Run | None, now: datetime) -> Run | None:
    """The run to work on: the latest if it is not finished, else a new one; None when today's is done."""
    if latest is None:
        return Run(1, now, FIRST_HASH, now)
    if not latest.is_finished:
        return latest
    if legal_day(latest.due_before) >= legal_day(now):
        return None
    return Run(latest.sequence + 1, now, latest.hash, now)


def may_claim(run: Run, now: datetime) -> bool:
    """Whether nobody else works on it."""
    return not run.is_finished and (run.lease_until is None or run.lease_until <= now)


def claimed(run: Run, token: str, now: datetime) -> Run:
    """The run in the hands of the worker ``token``."""
    is_resumed = bool(run.position.step or run.position.path or run.claim)
    return replace(run, claim=token, lease_until=now + LEASE, part=run.part + is_resumed)


def put_down(run: Run) -> Run:
    """The run with nobody working on it, so that its next part may begin at once."""
    return replace(run, lease_until=None)


def noted(run: Run, position: Position, place: str, destroyed: int, failures: list[Failure], now: datetime) -> Run:
    """The run after one page of ``place``."""
    return replace(
        run,
        position=position,
        lease_until=now + LEASE,
        destroyed=_added(run.destroyed, place, destroyed),
        failed=_added(run.failed, place, len(failures)),
        failures=(*run.failures, *failures)[:FAILURES_LISTED_MAX],
    )


def is_worth_noting(before: Run, after: Run) -> bool:
    """Whether a page changed more than the place to look at next, or half of the lease is over."""
    has_counts = (before.destroyed, before.failed, before.orphans, before.missing) != (
        after.destroyed,
        after.failed,
        after.orphans,
        after.missing,
    )
    late = before.lease_until is None or after.lease_until is None or after.lease_until - before.lease_until > LEASE / 2
    return has_counts or late


def finished(run: Run, now: datetime) -> Run:
    """The run as evidence, chained to the one before by its hash."""
    done = replace(run, finished_at=now, lease_until=None, claim="")
    return replace(done, hash=evidence_hash(done))


def evidence_hash(run: Run) -> str:
    """The hash over all that a finished run says, and over the hash of the one before."""
    said: dict[str, Any] = {
        "sequence": run.sequence,
        "previous_hash": run.previous_hash,
        "due_before": run.due_before.isoformat(),
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "part": run.part,
        "destroyed": run.destroyed,
        "failed": run.failed,
        "failures": [[failure.place, failure.code, failure.item] for failure in run.failures],
        "orphans": run.orphans,
        "missing": run.missing,
    }
    return digest_of(said)


def broken_links(runs: list[Run]) -> list[int]:
    """Sequence numbers of finished runs, given oldest first, that were changed or whose predecessor was taken away."""
    wrong = [run.sequence for run in runs if run.hash != evidence_hash(run)]
    for before, after in pairwise(runs):
        if (after.sequence, after.previous_hash) != (before.sequence + 1, before.hash):
            wrong.append(after.sequence)
    return sorted(set(wrong))


def failure(place: str, path: str, code: str) -> Failure:
    """A failure that names no one: paths hold the ids of members."""
    return Failure(place, code, derive_id("purge", path))


def _way(store: Store, destroyed: Destruction) -> Destruction:
    """The archive has no wallets to carry points to, and no files."""
    if store is Store.ARCHIVE and destroyed in {"ledger", "files"}:
        return "record"
    return destroyed


def _added(counts: dict[str, int], place: str, count: int) -> dict[str, int]:
    return {**counts, place: counts.get(place, 0) + count} if count else counts
