"""Runs a story on two empty databases and says how every class of records fared."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from google.cloud import firestore

from local.doubles import Doubles
from tests.firestore_process import FirestoreProcess
from tests.members import both_clean
from tests.simulation.checker import Checker
from tests.simulation.deeds import Deeds
from tests.simulation.driver import Simulation
from tests.simulation.house import SimulatedHouse
from tests.simulation.story import Story

PROJECT = "demo-simulation"
WATCH_SECONDS_MAX = 10.0


@contextmanager
def prepared(
    process: FirestoreProcess, doubles: Doubles, tell_story: Callable[[Deeds], Story], *, every_day: bool = False
) -> Iterator[Simulation]:
    """A simulation that is ready to run; everything it wrote is gone afterwards."""
    client, archive = process.client(PROJECT), process.client(PROJECT, "archive")
    doubles.control.reset()
    try:
        with both_clean(process, client, archive), _awake(client), _awake(archive):
            deeds = Deeds(SimulatedHouse(client, archive, doubles), Checker())
            yield Simulation(deeds.house, deeds, tell_story(deeds).acts, every_day=every_day)
    finally:
        doubles.control.reset()
        client.close()
        archive.close()


@contextmanager
def _awake(client: firestore.Client) -> Iterator[None]:
    """Keep one stream of the connection open: without any, the library starts a thread for every call, and a year has
    tens of thousands of them.
    """
    begun = threading.Event()
    watch = client.document("nothing/here").on_snapshot(lambda *_: begun.set())
    begun.wait(WATCH_SECONDS_MAX)
    try:
        yield
    finally:
        watch.unsubscribe()  # type: ignore[no-untyped-call]


def table(checker: Checker) -> list[tuple[str, int, int, int, int]]:
    """Each class of records: its name, how many came to be, died on their day, were taken back, and are alive."""
    alive = checker.alive()
    return [
        (name, checker.born[name], checker.died[name], checker.taken_back[name], alive[name])
        for name in sorted(checker.born)
    ]
