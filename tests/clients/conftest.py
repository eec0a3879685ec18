"""One Firestore server with the project's own rules and indexes for all tests of this folder."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.firestore_process import FirestoreProcess, start_firestore

ROOT = Path(__file__).resolve().parents[2]
AS_IN_PRODUCTION = (
    "--rules",
    str(ROOT / "firestore.rules"),
    "--indexes",
    str(ROOT / "firestore.indexes.json"),
    "--require-indexes",
)


@pytest.fixture(scope="session")
def server() -> Iterator[FirestoreProcess]:
    """A server keeping its data in memory."""
    with start_firestore(None, *AS_IN_PRODUCTION) as process:
        yield process


def settings_for(server: FirestoreProcess, **more: Any) -> dict[str, Any]:
    """What every script is given: where the server is, and a project (or the start of several) of its own."""
    return {"host": server.host, "port": server.port, "project": f"demo-{uuid.uuid4().hex[:8]}", **more}
