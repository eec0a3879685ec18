"""The rooms of payments on an empty database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.doubles import Doubles
from tests.backend import clean_database
from tests.firestore_process import FirestoreProcess
from tests.shop import Shop


@pytest.fixture
def shop(firestore_process: FirestoreProcess, doubles: Doubles) -> Iterator[Shop]:
    client = firestore_process.client("demo-payments")
    doubles.control.reset()
    with clean_database(client, firestore_process.url):
        yield Shop(client, doubles)
    client.close()
