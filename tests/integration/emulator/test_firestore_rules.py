"""Security rules in front of the running server: users, queries, batches, listeners, coverage and reloading."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import pytest
from google.api_core.exceptions import PermissionDenied
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

from tests.firestore_process import FirestoreProcess

RULES = """rules_version = '2';
service cloud.firestore {
  match /databases/{database}/documents {
    function me() { return request.auth != null ? request.auth.uid : ''; }
    function changed() { return request.resource.data.diff(resource.data).affectedKeys(); }
    match /notes/{id} {
      allow read: if resource.data.owner == me();
      allow create: if request.resource.data.owner == me() && request.resource.data.keys().hasOnly(['owner', 'text']);
      allow update: if resource.data.owner == me() && changed().hasOnly(['text']);
    }
    match /profiles/{uid} { allow get: if uid == me() && request.auth.token.role == 'member'; }
    match /gated/{id} { allow get: if get(/databases/$(database)/documents/profiles/$(me())).data.active == true; }
  }
}
"""


def token(uid: str, **claims: Any) -> str:
    """An unsigned token as the Auth emulator makes them."""
    parts = [{"alg": "none", "type": "JWT"}, {"sub": uid, "user_id": uid, **claims}]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, ""])


@pytest.fixture
def guarded(server: FirestoreProcess, project: str) -> str:
    """A project with the rules in force."""
    answer = put_rules(server, project, RULES)
    assert (answer.status_code, answer.json()) == (200, {})
    return project


def put_rules(server: FirestoreProcess, project: str, text: str, **options: Any) -> httpx.Response:
    body = {"rules": {"files": [{"name": "firestore.rules", "content": text}]}, **options}
    return httpx.put(f"{server.url}/emulator/v1/projects/{project}:securityRules", json=body, trust_env=False)


class _UserClient(firestore.Client):
    """The real client with a user's token in place of the emulator's admin one."""

    def __init__(self, address: str, project: str, authorization: str | None) -> None:
        super().__init__(project=project, credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]
        channel = grpc.insecure_channel(address)
        self._firestore_api_internal = FirestoreClient(transport=FirestoreGrpcTransport(channel=channel))
        self._authorization = authorization

    @property
    def _rpc_metadata(self) -> list[tuple[str, str]]:
        metadata = [item for item in super()._rpc_metadata if item[0] != "authorization"]
        return metadata if self._authorization is None else [*metadata, ("authorization", self._authorization)]


@pytest.fixture
def clients(server: FirestoreProcess, guarded: str) -> Iterator[Any]:
    """Makes clients: of a user with claims, or of nobody."""
    made: list[Any] = []

    def make(uid: str | None, **claims: Any) -> Any:
        authorization = None if uid is None else f"Bearer {token(uid, **claims)}"
        made.append(_UserClient(server.address, guarded, authorization))
        return made[-1]

    yield make
    for client in made:
        client._firestore_api_internal.transport.close()


@pytest.fixture
def admin(server: FirestoreProcess, guarded: str) -> Iterator[Any]:
    client = server.client(guarded)
    yield client
    client.close()


def test_a_user_reads_and_writes_what_the_rules_allow(admin: Any, clients: Any) -> None:
    ada, bob, nobody = clients("ada"), clients("bob"), clients(None)
    ada.document("notes/1").create({"owner": "ada", "text": "hello"})
    assert ada.document("notes/1").get().get("text") == "hello"
    ada.document("notes/1").update({"text": "again"})
    for stranger in (bob, nobody):
        with pytest.raises(PermissionDenied):
            stranger.document("notes/1").get()
        with pytest.raises(PermissionDenied):
            stranger.document("notes/1").update({"text": "mine"})
        with pytest.raises(PermissionDenied):
            stranger.document("notes/2").create({"owner": "ada"})
    with pytest.raises(PermissionDenied, match="for 'update' @ L9"):
        ada.document("notes/1").update({"owner": "bob"})
    with pytest.raises(PermissionDenied, match="No matching allow statements"):
        ada.document("notes/1").delete()
    assert admin.document("notes/1").get().to_dict() == {"owner": "ada", "text": "again"}


def test_queries_are_proved_not_tried(admin: Any, clients: Any) -> None:
    for number, owner in enumerate(["ada", "ada", "bob"]):
        admin.document(f"notes/{number}").set({"owner": owner, "text": "x"})
    ada = clients("ada")
    mine = ada.collection("notes").where(filter=firestore.FieldFilter("owner", "==", "ada"))
    assert len(mine.get()) == 2
    assert mine.count().get()[0][0].value == 2
    with pytest.raises(PermissionDenied):
        ada.collection("notes").get()
    with pytest.raises(PermissionDenied):
        clients("bob").collection("notes").where(filter=firestore.FieldFilter("owner", "==", "ada")).get()
    with pytest.raises(PermissionDenied):
        clients("bob").collection("notes").count().get()


def test_a_refused_write_leaves_the_whole_batch_undone(admin: Any, clients: Any) -> None:
    ada = clients("ada")
    batch = ada.batch()
    batch.create(ada.document("notes/ok"), {"owner": "ada"})
    batch.create(ada.document("notes/bad"), {"owner": "bob"})
    with pytest.raises(PermissionDenied):
        batch.commit()
    assert not admin.document("notes/ok").get().exists


def test_claims_and_other_documents_count(admin: Any, clients: Any) -> None:
    admin.document("profiles/ada").set({"active": True})
    admin.document("gated/x").set({"n": 1})
    assert clients("ada", role="member").document("profiles/ada").get().exists
    with pytest.raises(PermissionDenied):
        clients("ada", role="guest").document("profiles/ada").get()
    assert clients("ada").document("gated/x").get().exists
    admin.document("profiles/ada").set({"active": False})
    with pytest.raises(PermissionDenied):
        clients("ada").document("gated/x").get()


def test_rest_callers_are_guarded_too(server: FirestoreProcess, guarded: str, admin: Any) -> None:
    admin.document("notes/1").set({"owner": "ada"})
    url = f"{server.url}/v1/projects/{guarded}/databases/(default)/documents/notes/1"
    assert httpx.get(url, headers={"authorization": f"Bearer {token('ada')}"}, trust_env=False).status_code == 200
    refused = httpx.get(url, headers={"authorization": f"Bearer {token('bob')}"}, trust_env=False)
    assert refused.status_code == 403
    assert refused.json()["error"]["message"].endswith("false for 'get' @ L7")
    assert httpx.get(url, trust_env=False).status_code == 403


def test_rules_that_do_not_compile_leave_the_former_ones(server: FirestoreProcess, guarded: str, clients: Any) -> None:
    refused = put_rules(server, guarded, "service cloud.firestore { match /x { allow read: if ; } }")
    assert refused.status_code == 400
    assert refused.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert "L1:53 Missing conditional expression after 'if'." in refused.json()["error"]["message"]
    told = put_rules(server, guarded, "service cloud.firestore { match /x { allow read: if ; } }", ignore_errors=True)
    assert told.status_code == 200
    (issue,) = told.json()["issues"]
    assert (issue["severity"], issue["sourcePosition"]["column"]) == ("ERROR", 53)
    clients("ada").document("notes/1").create({"owner": "ada"})


def test_new_rules_are_in_force_at_once(server: FirestoreProcess, guarded: str, clients: Any) -> None:
    ada = clients("ada")
    ada.document("notes/1").create({"owner": "ada"})
    assert put_rules(server, guarded, "service cloud.firestore { }").status_code == 200
    with pytest.raises(PermissionDenied):
        ada.document("notes/1").get()


def test_coverage_counts_since_the_rules_were_loaded(server: FirestoreProcess, guarded: str, clients: Any) -> None:
    ada = clients("ada")
    ada.document("notes/1").create({"owner": "ada"})
    ada.document("notes/1").get()
    url = f"{server.url}/emulator/v1/projects/{guarded}:ruleCoverage"
    answer = httpx.get(url, trust_env=False).json()
    assert answer["rules"]["files"] == [{"name": "firestore.rules", "content": RULES}]
    reading = next(node for node in answer["report"] if node["sourcePosition"]["line"] == 7)
    assert reading["values"] == [{"value": {"boolValue": True}, "count": 1}]
    page = httpx.get(f"{url}.html", trust_env=False)
    assert page.headers["content-type"].startswith("text/html")
    assert "Rules coverage" in page.text
    put_rules(server, guarded, RULES)
    again = httpx.get(url, trust_env=False).json()
    assert not any("values" in node for node in again["report"])
    unknown = f"{server.url}/emulator/v1/projects/demo-without-rules:ruleCoverage"
    assert httpx.get(unknown, trust_env=False).status_code == 404
