"""After all journeys: whatever the deployed functions left behind lies where the registry has a row for it."""

from __future__ import annotations

import os
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import pytest
import requests
from google.cloud import firestore
from imagesfactory.policy.retention import place_of, retention

from local.suite import Suite
from tests.documents import all_documents
from tests.registry_watch import bucket_place_of

BUCKET = "demo-imagesfactory.firebasestorage.app"
ADMIN: dict[str, Any] = {"headers": {"Authorization": "Bearer owner"}, "timeout": 60}


@pytest.mark.parametrize("database", ["(default)", "archive"])
def test_every_document_has_its_place(suite: Suite, database: str) -> None:
    with patch.dict(os.environ, suite.client_environment()):
        client: Any = firestore.Client(project=suite.project, database=database)
    found = {path: place_of(path) for path in all_documents(client)}
    client.close()
    assert found, "the journeys left nothing: was anything done?"
    assert [path for path, place in found.items() if place is None] == []
    if database == "archive":
        kept = {retention().collections[place].record_class for place in found.values() if place is not None}
        assert all(retention().classes[name].archived for name in kept)


def test_every_file_has_its_place(suite: Suite) -> None:
    root, known = f"{suite.addresses.storage.url}/storage/v1/b/{BUCKET}/o", "images/nobody/job/0.png"
    upload = {"name": known, "uploadType": "media"}
    requests.post(root.replace("/storage/", "/upload/storage/"), b"picture", params=upload, **ADMIN).raise_for_status()
    names: list[str] = []
    page: dict[str, str] = {}
    while True:
        answer = requests.get(root, params=page, **ADMIN).json()
        names += [item["name"] for item in answer.get("items", [])]
        if "nextPageToken" not in answer:
            break
        page = {"pageToken": answer["nextPageToken"]}
    requests.delete(f"{root}/{quote(known, safe='')}", **ADMIN).raise_for_status()
    assert known in names
    assert [name for name in names if bucket_place_of(name) is None] == []
