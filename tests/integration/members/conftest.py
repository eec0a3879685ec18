"""One Firestore server and one set of doubles for all tests of members' rights; every test finds them empty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.doubles import Doubles, running
from tests.firestore_process import FirestoreProcess, start_firestore
from tests.members import Members, both_clean

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
def house(firestore_process: FirestoreProcess, doubles: Doubles) -> Iterator[Members]:
    client = firestore_process.client("demo-members")
    archive = firestore_process.client("demo-members", "archive")
    doubles.control.reset()
    with both_clean(firestore_process, client, archive):
        yield Members(client, archive, doubles)
    client.close()
    archive.close()
