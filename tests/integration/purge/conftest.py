"""One Firestore server for all tests of the purge; every test finds both databases empty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backend import clean_database
from tests.firestore_process import FirestoreProcess, start_firestore
from tests.purging import Purging

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="package")
def firestore_process() -> Iterator[FirestoreProcess]:
    with start_firestore(None, "--indexes", str(ROOT / "firestore.indexes.json"), "--require-indexes") as process:
        yield process


@pytest.fixture
def purging(firestore_process: FirestoreProcess) -> Iterator[Purging]:
    client = firestore_process.client("demo-purge")
    archive = firestore_process.client("demo-purge", "archive")
    with clean_database(client, firestore_process.url), clean_database(archive, firestore_process.url):
        yield Purging(client, archive, page=3)
    client.close()
    archive.close()
