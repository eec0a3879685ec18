"""The Storage rules runtime as the Storage emulator drives it: a child process, JSON lines, any order of answers."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.firestore_process import ROOT

STOP_SECONDS_MAX = 20.0
RULES = """rules_version = '2';
service firebase.storage {
  match /b/{bucket}/o {
    match /images/{uid}/{file} {
      allow get: if request.auth.uid == uid;
      allow create: if request.resource.size < 10 && request.resource.contentType.matches('image/.*')
        && resource == null;
      allow delete: if resource.metadata.owner == request.auth.uid && resource.timeCreated < request.time;
    }
    function has(id) { return firestore.exists(/databases/(default)/documents/a/$(id)); }
    match /shared/{file} {
      allow get: if firestore.get(/databases/(default)/documents/users/$(request.auth.uid)).data.member == true;
      allow list: if has('1') && has('2');
      allow update: if has('1') && has('2') && has('3');
    }
    match /{any=**} { allow list: if request.auth != null; }
    match /debugged { allow get: if debug(request.auth.uid) == 'ada'; }
  }
}
"""


class Runtime:
    """A running process and its two pipes."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "emulator.storage_rules", "serve"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.next_id = 0

    def write(self, line: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def send(self, action: str, context: dict[str, Any]) -> int:
        number, self.next_id = self.next_id, self.next_id + 1
        self.write(json.dumps({"id": number, "action": action, "context": context}).encode())
        return number

    def read(self) -> Any:
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())

    def load(self, content: str, name: str = "0") -> Any:
        self.send(
            "load_ruleset", {"rulesetName": name, "source": {"files": [{"name": "storage.rules", "content": content}]}}
        )
        return self.read()

    def ask(self, method: str, path: str, *, uid: str | None = "ada", name: str = "0", **variables: Any) -> int:
        auth = {"null_value": None} if uid is None else mapping(uid=text(uid), token=mapping(role=text("member")))
        segments = [{"simple": segment} for segment in path.split("/") if segment]
        request = mapping(
            path={"path_value": {"segments": segments}},
            time={"timestamp_value": "2026-01-15T12:34:56.123000Z"},
            resource=variables.get("after", {"null_value": None}),
            auth=auth,
        )
        context = {
            "rulesetName": name,
            "service": "firebase.storage",
            "path": path,
            "method": method,
            "variables": {"resource": variables.get("before", {"null_value": None}), "request": request},
        }
        return self.send("verify", context)

    def permits(self, method: str, path: str, **options: Any) -> bool:
        number = self.ask(method, path, **options)
        answer = self.read()
        assert (answer["id"], answer["status"], answer["errors"]) == (number, "ok", [])
        return bool(answer["result"]["permit"])

    def supply(self, number: int, status: str, **fields: Any) -> None:
        answer: dict[str, Any] = {"id": number, "status": status, "warnings": [], "errors": []}
        if status == "ok":
            answer["result"] = {"name": "projects/p/databases/(default)/documents/users/ada", "fields": fields}
        self.write(json.dumps(answer).encode())


def text(value: str) -> dict[str, Any]:
    return {"string_value": value}


def mapping(**fields: Any) -> dict[str, Any]:
    return {"map_value": {"fields": fields}}


@pytest.fixture
def runtime() -> Iterator[Runtime]:
    started = Runtime()
    assert started.read() == {"id": -1, "status": "ok", "errors": [], "warnings": [], "result": {}}
    yield started
    started.process.stdin.close()  # type: ignore[union-attr]
    try:
        assert started.process.wait(STOP_SECONDS_MAX) == 0
    finally:
        started.process.kill()
        started.process.stdout.close()  # type: ignore[union-attr]
        started.process.stderr.close()  # type: ignore[union-attr]


@pytest.fixture
def loaded(runtime: Runtime) -> Runtime:
    assert runtime.load(RULES) == {"id": 0, "status": "ok", "result": {"rulesVersion": 2}, "warnings": [], "errors": []}
    return runtime


def test_requests_are_decided(loaded: Runtime) -> None:
    picture = mapping(size={"int_value": 5}, contentType=text("image/png"))
    assert loaded.permits("get", "/b/bucket/o/images/ada/1.png")
    assert not loaded.permits("get", "/b/bucket/o/images/bob/1.png")
    assert not loaded.permits("get", "/b/bucket/o/images/ada/1.png", uid=None)
    assert loaded.permits("create", "/b/bucket/o/images/ada/1.png", after=picture)
    assert not loaded.permits("create", "/b/bucket/o/images/ada/1.png", after=picture, before=picture)
    big = mapping(size={"int_value": 50}, contentType=text("image/png"))
    assert not loaded.permits("create", "/b/bucket/o/images/ada/1.png", after=big)
    created = {"timestamp_value": "2026-01-15T12:34:55.999999Z"}
    mine = mapping(metadata=mapping(owner=text("ada")), timeCreated=created)
    assert loaded.permits("delete", "/b/bucket/o/images/x/1.png", before=mine)
    assert not loaded.permits("delete", "/b/bucket/o/images/x/1.png", before=mine, uid="bob")
    assert loaded.permits("list", "/b/bucket/o")
    assert loaded.permits("list", "/b/bucket/o/images/ada")
    assert not loaded.permits("update", "/b/bucket/o/images/ada/1.png", before=mine, after=picture)


def test_a_refusal_says_why(loaded: Runtime) -> None:
    loaded.ask("get", "/b/bucket/o/images/bob/1.png")
    answer = loaded.read()
    assert answer["result"] == {"permit": False}
    assert answer["warnings"] == ["Permission denied.\nfalse for 'get' @ L5"]


