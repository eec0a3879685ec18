"""The guard of the Firestore server: reads, writes, batches, and what rules see of them."""

from typing import Any

import pytest

from emulator.firestore.errors import StatusError
from emulator.firestore.messages import Write
from emulator.firestore.writes import Staging
from emulator.firestore_rules.guard import Identity, RulesGuard
from emulator.firestore_rules.loader import load_rules
from emulator.rules import compile_rules
from tests.unit.emulator.firestore_rules.proto_values import DATABASE, ROOT, document

COMMIT_MICROS = 1_768_480_496_123_456
ALICE = Identity("alice", {"role": "editor", "firebase": {"sign_in_provider": "password"}})


class World:
    """Committed documents and the rules in front of them."""

    def __init__(self, rules: str, identity: Identity | None = ALICE, **documents: dict[str, Any]) -> None:
        self.documents: dict[str, Any] = {}
        for path, fields in documents.items():
            self.put(path.replace("__", "/"), fields)
        source = (
            "rules_version = '2'; service cloud.firestore { match /databases/{database}/documents {\n" + rules + "\n}}"
        )
        self.shown: list[Any] = []
        self.guard = RulesGuard(compile_rules(source), identity, DATABASE, self.documents.get, self.shown.append)

    def put(self, path: str, fields: dict[str, Any]) -> None:
        self.documents[f"{ROOT}/{path}"] = document(path, fields)

    def may_get(self, path: str) -> bool:
        name = f"{ROOT}/{path}"
        return not self._refused(lambda: self.guard.check_get(name, self.documents.get(name)))

    def may_commit(self, *writes: Any) -> bool:
        staging = Staging(self.documents.get, COMMIT_MICROS)
        for write in writes:
            staging.apply(write)
        return not self._refused(lambda: staging.ask(self.guard))

    @staticmethod
    def _refused(ask: Any) -> bool:
        try:
            ask()
        except StatusError as error:
            if error.code.name != "PERMISSION_DENIED":
                raise
            return True
        return False


def put(path: str, fields: dict[str, Any]) -> Any:
    return Write(update=document(path, fields))


def delete(path: str) -> Any:
    return Write(delete=f"{ROOT}/{path}")


def test_a_missing_document_is_a_null_resource() -> None:
    world = World("match /a/{id} { allow get: if resource == null; }", a__there={"x": 1})
    assert world.may_get("a/missing")
    assert not world.may_get("a/there")


def test_who_is_asking() -> None:
    rules = (
        "match /open/{id} { allow get: if request.auth == null; }"
        "match /mine/{id} { allow get: if request.auth.uid == id && request.auth.token.role == 'editor'"
        " && request.auth.token.firebase.sign_in_provider == 'password'; }"
    )
    assert World(rules).may_get("mine/alice")
    assert not World(rules).may_get("mine/bob")
    assert not World(rules).may_get("open/x")
    assert World(rules, None).may_get("open/x")
    assert not World(rules, None).may_get("mine/alice")


def test_create_update_and_delete_are_told_apart() -> None:
    rules = (
        "match /c/{id} { allow create: if resource == null && request.resource.data.n == 1"
        " && request.method == 'create'; }"
        "match /u/{id} { allow update: if resource.data.n + 1 == request.resource.data.n; }"
        "match /d/{id} { allow delete: if resource.data.n == 1 && request.resource == null; }"
    )
    world = World(rules, u__x={"n": 1}, d__x={"n": 1}, c__x={"n": 1})
    assert world.may_commit(put("c/new", {"n": 1}))
    assert not world.may_commit(put("c/x", {"n": 1}))
    assert not world.may_commit(put("c/new", {"n": 2}))
    assert world.may_commit(put("u/x", {"n": 2}))
    assert not world.may_commit(put("u/x", {"n": 3}))
    assert not world.may_commit(put("u/new", {"n": 2}))
    assert world.may_commit(delete("d/x"))
    assert not world.may_commit(delete("d/missing"))
    assert not world.may_commit(delete("u/x"))


