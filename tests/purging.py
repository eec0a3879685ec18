"""The purge joined to a real Firestore server: both databases, a bucket in memory, a clock that moves when told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from google.cloud import firestore
from imagesfactory.kit.clock import Clock
from imagesfactory.privacy.purge.service import Purge
from imagesfactory.privacy.purge.store import RunStore

from tests.backend import MemoryBucket, MovableClock, WaitingQueue


class StubbornBucket(MemoryBucket):
    """A bucket that can refuse to delete some files."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.refused: set[str] = set()

    def delete(self, name: str) -> None:
        if name in self.refused:
            raise PermissionError(name)
        super().delete(name)


class TickingClock(MovableClock):
    """A clock that goes on by itself, a little at every look."""

    tick = timedelta(0)

    def now(self) -> Any:
        self.instant += self.tick
        return self.instant


class Purging:
    """A purge and all it works on."""

    def __init__(self, client: firestore.Client, archive: firestore.Client, page: int = 500) -> None:
        self.client, self.archive = client, archive
        self.clock = TickingClock()
        self.bucket = StubbornBucket(self.clock)
        self.queue = WaitingQueue()
        self.runs = RunStore(client)
        self.purge = self.made(page)

    def made(self, page: int) -> Purge:
        """Another worker of the same purge."""
        return Purge(self.client, self.archive, self.bucket, clock=self.clock, queue=self.queue, page=page)

    def move(self, **by: float) -> None:
        """Move the clock."""
        self.clock.move(timedelta(**by))