@pytest.mark.parametrize(
    ("status", "fields", "permitted"),
    [
        ("ok", {"member": {"booleanValue": True}}, True),
        ("ok", {"member": {"booleanValue": False}}, False),
        ("ok", {}, False),
        ("not_found", {}, False),
        ("invalid_state", {}, False),
    ],
)
def test_a_document_is_asked_for(loaded: Runtime, status: str, fields: Any, permitted: bool) -> None:
    number = loaded.ask("get", "/b/bucket/o/shared/1.png")
    assert loaded.read() == {
        "id": number,
        "server_request_id": number,
        "status": "ok",
        "action": "fetch_firestore_document",
        "context": {"path": "/databases/(default)/documents/users/ada"},
    }
    loaded.supply(number, status, **fields)
    answer = loaded.read()
    assert (answer["id"], answer["result"]) == (number, {"permit": permitted})


def test_requests_wait_for_documents_side_by_side(loaded: Runtime) -> None:
    first = loaded.ask("get", "/b/bucket/o/shared/1.png")
    second = loaded.ask("get", "/b/bucket/o/shared/2.png", uid="bob")
    assert [loaded.read()["context"]["path"][-4:] for _ in range(2)] == ["/ada", "/bob"]
    assert loaded.permits("get", "/b/bucket/o/images/ada/1.png")
    loaded.supply(second, "ok", member={"booleanValue": True})
    loaded.supply(first, "not_found")
    answers = [loaded.read(), loaded.read()]
    assert [(answer["id"], answer["result"]["permit"]) for answer in answers] == [(second, True), (first, False)]


def test_two_documents_and_no_third(loaded: Runtime) -> None:
    for method, permitted in (("list", True), ("update", False)):
        number = loaded.ask(method, "/b/bucket/o/shared/x", uid=None)
        for document in ("a/1", "a/2"):
            assert loaded.read()["context"]["path"].endswith(document)
            loaded.supply(number, "ok")
        assert loaded.read()["result"] == {"permit": permitted}


def test_nothing_is_allowed_without_a_ruleset(runtime: Runtime) -> None:
    runtime.ask("get", "/b/bucket/o/images/ada/1.png")
    answer = runtime.read()
    assert (answer["status"], answer["result"]) == ("ok", {"permit": False})
    assert answer["errors"]


def test_bad_rules_are_refused_and_the_former_ones_stay(loaded: Runtime) -> None:
    answer = loaded.load("service firebase.storage { match /b { allow read: if ; } }", "1")
    assert answer["status"] == "ok"
    assert answer["errors"] == ["storage.rules:1:54 ERROR Missing conditional expression after 'if'."]
    loaded.ask("get", "/b/bucket/o/images/ada/1.png", name="1")
    assert not loaded.read()["result"]["permit"]
    assert loaded.permits("get", "/b/bucket/o/images/ada/1.png")
    assert loaded.load("service firebase.storage { match /b { allow read: if nobody; } }", "2")["result"] == {
        "rulesVersion": 1
    }


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"garbage",
        b"{",
        b"[]",
        b"1",
        b"null",
        b'{"id": "x"}',
        b'{"id": true}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"id": 999}',
    ],
)
def test_a_line_without_a_request_is_survived(loaded: Runtime, line: bytes) -> None:
    loaded.write(line)
    assert loaded.permits("get", "/b/bucket/o/images/ada/1.png")


@pytest.mark.parametrize(
    "message",
    [
        {"action": "fly"},
        {"action": "verify"},
        {"action": "verify", "context": []},
        {"action": "verify", "context": {"rulesetName": "0"}},
        {"action": "verify", "context": {"rulesetName": "0", "method": "get", "path": "/b"}},
        {"action": "verify", "context": {"rulesetName": "0", "method": "fly", "path": "/b", "variables": {}}},
        {"action": "verify", "context": {"rulesetName": "0", "method": "get", "path": 1, "variables": {}}},
        {
            "action": "verify",
            "context": {"rulesetName": "0", "method": "get", "path": "/b", "variables": {"request": 1}},
        },
        {
            "action": "verify",
            "context": {"rulesetName": "0", "method": "get", "path": "/b", "variables": {"request": {"x": 1}}},
        },
        {
            "action": "verify",
            "context": {"rulesetName": "0", "method": "get", "path": "/b", "variables": {"a": {"int_value": "z"}}},
        },
        {"action": "load_ruleset", "context": {"rulesetName": "9", "source": {"files": []}}},
        {"action": "load_ruleset", "context": {"rulesetName": "9", "source": {"files": [{"name": "a"}]}}},
        {"action": "load_ruleset", "context": {}},
    ],
)
def test_a_request_that_makes_no_sense_is_answered_with_errors(loaded: Runtime, message: dict[str, Any]) -> None:
    loaded.write(json.dumps({"id": 77, **message}).encode())
    answer = loaded.read()
    assert (answer["id"], answer["status"], answer["result"]) == (77, "ok", {"permit": False})
    assert answer["errors"]
    assert loaded.permits("get", "/b/bucket/o/images/ada/1.png")


def test_debug_is_printed_as_a_line_that_is_no_json(loaded: Runtime) -> None:
    loaded.ask("get", "/b/bucket/o/debugged")
    assert loaded.process.stdout
    assert loaded.process.stdout.readline() == b'debug() in rules: {"stringValue": "ada"}\n'
    assert loaded.read()["result"] == {"permit": True}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_quietly(number: int) -> None:
    started = Runtime()
    started.read()
    started.process.send_signal(number)
    output, errors = started.process.communicate(timeout=STOP_SECONDS_MAX)
    assert (started.process.returncode, output, errors) == (0, b"", b"")


def test_how_to_use_it_is_told() -> None:
    done = subprocess.run([sys.executable, "-m", "emulator.storage_rules"], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"usage:" in done.stderr
