"""storage.rules as a table: who does what to which file, and whether it is allowed."""

from pathlib import Path as FilePath
from typing import Any

import pytest
import yaml

from emulator.rules import AccessBudget, NoDocuments, Request, compile_rules, limits
from emulator.rules.environment import Operation
from emulator.rules.values import Path, Timestamp

RULESET = compile_rules(FilePath("storage.rules").read_text("utf-8"), "storage.rules")
OPERATIONS: list[Operation] = ["get", "list", "create", "update", "delete"]
STATUSES = {
    "owner": "active",
    "other": "active",
    "suspended": "suspended",
    "unfinished": "unfinished",
    "withdrawing": "withdrawing",
}
PEOPLE = [None, "owner", "other", "suspended", "unfinished", "withdrawing", "without profile", *"AB"]
OFFICERS = {"A", "B"}
EARLIER, NOW, LATER = Timestamp(1), Timestamp(2), Timestamp(3)
EXPORTS = {
    "ready": {"owner": "owner", "state": "ready", "expires_at": LATER},
    "kept": {"owner": "suspended", "state": "ready", "expires_at": LATER},
    "handed": {"owner": "owner", "state": "ready", "expires_at": LATER, "handed_to": "A"},
    "late": {"owner": "owner", "state": "ready", "expires_at": EARLIER, "handed_to": "A"},
    "to other": {"owner": "owner", "state": "ready", "expires_at": LATER, "handed_to": "other"},
    "others": {"owner": "other", "state": "ready", "expires_at": LATER},
    "building": {"owner": "owner", "state": "building", "expires_at": LATER},
    "expired": {"owner": "owner", "state": "ready", "expires_at": EARLIER},
}
FILE = {"name": "x", "size": 3, "contentType": "image/png", "metadata": {}}


class Accounts(NoDocuments):
    """The members' profiles in Firestore."""

    def __init__(self) -> None:
        self.asked = 0

    def get(self, path: Path) -> Any:
        self.asked += 1
        assert path.segments[:3] == ("databases", "(default)", "documents")
        if path.segments[3] == "exports":
            export = EXPORTS.get(path.segments[4])
            return None if export is None else {"data": export, "id": path.segments[4], "__name__": path}
        assert path.segments[3] == "users"
        status = STATUSES.get(path.segments[4])
        return None if status is None else {"data": {"status": status}, "id": path.segments[4], "__name__": path}


def is_allowed(who: str | None, operation: Operation, path: str, accounts: Accounts | None = None) -> bool:
    claims = {"roles": ["officer"]} if who in OFFICERS else {"role": "officer"}
    auth = None if who is None else {"uid": who, "token": claims}
    segments = ("b", "bucket", "o", *Path.parse(path).segments)
    request = {"auth": auth, "path": Path(segments), "resource": FILE, "method": operation, "time": NOW}
    variables = {"request": request, "resource": None if operation == "create" else FILE}
    access = AccessBudget(limits.DOCUMENT_ACCESSES_STORAGE)
    return RULESET.evaluate(
        "firebase.storage", Request(operation, segments, variables), accounts or Accounts(), access
    ).allowed


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "path",
    [
        "images/owner/job/0.png",
        "images/owner/job",
        "images/owner",
        "images/unfinished/job/0.png",
        "images/withdrawing/job/0.png",
        "images/without profile/job/0.png",
        "images/owner/job/deeper/0.png",
        "exports/owner/ready/imagesfactory.zip",
        "images/suspended/job/0.png",
        "exports/suspended/kept/imagesfactory.zip",
        "exports/owner/handed/imagesfactory.zip",
        "exports/owner/late/imagesfactory.zip",
        "exports/owner/to other/imagesfactory.zip",
        "exports/other/handed/imagesfactory.zip",
        "exports/owner/others/imagesfactory.zip",
        "exports/owner/building/imagesfactory.zip",
        "exports/owner/expired/imagesfactory.zip",
        "exports/owner/unknown/imagesfactory.zip",
        "exports/withdrawing/ready/imagesfactory.zip",
        "anything",
        "",
    ],
)
def test_who_may_do_what(path: str, operation: Operation) -> None:
    readable = {
        "images/owner/job/0.png": ["owner"],
        "exports/owner/ready/imagesfactory.zip": ["owner"],
        "exports/owner/handed/imagesfactory.zip": ["owner", "A"],
        "exports/owner/to other/imagesfactory.zip": ["owner"],
        "images/suspended/job/0.png": ["suspended"],
        "exports/suspended/kept/imagesfactory.zip": ["suspended"],
    }
    expected = readable.get(path, []) if operation == "get" else []
    assert [who for who in PEOPLE if is_allowed(who, operation, path)] == expected


def test_the_readable_places_are_the_registrys() -> None:
    registry = yaml.safe_load(FilePath("functions/imagesfactory/policy/retention.yaml").read_text("utf-8"))["buckets"]
    known = ["images/{uid}/{job}/{file}", "exports/{uid}/{export}/{file}"]
    assert list(registry) == known, "add the new place to the table above"


def test_a_stranger_costs_no_read_of_firestore() -> None:
    accounts = Accounts()
    assert not is_allowed("other", "get", "images/owner/job/0.png", accounts)
    assert accounts.asked == 0
    assert is_allowed("owner", "get", "images/owner/job/0.png", accounts)
    assert accounts.asked == 1


def test_the_file_has_no_issues() -> None:
    assert RULESET.warnings == ()
    assert RULESET.version == 2
