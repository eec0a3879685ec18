"""storage.rules through @firebase/rules-unit-testing and the Storage emulator: every cell allowed or denied."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
import yaml

from local.suite import Suite
from tests.clients.node import run_script
from tests.rules.rules_table import DOCUMENTS, EVERYBODY, PEOPLE

SECONDS = 60
REGISTRY = Path("functions/imagesfactory/policy/retention.yaml")
BUCKET = "demo-imagesfactory.appspot.com"
FILES = [
    "images/owner/job/0.png",
    "images/other/job/0.png",
    "images/unfinished/job/0.png",
    "images/withdrawing/job/0.png",
    "images/disabled/job/0.png",
    "images/without/job/0.png",
    "images/owner/job/deeper/0.png",
    "exports/owner/job/0.zip",
    "anything/else",
]
MAY_READ = {"images/owner/job/0.png": ["owner"], "images/other/job/0.png": ["other"]}
OPERATIONS: dict[str, dict[str, list[str]]] = {
    "read": MAY_READ,
    "look at": MAY_READ,
    "list": {},
    "create": {},
    "replace": {},
    "change": {},
    "delete": {},
}

ADMIN = {"Authorization": "Bearer owner"}

Cells = dict[str, dict[str, dict[str, str]]]


@pytest.fixture(scope="module")
def cells(suite: Suite) -> Iterator[Cells]:
    """operation -> file -> person -> what came of it."""
    for name in FILES:
        _put(suite, name)
    people = {who: identity and {"uid": identity.uid, "claims": identity.claims} for who, identity in PEOPLE.items()}
    settings = {
        "firestore": {"host": suite.addresses.firestore.host, "port": suite.addresses.firestore.port},
        "storage": {"host": suite.addresses.storage.host, "port": suite.addresses.storage.port},
        "project": suite.project,
        "bucket": BUCKET,
        "people": people,
        "profiles": {path.partition("/")[2]: fields for path, fields in DOCUMENTS.items() if _is_profile(path)},
        "files": FILES,
    }
    found: Cells = defaultdict(lambda: defaultdict(dict))
    for cell in run_script("storage_table.mjs", settings):
        found[cell["what"]][cell["where"]][cell["who"]] = cell["outcome"]
    yield found
    for name in FILES:
        url = f"{suite.addresses.storage.url}/v0/b/{BUCKET}/o/{quote(name, safe='')}"
        requests.delete(url, headers=ADMIN, timeout=SECONDS).raise_for_status()
    root = f"{suite.addresses.firestore.url}/v1/projects/{suite.project}/databases/(default)/documents"
    for path in filter(_is_profile, DOCUMENTS):
        requests.delete(f"{root}/{path}", headers=ADMIN, timeout=SECONDS).raise_for_status()


def _is_profile(path: str) -> bool:
    return path.startswith("users/") and path.count("/") == 1


def _put(suite: Suite, name: str) -> None:
    url = f"{suite.addresses.storage.url}/v0/b/{BUCKET}/o?name={quote(name, safe='')}"
    headers = {**ADMIN, "Content-Type": "image/png"}
    requests.post(url, data=b"picture", headers=headers, timeout=SECONDS).raise_for_status()


@pytest.mark.parametrize("what", OPERATIONS)
def test_every_cell(cells: Cells, what: str) -> None:
    expected = {where: _row(OPERATIONS[what].get(where, [])) for where in FILES}
    assert {where: dict(row) for where, row in cells[what].items()} == expected


def _row(allowed: list[str]) -> dict[str, str]:
    return {who: "allowed" if who in allowed else "storage/unauthorized" for who in EVERYBODY}


def test_every_place_of_the_registry_has_a_row() -> None:
    places = yaml.safe_load(REGISTRY.read_text("utf-8"))["buckets"]
    prefixes = {place.partition("/")[0] for place in places}
    assert prefixes <= {name.partition("/")[0] for name in FILES}, "add a file of the new place to FILES"
