"""One Firestore server and one set of doubles for the tests of support, notices and mail events."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.doubles import Doubles, running
from tests.backend import Backend, clean_database
from tests.firestore_process import FirestoreProcess, start_firestore

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
def backend(firestore_process: FirestoreProcess, doubles: Doubles) -> Iterator[Backend]:
    client = firestore_process.client("demo-support")
    doubles.control.reset()
    with clean_database(client, firestore_process.url):
        yield Backend(client, doubles)
    client.close()