def test_one_refused_write_refuses_the_batch() -> None:
    world = World("match /a/{id} { allow write: if request.resource.data.ok; }")
    assert world.may_commit(put("a/1", {"ok": True}), put("a/2", {"ok": True}))
    assert not world.may_commit(put("a/1", {"ok": True}), put("a/2", {"ok": False}))
    assert not world.may_commit(put("a/1", {"ok": True}), put("b/2", {"ok": True}))


def test_rules_can_look_before_and_after_the_batch() -> None:
    rules = (
        "match /counter/{id} { allow write: if request.resource.data.n == 1; }"
        "match /item/{id} { allow create: if getAfter(/databases/$(database)/documents/counter/c).data.n == 1"
        " && !exists(/databases/$(database)/documents/counter/c)"
        " && existsAfter(/databases/$(database)/documents/counter/c); }"
    )
    assert World(rules).may_commit(put("item/a", {}), put("counter/c", {"n": 1}))
    assert not World(rules).may_commit(put("item/a", {}))
    assert not World(rules, counter__c={"n": 1}).may_commit(put("item/a", {}), put("counter/c", {"n": 1}))


def test_request_time_is_what_a_server_timestamp_gets() -> None:
    world = World("match /a/{id} { allow create: if request.resource.data.at == request.time; }")
    write = put("a/x", {})
    transform = write.update_transforms.add()
    transform.field_path = "at"
    transform.set_to_server_value = 1
    assert world.may_commit(write)
    assert not world.may_commit(put("a/y", {"at": {"timestamp": "2026-01-15T00:00:00Z"}}))


def test_each_write_may_read_ten_documents_and_the_batch_twenty() -> None:
    reads = " && ".join(
        f"exists(/databases/$(database)/documents/known/$(request.resource.data.first + '{index}'))"
        for index in range(10)
    )
    world = World(f"match /w/{{id}} {{ allow create: if {reads}; }}")
    for first in "abc":
        for index in range(10):
            world.put(f"known/{first}{index}", {"n": 1})
    writes = [put(f"w/{first}", {"first": first}) for first in "abc"]
    assert world.may_commit(*writes[:2])
    assert world.may_commit(writes[0], put("w/again", {"first": "a"}), writes[1])
    assert not world.may_commit(*writes)
    assert world.may_commit(writes[2]), "every commit has its own budget"


@pytest.mark.parametrize(
    "path",
    [
        "/databases/$(database)/documents/users",
        "/databases/other/documents/users/a",
        "/users/a",
        "/databases/$(database)/documents/__bad__/a",
        "path('')",
    ],
)
def test_looking_up_what_is_no_document_here_is_an_error(path: str) -> None:
    world = World(f"match /a/{{id}} {{ allow get: if exists({path}); allow list: if !exists({path}); }}")
    assert not world.may_get("a/x")
    with pytest.raises(StatusError, match="for 'get' @ L2"):
        world.guard.check_get(f"{ROOT}/a/x", None)


def test_debug_shows_values() -> None:
    world = World("match /a/{id} { allow get: if debug(id) == 'x'; }")
    assert world.may_get("a/x")
    assert world.shown == ["x"]


def test_loading_keeps_issues_and_coverage() -> None:
    rules, issues = load_rules("service cloud.firestore { match /x { } } }", "firestore.rules", lambda name: None)
    assert rules is None
    assert [issue.severity for issue in issues] == ["ERROR"]
    source = "service cloud.firestore { match /databases/{d}/documents/a/{id} { allow get: if id == nobody; } }"
    rules, issues = load_rules(source, "firestore.rules", lambda name: None)
    assert rules is not None
    assert [issue.severity for issue in issues] == ["WARNING"]
    with pytest.raises(StatusError):
        rules.guard(None, DATABASE).check_get(f"{ROOT}/a/x", None)
    assert rules.coverage()["report"][0]["values"]
    assert "firestore.rules" in rules.coverage_page()
