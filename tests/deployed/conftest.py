"""The deployed functions among servers that run for the whole session; every test begins with empty ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local.doubles import Doubles, running
from tests.deployed.functions import Deployed
from tests.deployed.surroundings import PROJECT, HarnessClock, Surroundings, joined, task_queues
from tests.deployed.task_recorder import start_recorder
from tests.emulators import EmulatorAddresses, start_emulators
from tests.firestore_process import ROOT, FirestoreProcess, start_firestore


@pytest.fixture(scope="session")
def firestore_process() -> Iterator[FirestoreProcess]:
    """With the indexes that are deployed: a query that production would refuse is refused here."""
    with start_firestore(None, "--indexes", str(ROOT / "firestore.indexes.json"), "--require-indexes") as process:
        yield process


@pytest.fixture(scope="session")
def doubles() -> Iterator[Doubles]:
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def emulators() -> Iterator[EmulatorAddresses]:
    with start_emulators(PROJECT) as addresses:
        yield addresses


@pytest.fixture(scope="session")
def clock(doubles: Doubles, tmp_path_factory: pytest.TempPathFactory) -> HarnessClock:
    return HarnessClock(tmp_path_factory.mktemp("clock") / "ahead", doubles.addresses.home)


@pytest.fixture
def surroundings(
    firestore_process: FirestoreProcess, doubles: Doubles, emulators: EmulatorAddresses, clock: HarnessClock
) -> Iterator[Surroundings]:
    with start_recorder(task_queues()) as tasks:
        made = Surroundings(firestore_process, doubles, emulators, tasks, clock)
        made.reset()
        yield made


@pytest.fixture
def deployed(surroundings: Surroundings) -> Iterator[Deployed]:
    with joined(surroundings) as functions:
        yield functions


@pytest.fixture
def database(surroundings: Surroundings) -> Iterator[Any]:
    """A client of the default database, of the test's own."""
    client: Any = surroundings.client()
    yield client
    client.close()
