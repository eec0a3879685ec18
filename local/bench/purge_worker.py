"""The process that is measured: the purge and the bare deletion in turn, slice by slice, on a filled server.

``python -m local.bench.purge_worker ADDRESS PID SIZE`` prints a JSON line after every slice, the last with the figures.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Final, Self

import psutil
from google.cloud.firestore import Client
from google.cloud.firestore_v1.bulk_batch import BulkWriteBatch
from imagesfactory.kit.clock import SystemClock
from imagesfactory.privacy.purge.model import Run
from imagesfactory.privacy.purge.ports import StoredFile
from imagesfactory.privacy.purge.service import PAGE, Purge

from local.bench.server import client_of

BARE_RECORDS_MAX: Final = 50_000
"""Enough to know the speed of bare deletes; spread over the whole purge, so that both meet the same database."""
BARE: Final = ("bare_by_batch_write", "bare_by_commit")
"""Their collections."""
SLICE: Final = timedelta(seconds=10)
LOOK_SECONDS: Final = 0.02


@dataclass(frozen=True)
class Figures:
    """What one size came to: records a second, and microseconds of the server's processor a record."""

    purge_rate: float
    batch_write_rate: float
    commit_rate: float
    purge_server: float
    batch_write_server: float
    commit_server: float
    memory_megabytes: float
    """The most that this process ever held (resident set)."""


@dataclass
class _Spent:
    """Wall time, and the server's processor time, on some number of records."""

    server: psutil.Process
    wall: float = 0.0
    processor: float = 0.0
    records: int = 0

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.records / self.wall

    @property
    def of_server(self) -> float:
        """Microseconds of the server's processor a record."""
        return self.processor / self.records * 1e6

    def on(self, act: Callable[[], Any]) -> Any:
        """Do it and add what it took."""
        began, before = time.perf_counter(), self._taken()
        result = act()
        self.wall += time.perf_counter() - began
        self.processor += self._taken() - before
        return result

    def _taken(self) -> float:
        times = self.server.cpu_times()
        return times.user + times.system


class _Peak:
    """The most memory that this process held, looked at all the while. The kernel's own figure (ru_maxrss) will not do:
    it begins with what the process had that started this one.
    """

    def __init__(self) -> None:
        self.bytes = 0
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._ended.clear()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _look(self) -> None:
        process = psutil.Process()
        while not self._ended.wait(LOOK_SECONDS):
            self.bytes = max(self.bytes, process.memory_info().rss)


@dataclass
class _BareDeletes:
    """Deletes records whose names are known, one batch after the other."""

    client: Client
    place: str
    size: int
    done: int = 0

    def up_to(self, count: int) -> None:
        while self.done < min(count, self.size):
            batch: Any = self.client.batch() if self.place == BARE[1] else BulkWriteBatch(client=self.client)
            for number in range(self.done, min(self.done + PAGE, self.size)):
                batch.delete(self.client.document(f"{self.place}/{record_id(number)}"))
            batch.commit()
            self.done = min(self.done + PAGE, self.size)


@dataclass
class _NoBucket:
    """There are no files here."""

    deleted: list[str] = field(default_factory=list)

    def page(self, _prefix: str, _after: str, _limit: int) -> list[StoredFile]:
        return []

    def delete(self, name: str) -> None:
        self.deleted.append(name)


class _NobodyElse:
    """A queue whose tasks are the next turn of the loop below."""

    def enqueue(self, _function: str, _name: str, _payload: dict[str, str | int]) -> None:
        return


def record_id(number: int) -> str:
    """Ids as long as ours, and in no order."""
    return f"{number * 2_654_435_761 % 2**32:010d}abcdefghijklmn"


def main() -> None:
    """Work until the purge is through."""
    address, server_pid, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    client, archive = client_of(address), client_of(address, "archive")
    purge = Purge(client, archive, _NoBucket(), clock=SystemClock(), queue=_NobodyElse())
    bares = [_BareDeletes(client, place, min(size, BARE_RECORDS_MAX)) for place in BARE]
    of_purge, *of_bares = (_Spent(psutil.Process(server_pid)) for _ in range(3))
    for one in (client, archive):  # connected, and the library's modules loaded, as an instance at work has them
        list(one.collection("purges").limit(1).stream())
    peak = _Peak()
    run: Run | None = None
    while run is None or not run.is_finished:
        with peak, redirect_stdout(sys.stderr):  # the purge logs its work
            run = of_purge.on(lambda: purge.run(SLICE))
        if run is None:
            raise RuntimeError("somebody else purges")
        purged = sum(run.destroyed.values())
        for bare, of_bare in zip(bares, of_bares, strict=True):
            of_bare.on(partial(bare.up_to, bare.size if run.is_finished else purged * bare.size // size))
            of_bare.records = bare.done
        print(json.dumps({"destroyed": purged}), flush=True)
    if run.failed or purged != size:
        raise RuntimeError(f"{purged} of {size} went, {run.failed} failed")
    of_purge.records = purged
    of_batch_write, of_commit = of_bares
    figures = Figures(
        purge_rate=of_purge.rate,
        batch_write_rate=of_batch_write.rate,
        commit_rate=of_commit.rate,
        purge_server=of_purge.of_server,
        batch_write_server=of_batch_write.of_server,
        commit_server=of_commit.of_server,
        memory_megabytes=peak.bytes / 2**20,
    )
    print(json.dumps({"destroyed": purged, "figures": asdict(figures)}), flush=True)


if __name__ == "__main__":
    main()
