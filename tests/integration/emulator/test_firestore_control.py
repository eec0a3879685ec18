"""The control endpoints, called as firebase-tools and the test libraries call them."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from google.cloud.firestore import FieldFilter

from tests.firestore_process import FirestoreProcess, start_firestore


def test_the_health_probe_says_ok(server: FirestoreProcess) -> None:
    answer = httpx.get(server.url, trust_env=False)
    assert (answer.status_code, answer.text.strip()) == (200, "Ok")


def test_both_loopback_families_answer(server: FirestoreProcess) -> None:
    for host in ("127.0.0.1", "[::1]", "localhost"):
        assert httpx.get(f"http://{host}:{server.port}/", trust_env=False).status_code == 200


def test_clearing_one_database_leaves_others_and_subtrees_can_go_alone(
    server: FirestoreProcess, client: Any, project: str
) -> None:
    archive = server.client(project, "archive")
    for made in (client, archive):
        made.document("a/1").set({"n": 1})
        made.document("a/1/b/2").set({"n": 2})
        made.document("c/3").set({"n": 3})
    root = f"{server.url}/emulator/v1/projects/{project}/databases"
    assert httpx.delete(f"{root}/archive/documents/a/1", trust_env=False).status_code == 200
    assert [found.id for found in archive.collection_group("b").stream()] == []
    assert archive.document("c/3").get().exists
    assert httpx.delete(f"{root}/(default)/documents", trust_env=False).json() == {}
    assert list(client.collections()) == []
    assert [collection.id for collection in archive.collections()] == ["c"]
    archive.close()


def test_rules_are_taken_and_malformed_bodies_refused(server: FirestoreProcess, project: str) -> None:
    url = f"{server.url}/emulator/v1/projects/{project}:securityRules"
    rules = {"files": [{"name": "security.rules", "content": "service cloud.firestore {}"}]}
    assert httpx.put(url, json={"rules": rules, "ignore_errors": True}, trust_env=False).status_code == 200
    bodies: list[dict[str, Any]] = [{"rules": {}}, {"rules": {"files": [{"content": "service {"}]}}]
    for body in bodies:
        refused = httpx.put(url, json=body, trust_env=False)
        assert refused.status_code == 400
        assert "INVALID_ARGUMENT" in refused.text
    broken = {"rules": {"files": [{"name": "security.rules", "content": "service {"}]}, "ignore_errors": True}
    issues = httpx.put(url, json=broken, trust_env=False).json()["issues"]
    assert issues[0]["severity"] == "ERROR"
    assert issues[0]["sourcePosition"]["line"] == 1


def test_an_export_starts_another_server(server: FirestoreProcess, client: Any, project: str, tmp_path: Path) -> None:
    client.document("a/1").set({"n": 1, "tags": ["x"]})
    client.document("a/1/deep/2").set({})
    body = {
        "database": f"projects/{project}/databases/(default)",
        "export_directory": str(tmp_path),
        "export_name": "trial",
    }
    url = f"{server.url}/emulator/v1/projects/{project}:export"
    assert httpx.post(url, json=body, trust_env=False).json() == {}
    overall = tmp_path / "trial" / "trial.overall_export_metadata"
    with start_firestore(None, "--project_id", "demo-new", "--seed_from_export", str(overall)) as other:
        taken = other.client("demo-new")
        assert taken.document("a/1").get().to_dict()["tags"] == ["x"]
        assert taken.document("a/1/deep/2").get().exists
        assert [found.id for found in taken.collection("a").where(filter=FieldFilter("n", "==", 1)).stream()] == ["1"]
        taken.close()


@pytest.mark.parametrize(
    "wrong",
    [{"database": "(default)"}, {"export_name": "../x"}, {"export_name": ""}, {"export_directory": "/dev/null"}],
)
def test_exports_to_nowhere_are_refused(
    server: FirestoreProcess, project: str, tmp_path: Path, wrong: dict[str, str]
) -> None:
    body = {"database": f"projects/{project}/databases/d", "export_directory": str(tmp_path), "export_name": "x"}
    url = f"{server.url}/emulator/v1/projects/{project}:export"
    answer = httpx.post(url, json=body | wrong, trust_env=False)
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_trigger_registrations_are_answered(server: FirestoreProcess, project: str) -> None:
    root = f"{server.url}/emulator/v1/projects/{project}"
    first = {
        "eventTrigger": {
            "eventType": "providers/cloud.firestore/eventTypes/document.create",
            "resource": f"projects/{project}/databases/(default)/documents/a/{{id}}",
            "service": "firestore.googleapis.com",
        }
    }
    assert httpx.put(f"{root}/triggers/us-central1-one-0", json=first, trust_env=False).json() == {}
    assert httpx.delete(f"{root}/triggers/us-central1-one-0", trust_env=False).status_code == 200
    second = {
        "eventType": "google.cloud.firestore.document.v1.written",
        "database": "(default)",
        "namespace": "(default)",
        "document": {"value": "a/{id}", "matchType": "PATH_PATTERN"},
    }
    url = f"{root}/eventarcTrigger?eventarcTriggerId=us-central1-two-0"
    assert httpx.post(url, json=second, trust_env=False).json() == second
    assert httpx.post(url, json={**second, "eventType": "unknown"}, trust_env=False).status_code == 400
    assert httpx.post(f"{root}/eventarcTrigger", json=second, trust_env=False).status_code == 400


def test_usage_counts_what_would_be_billed(server: FirestoreProcess, client: Any, project: str) -> None:
    url = f"{server.url}/emulator/v1/usage"
    start = httpx.get(url, trust_env=False).json()["sequence"]
    batch = client.batch()
    batch.set(client.document("a/1"), {"n": 1})
    batch.set(client.document("a/2"), {"n": 2})
    batch.commit()
    client.document("a/1").get()
    client.document("a/missing").get()
    assert len(list(client.collection("a").stream())) == 2
    assert list(client.collection("empty").stream()) == []
    client.document("a/1").delete()
    database = f"projects/{project}/databases/(default)"
    answer = httpx.get(url, params={"since": start}, trust_env=False).json()
    entries = [entry for entry in answer["entries"] if entry["database"] == database]
    assert [(e["method"], e["reads"], e["writes"], e["deletes"]) for e in entries] == [
        ("Commit", 0, 2, 0),
        ("BatchGetDocuments", 1, 0, 0),
        ("BatchGetDocuments", 1, 0, 0),
        ("RunQuery", 2, 0, 0),
        ("RunQuery", 1, 0, 0),
        ("Commit", 0, 0, 1),
    ]
    assert answer["totals"]["reads"] >= 5
    assert answer["roundTrips"]["Commit"] >= 2
    assert httpx.get(url, params={"since": "x"}, trust_env=False).status_code == 400
    page = httpx.get(f"{url}.html", trust_env=False)
    assert "document reads" in page.text
    assert httpx.delete(url, trust_env=False).json() == {}
    assert httpx.get(url, trust_env=False).json()["totals"]["reads"] == 0
