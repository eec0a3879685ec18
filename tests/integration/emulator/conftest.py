"""One Firestore server process for all tests of this folder; every test has a project of its own in it."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.firestore_process import FirestoreProcess, start_firestore


@pytest.fixture(scope="session")
def server() -> Iterator[FirestoreProcess]:
    """A server keeping its data in memory."""
    with start_firestore() as process:
        yield process


@pytest.fixture
def project() -> str:
    """A project no other test uses."""
    return f"demo-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def client(server: FirestoreProcess, project: str) -> Iterator[Any]:
    """An admin client of the test's project."""
    made = server.client(project)
    yield made
    made.close()
