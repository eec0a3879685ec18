"""`firebase emulators:export` on the running suite: its Firestore part starts another server."""

from __future__ import annotations

import json
from pathlib import Path

import requests

from local.suite import Suite
from tests.firestore_process import start_firestore

SECONDS = 120
ADMIN = {"Authorization": "Bearer owner"}


def test_what_firebase_tools_exports_can_be_imported(suite: Suite, tmp_path: Path) -> None:
    root = f"{suite.addresses.firestore.url}/v1/projects/{suite.project}/databases/(default)/documents"
    body = {"fields": {"text": {"stringValue": "한글"}}}
    requests.patch(f"{root}/trials/export", json=body, headers=ADMIN, timeout=SECONDS).raise_for_status()
    target = tmp_path / "export"
    answer = requests.post(
        f"{suite.addresses.hub.url}/_admin/export",
        json={"path": str(target), "initiatedBy": "test"},
        timeout=SECONDS,
    )
    assert answer.status_code == 200, answer.text
    metadata = json.loads((target / "firebase-export-metadata.json").read_text())
    overall = target / metadata["firestore"]["metadata_file"]
    with start_firestore(None, "--project_id", "demo-taken", "--seed_from_export", str(overall)) as server:
        client = server.client("demo-taken")
        assert client.document("trials/export").get().to_dict() == {"text": "한글"}
        client.close()
    requests.delete(f"{root}/trials/export", headers=ADMIN, timeout=SECONDS).raise_for_status()
