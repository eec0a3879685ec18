"""One Firestore server and one set of doubles for all payment tests; every test finds them empty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.doubles import Doubles, running
from tests.backend import clean_database
from tests.firestore_process import FirestoreProcess, start_firestore
from tests.shop import Shop

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="package")
def firestore_process() -> Iterator[FirestoreProcess]:
    with start_firestore(None, "--indexes", str(ROOT / "firestore.indexes.json"), "--require-indexes") as process:
        yield process


@pytest.fixture(scope="package")
def doubles() -> Iterator[Doubles]:
    with running() as started:
        yield started


@pytest.fixture
def shop(firestore_process: FirestoreProcess, doubles: Doubles) -> Iterator[Shop]:
    client = firestore_process.client("demo-payments")
    doubles.control.reset()
    with clean_database(client, firestore_process.url):
        yield Shop(client, doubles)
    client.close()
