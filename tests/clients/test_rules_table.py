"""firestore.rules through @firebase/rules-unit-testing: who does what where, every cell allowed or denied.

That every collection of the registry has its row, tests/rules checks.
"""

from collections import defaultdict
from typing import Any

import pytest

from tests.clients.conftest import ROOT, settings_for
from tests.clients.node import run_script
from tests.firestore_process import FirestoreProcess
from tests.rules.rules_table import DOCUMENTS, EVERYBODY, LISTED_BY_OWNER, MAY_GET, MAY_LIST_ALL, MEMBERS, PEOPLE

ALLOWED = {
    "get": MAY_GET,
    "list all": MAY_LIST_ALL,
    # Somebody who may list everything may ask for less, too.
    "list own": MAY_LIST_ALL | dict.fromkeys(LISTED_BY_OWNER, MEMBERS),
    "list by another uid": MAY_LIST_ALL,
}
OPERATIONS = [*ALLOWED, "create", "update", "replace", "update what is missing", "delete"]

Cells = dict[tuple[str, str], dict[str, str]]


@pytest.fixture(scope="module")
def cells(server: FirestoreProcess) -> Cells:
    """(operation, document) -> person -> what came of it."""
    people = {who: identity and {"uid": identity.uid, "claims": identity.claims} for who, identity in PEOPLE.items()}
    rules = (ROOT / "firestore.rules").read_text("utf-8")
    settings = settings_for(server, rules=rules, people=people, documents=DOCUMENTS)
    found: Cells = defaultdict(dict)
    for cell in run_script("rules_table.mjs", settings):
        found[cell["what"], cell["where"]][cell["who"]] = cell["outcome"]
    return found


def first_of_each_collection() -> list[str]:
    """One document of each collection: lists are tried once for each."""
    return list({path.rpartition("/")[0]: path for path in reversed(DOCUMENTS)}.values())[::-1]


@pytest.mark.parametrize("what", OPERATIONS)
def test_every_cell(cells: Cells, what: str) -> None:
    places = first_of_each_collection() if what.startswith("list") else list(DOCUMENTS)
    found = {where: cells.get((what, where), {}) for where in places}
    assert found == {where: _expected(what, where) for where in places}


def _expected(what: str, where: str) -> dict[str, str]:
    allowed: Any = ALLOWED.get(what, {}).get(where, [])
    return {who: "allowed" if who in allowed else "permission-denied" for who in EVERYBODY}
