"""Every operator, type and method of the rules language, by the table of tests/conformance/rules/expressions.json."""

import json
from pathlib import Path as FilePath
from typing import Any

import pytest

from emulator.rules import NoDocuments, Request, compile_rules
from emulator.rules.values import LatLng, Path, Timestamp

TABLE = json.loads(FilePath("tests/conformance/rules/expressions.json").read_text("utf-8"))
CASES = [
    pytest.param(expression, outcome, id=f"{section}: {expression}")
    for section, rows in TABLE.items()
    if section != "about"
    for expression, outcome in rows
]
NOW = Timestamp(1_768_480_496_123_456_789)  # 2026-01-15T12:34:56.123456789Z
PATH = ("databases", "(default)", "documents", "items", "one")


class Documents(NoDocuments):
    """users/alice exists and changes in the request; users/later is created by it."""

    def get(self, path: Path) -> Any:
        return _user("active") if path.segments[-1] == "alice" else None

    def get_after(self, path: Path) -> Any:
        return _user("after") if path.segments[-1] in {"alice", "later"} else None


def _user(status: str) -> dict[str, Any]:
    return {"data": {"status": status}, "id": "alice", "__name__": Path((*PATH[:3], "users", "alice"))}


def _variables() -> dict[str, Any]:
    data = {
        "count": 3,
        "tags": ["a", "b"],
        "owner": "alice",
        "nested": {"deep": True},
        "at": Timestamp(0),
        "place": LatLng(37.5, 127.0),
        "friend": Path((*PATH[:3], "users", "bob")),
        "blob": b"abc",
    }
    request = {
        "auth": {"uid": "alice", "token": {"role": "editor", "email_verified": True}},
        "method": "get",
        "time": NOW,
        "path": Path(PATH),
        "resource": None,
    }
    return {"request": request, "resource": {"data": data, "id": "one", "__name__": Path(PATH)}}


@pytest.mark.parametrize("with_coverage", [False, True], ids=["plain", "covered"])
@pytest.mark.parametrize(("expression", "outcome"), CASES)
def test_expression(expression: str, outcome: bool | str, with_coverage: bool) -> None:
    source = (
        "rules_version = '2';\nservice cloud.firestore {\n match /databases/{database}/documents/items/{item} {\n"
        f"  allow get: if {expression}\n;\n }}\n}}"
    )
    ruleset = compile_rules(source, with_coverage=with_coverage)
    decision = ruleset.evaluate("cloud.firestore", Request("get", PATH, _variables()), Documents())
    assert decision.allowed is (outcome is True)
    if outcome is True:
        return
    (reason,) = decision.reasons
    assert (reason.operation, reason.allow_line) == ("get", 4)
    if outcome is False:
        assert reason.cause is None
        assert decision.explain() == "\nfalse for 'get' @ L4"
    else:
        wanted = str(outcome).partition(":")[2]
        assert reason.cause is not None, "the condition is false, not an error"
        assert reason.cause.startswith(wanted)


def test_the_table_reaches_every_builtin() -> None:
    from emulator.rules import library

    text = "\n".join(case.values[0] for case in CASES)  # type: ignore[misc]
    methods = [name for name in library.METHODS if f".{name}(" not in text]
    functions = [f"{space}.{name}" for space, names in library.NAMESPACES.items() for name in names]
    functions += [*library.FUNCTIONS, *library.FIRESTORE_ACCESSES, "debug"]
    assert methods == []
    assert [name for name in functions if f"{name}(" not in text] == []
