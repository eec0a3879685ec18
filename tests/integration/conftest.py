"""One Firestore server and one set of provider doubles for all tests of rooms; each test cleans up after itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.doubles import Doubles, running
from tests.firestore_process import ROOT, FirestoreProcess, start_firestore


@pytest.fixture(scope="session")
def firestore_process() -> Iterator[FirestoreProcess]:
    """With the indexes that are deployed: a query that production would refuse is refused here."""
    with start_firestore(None, "--indexes", str(ROOT / "firestore.indexes.json"), "--require-indexes") as process:
        yield process


@pytest.fixture(scope="session")
def doubles() -> Iterator[Doubles]:
    """Every provider's double."""
    with running() as started:
        yield started
