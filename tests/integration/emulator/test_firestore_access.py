"""Security rules in force over every transport: what they allow passes, everything else is refused."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from tests.firestore_process import FirestoreProcess, start_firestore
from tests.integration.emulator.streams import ListenRequest, WriteRequest, kinds, open_stream

RULES = """
rules_version = '2';
service cloud.firestore {
  match /databases/{database}/documents {
    match /users/{uid} {
      allow read, create: if request.auth.uid == uid;
      match /notes/{note} { allow read, write: if request.auth.uid == uid; }
    }
    match /news/{item} { allow read: if resource.data.public == true; }
  }
}
"""


@pytest.fixture
def guarded(server: FirestoreProcess, project: str) -> FirestoreProcess:
    """The server with rules in force for the test's project."""
    url = f"{server.url}/emulator/v1/projects/{project}:securityRules"
    answer = httpx.put(url, json={"rules": {"files": [{"content": RULES}]}}, trust_env=False)
    assert (answer.status_code, answer.json()) == (200, {})
    return server


@pytest.fixture
def ada(guarded: FirestoreProcess, project: str) -> Iterator[httpx.Client]:
    """A signed-in user over REST."""
    base = f"{guarded.url}/v1/projects/{project}/databases/(default)/documents"
    headers = {"Authorization": f"Bearer {_token('ada')}"}
    with httpx.Client(base_url=base, headers=headers, trust_env=False) as made:
        yield made


def _token(uid: str) -> str:
    parts = ({"alg": "none", "typ": "JWT"}, {"sub": uid, "user_id": uid})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, ""])


def _as(uid: str) -> Any:
    return (("authorization", f"Bearer {_token(uid)}"),)


def test_own_documents_pass_and_others_do_not(ada: httpx.Client, client: Any) -> None:
    client.document("users/bob").set({"n": 1})
    assert ada.post("/users", params={"documentId": "ada"}, json={}).status_code == 200
    assert ada.get("/users/ada").status_code == 200
    assert ada.patch("/users/ada/notes/1", json={"fields": {}}).status_code == 200
    assert ada.get("/users/bob").status_code == 403
    assert ada.post("/users", params={"documentId": "eve"}, json={}).status_code == 403
    assert ada.patch("/users/ada", json={"fields": {"n": {"integerValue": "1"}}}).status_code == 403
    assert ada.delete("/users/ada").status_code == 403
    assert client.document("users/ada").get().exists
    assert not client.document("users/eve").get().exists


def test_queries_pass_only_when_every_result_must(ada: httpx.Client, client: Any) -> None:
    client.document("news/1").set({"public": True})
    public = {"fieldFilter": {"field": {"fieldPath": "public"}, "op": "EQUAL", "value": {"booleanValue": True}}}
    url = str(ada.base_url).rstrip("/") + ":runQuery"
    query = {"from": [{"collectionId": "news"}]}
    assert ada.post(url, json={"structuredQuery": query}).status_code == 403
    allowed = ada.post(url, json={"structuredQuery": {**query, "where": public}})
    assert allowed.status_code == 200
    assert len(allowed.json()) == 1


def test_what_only_servers_may_do_stays_closed(ada: httpx.Client) -> None:
    root = str(ada.base_url).rstrip("/")
    group = {
        "from": [{"collectionId": "users", "allDescendants": True}],
        "orderBy": [{"field": {"fieldPath": "__name__"}}],
    }
    assert ada.post(f"{root}:listCollectionIds", json={}).status_code == 403
    assert ada.post(f"{root}:partitionQuery", json={"structuredQuery": group, "partitionCount": 2}).status_code == 403


def test_a_write_stream_obeys_the_rules(guarded: FirestoreProcess, client: Any, project: str) -> None:
    database = f"projects/{project}/databases/(default)"
    with open_stream(guarded.address, "Write", metadata=_as("ada")) as stream:
        stream.send(WriteRequest(database=database))
        stream.next()
        for name in ("ada", "bob"):
            request = WriteRequest()
            request.writes.add().update.name = f"{database}/documents/users/{name}"
            stream.send(request)
        assert stream.next().write_results
        with pytest.raises(grpc.RpcError) as refused:
            stream.next()
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert [found.id for found in client.collection("users").stream()] == ["ada"]


def test_a_listener_is_cut_off_when_the_rules_stop_allowing_it(
    guarded: FirestoreProcess, client: Any, project: str
) -> None:
    database = f"projects/{project}/databases/(default)"
    client.document("news/1").set({"public": True})
    with open_stream(guarded.address, "Listen", metadata=_as("ada")) as stream:
        request = ListenRequest(database=database)
        request.add_target.target_id = 2
        request.add_target.documents.documents.append(f"{database}/documents/news/1")
        stream.send(request)
        assert kinds(stream.until_snapshot()) == ["ADD", "change 1", "CURRENT", "NO_CHANGE"]
        client.document("news/1").set({"public": False})
        ended = stream.next().target_change
        assert (ended.target_ids, ended.cause.code) == ([2], grpc.StatusCode.PERMISSION_DENIED.value[0])
        request.add_target.documents.documents[0] = f"{database}/documents/users/ada"
        stream.send(request)
        assert kinds(stream.until_snapshot())[0] == "ADD"
        url = f"{guarded.url}/emulator/v1/projects/{project}:securityRules"
        closed = {"rules": {"files": [{"content": "service cloud.firestore {}"}]}}
        assert httpx.put(url, json=closed, trust_env=False).status_code == 200
        assert stream.next().target_change.cause.code == grpc.StatusCode.PERMISSION_DENIED.value[0]


def test_rules_that_do_not_compile_leave_the_former_ones(ada: httpx.Client, guarded: Any, project: str) -> None:
    assert ada.post("/users", params={"documentId": "ada"}, json={}).status_code == 200
    url = f"{guarded.url}/emulator/v1/projects/{project}:securityRules"
    assert httpx.put(url, json={"rules": {"files": [{"content": "nonsense"}]}}, trust_env=False).status_code == 400
    assert ada.get("/users/ada").status_code == 200


def test_coverage_is_reported(ada: httpx.Client, guarded: FirestoreProcess, project: str) -> None:
    ada.get("/users/ada")
    url = f"{guarded.url}/emulator/v1/projects/{project}:ruleCoverage"
    assert httpx.get(url, trust_env=False).json()["rules"]["files"][0]["content"] == RULES
    assert "<html" in httpx.get(f"{url}.html", trust_env=False).text
    unknown = f"{guarded.url}/emulator/v1/projects/{project}-x:ruleCoverage"
    assert httpx.get(unknown, trust_env=False).status_code == 404


def test_a_rules_file_given_at_the_start_is_in_force(tmp_path: Path) -> None:
    rules = tmp_path / "firestore.rules"
    rules.write_text(RULES)
    with start_firestore(None, "--rules", str(rules), "--project_id", "demo-x") as server:
        root = f"{server.url}/v1/projects/demo-x/databases/(default)/documents"
        own = httpx.get(f"{root}/users/ada", headers={"Authorization": f"Bearer {_token('ada')}"}, trust_env=False)
        assert own.json()["error"]["status"] == "NOT_FOUND"
        assert httpx.get(f"{root}/users/ada", trust_env=False).status_code == 403
        other = root.replace("demo-x", "demo-y")
        assert httpx.get(f"{other}/users/ada", trust_env=False).status_code == 403
