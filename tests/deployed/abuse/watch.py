"""What a call changed and said: the writes of this process, what it printed, what it answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final
from unittest.mock import patch

from google.cloud.firestore_v1.services.firestore import FirestoreClient
from imagesfactory.kit.errors import Outcome

from tests.deployed.functions import Answer

COUNTED: Final = ("allowances",)
"""A refused call may have been counted, and nothing else may have changed."""
INTERNALS: Final = ("Traceback", ".py", "google.", "projects/", "pydantic", "firestore", "Exception", "0x")


@dataclass
class Writes:
    """The paths of all documents that were written."""

    paths: list[str] = field(default_factory=list)

    def take(self) -> list[str]:
        """What was written since the last time, allowances apart."""
        found, self.paths = self.paths, []
        return [path for path in found if not path.startswith(COUNTED)]


@contextmanager
def recorded_writes() -> Iterator[Writes]:
    """Whatever any client of this process commits inside the block."""
    writes = Writes()

    def recording(commit: Any) -> Any:
        @wraps(commit)
        def recorded(client: Any, request: Any = None, **more: Any) -> Any:
            for write in request["writes"] if isinstance(request, dict) else request.writes:
                message = getattr(write, "_pb", write)
                name = message.update.name or message.delete or message.transform.document
                writes.paths.append(name.split("/documents/", 1)[1])
            return commit(client, request=request, **more)

        return recorded

    with (
        patch.object(FirestoreClient, "commit", recording(FirestoreClient.commit)),
        patch.object(FirestoreClient, "batch_write", recording(FirestoreClient.batch_write)),
    ):
        yield writes


def versions(*clients: Any) -> dict[str, Any]:
    """The version of every document of every collection, allowances apart."""
    found: dict[str, Any] = {}
    for client in clients:
        pending = [one for one in client.collections() if one.id not in COUNTED]
        while pending:
            for document in pending.pop().list_documents():
                snapshot = document.get()
                found[f"{client._database}/{document.path}"] = snapshot.update_time
                pending += document.collections()
    return found


def assert_refused_well(answer: Answer) -> None:
    """A callable's refusal: an outcome of the declared list, a stable code, both languages, and no insides."""
    error = answer.body["error"]
    assert error["status"].lower().replace("_", "-") in set(Outcome) - {Outcome.INTERNAL}, answer
    details = error["details"]
    assert details["code"].replace("-", "").isalpha(), answer
    assert all(details["message"][language] for language in ("ko", "en")), answer
    said = json.dumps({"error": {**error, "details": {**details, "fields": []}}})
    assert not [word for word in INTERNALS if word in said], answer
