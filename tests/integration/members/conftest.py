"""The rooms of members' rights on two empty databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.doubles import Doubles
from tests.firestore_process import FirestoreProcess
from tests.members import Members, both_clean


@pytest.fixture
def house(firestore_process: FirestoreProcess, doubles: Doubles) -> Iterator[Members]:
    client = firestore_process.client("demo-members")
    archive = firestore_process.client("demo-members", "archive")
    doubles.control.reset()
    with both_clean(firestore_process, client, archive):
        yield Members(client, archive, doubles)
    client.close()
    archive.close()
