"""The rooms of support, notices and mail events on an empty database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.doubles import Doubles
from tests.backend import Backend, clean_database
from tests.firestore_process import FirestoreProcess


@pytest.fixture
def backend(firestore_process: FirestoreProcess, doubles: Doubles) -> Iterator[Backend]:
    client = firestore_process.client("demo-support")
    doubles.control.reset()
    with clean_database(client, firestore_process.url):
        yield Backend(client, doubles)
    client.close()
