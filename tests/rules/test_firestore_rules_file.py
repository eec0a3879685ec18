"""firestore.rules as a table: who does what where, and whether it is allowed."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator.firestore.errors import StatusError
from emulator.firestore.messages import Write
from emulator.firestore.query import compile_query
from emulator.firestore.writes import Staging
from emulator.firestore_rules.guard import RulesGuard
from emulator.rules import compile_rules
from tests.rules.rules_table import DOCUMENTS, EVERYBODY, MAY_GET, MEMBERS, PEOPLE, STAFF
from tests.unit.emulator.firestore_rules.proto_values import DATABASE, ROOT, document, query

RULESET = compile_rules(Path("firestore.rules").read_text("utf-8"))
COMMIT_MICROS = 1_768_480_496_123_456

MINE = ["owner", "==", "owner"]
PUBLISHED = ["state", "==", "published"]
# Queries by name: (what is asked, who may ask it).
QUERIES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "own entries": ({"collection": "entries", "parent": "wallets/owner"}, ["owner"]),
    "own consents": ({"collection": "consents", "parent": "users/owner"}, ["owner"]),
    "consents of an unfinished account": ({"collection": "consents", "parent": "users/unfinished"}, []),
    "everybody's entries": ({"collection": "entries", "group": True}, []),
    "all users": ({"collection": "users"}, []),
    "all wallets": ({"collection": "wallets"}, []),
    "all jobs": ({"collection": "jobs"}, []),
    "own jobs": ({"collection": "jobs", "where": MINE}, ["owner"]),
    "own jobs, newest first": (
        {"collection": "jobs", "where": MINE, "orderBy": [["created_at", "desc"]], "limit": 20},
        ["owner"],
    ),
    "own finished jobs": ({"collection": "jobs", "where": ["and", MINE, ["status", "==", "finished"]]}, ["owner"]),
    "own or finished jobs": ({"collection": "jobs", "where": ["or", MINE, ["status", "==", "finished"]]}, []),
    "own jobs and another's": ({"collection": "jobs", "where": ["owner", "in", ["owner", "other"]]}, []),
    "jobs from the own uid on": ({"collection": "jobs", "where": ["owner", ">=", "owner"]}, []),
    "jobs everywhere": ({"collection": "jobs", "group": True, "where": MINE}, []),
    "jobs of a disabled account": ({"collection": "jobs", "where": ["owner", "==", "disabled"]}, []),
    "own orders": ({"collection": "orders", "where": MINE}, ["owner"]),
    "all orders": ({"collection": "orders"}, []),
    "own inquiries": ({"collection": "inquiries", "where": MINE}, ["owner"]),
    "messages of the own inquiry": ({"collection": "messages", "parent": "inquiries/1"}, ["owner"]),
    "messages of a missing inquiry": ({"collection": "messages", "parent": "inquiries/2"}, []),
    "all messages": ({"collection": "messages", "group": True}, []),
    "published notices": ({"collection": "notices", "where": PUBLISHED}, [*MEMBERS, *STAFF]),
    "all notices": ({"collection": "notices"}, STAFF),
    "own payments": ({"collection": "payments", "where": MINE}, []),
    "own visits": ({"collection": "visits", "where": MINE}, []),
    "own mail": ({"collection": "mail", "where": MINE}, []),
    "misuse": ({"collection": "misuse"}, []),
}


def guard_of(who: str, database: str = DATABASE) -> RulesGuard:
    stored = {f"{database}/documents/{path}": renamed(path, fields, database) for path, fields in DOCUMENTS.items()}
    return RulesGuard(RULESET, PEOPLE[who], database, stored.get, lambda value: None)


def renamed(path: str, fields: dict[str, Any], database: str) -> Any:
    stored = document(path, fields)
    stored.name = f"{database}/documents/{path}"
    return stored


def is_allowed(ask: Any, *arguments: Any) -> bool:
    try:
        ask(*arguments)
    except StatusError as refusal:
        if refusal.code.name != "PERMISSION_DENIED":
            raise
        return False
    return True


@pytest.mark.parametrize("path", DOCUMENTS)
def test_reading_a_document(path: str) -> None:
    stored = document(path, DOCUMENTS[path])
    allowed = [who for who in EVERYBODY if is_allowed(guard_of(who).check_get, f"{ROOT}/{path}", stored)]
    assert allowed == MAY_GET.get(path, [])


@pytest.mark.parametrize(
    "path", ["users/without", "wallets/other", "jobs/none", "orders/none", "unheard/none", "mail/none"]
)
def test_a_missing_document_tells_nothing_to_strangers(path: str) -> None:
    allowed = [who for who in EVERYBODY if is_allowed(guard_of(who).check_get, f"{ROOT}/{path}", None)]
    assert allowed == (["other"] if path == "wallets/other" else [])


@pytest.mark.parametrize("name", QUERIES)
def test_asking_for_many(name: str) -> None:
    asked, expected = QUERIES[name]
    compiled = compile_query(f"{ROOT}/{asked['parent']}" if "parent" in asked else ROOT, query(asked))
    assert [who for who in EVERYBODY if is_allowed(guard_of(who).check_query, compiled)] == expected


@pytest.mark.parametrize("path", DOCUMENTS)
def test_nobody_writes_anything(path: str) -> None:
    stored = {f"{ROOT}/{path}": document(path, DOCUMENTS[path])}
    changed = {**DOCUMENTS[path], "owner": "owner", "status": "active", "points": 1000}
    writes = [
        Write(update=document(path, changed)),
        Write(delete=f"{ROOT}/{path}"),
        Write(update=document(f"{path.rpartition('/')[0]}/new", changed)),
    ]
    for who in EVERYBODY:
        for write in writes:
            staging = Staging(stored.get, COMMIT_MICROS)
            staging.apply(write)
            assert not is_allowed(staging.ask, guard_of(who)), (who, write.WhichOneof("operation"))


@pytest.mark.parametrize("path", DOCUMENTS)
def test_the_archive_is_nobodys(path: str) -> None:
    archive = "projects/demo-rules/databases/archive"
    stored = renamed(path, DOCUMENTS[path], archive)
    asked = [who for who in EVERYBODY if is_allowed(guard_of(who, archive).check_get, stored.name, stored)]
    assert asked == []


def test_a_stranger_costs_no_further_document() -> None:
    def read(name: str) -> Any:
        raise AssertionError(name)

    for who in ("nobody", "other"):
        guard = RulesGuard(RULESET, PEOPLE[who], DATABASE, read, lambda value: None)
        for path in ("wallets/owner", "jobs/1", "orders/1", "users/owner"):
            assert not is_allowed(guard.check_get, f"{ROOT}/{path}", document(path, DOCUMENTS[path]))


def test_every_collection_of_the_registry_has_a_row() -> None:
    registry = yaml.safe_load(Path("functions/imagesfactory/policy/retention.yaml").read_text("utf-8"))["collections"]
    shapes = [re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(place))) for place in registry]
    without = [shape.pattern for shape in shapes if not any(shape.fullmatch(path) for path in DOCUMENTS)]
    assert without == [], "add a row to DOCUMENTS in rules_table.py, and to its MAY_... tables who may read it"


def test_the_file_has_no_issues() -> None:
    assert RULESET.warnings == ()
    archive = compile_rules(Path("firestore.archive.rules").read_text("utf-8"))
    assert archive.warnings == ()
