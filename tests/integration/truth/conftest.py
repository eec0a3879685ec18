"""One lived-in service for all tests of the truth page: each plants one untruth and takes it away again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.doubles import Doubles
from tests.firestore_process import FirestoreProcess
from tests.lived_in import LivedIn
from tests.members import both_clean


@pytest.fixture(scope="module")
def service(firestore_process: FirestoreProcess, doubles: Doubles) -> Iterator[LivedIn]:
    client = firestore_process.client("demo-truth")
    archive = firestore_process.client("demo-truth", "archive")
    doubles.control.reset()
    with both_clean(firestore_process, client, archive):
        yield LivedIn(client, archive, doubles)
    client.close()
    archive.close()
