"""What is written into package-lock.json."""

import json
from pathlib import Path

from local.setup.lock import without_addresses

ROOT = Path(__file__).parents[4]
ADDRESS = "scheme://host.example/a.tgz"


def test_addresses_and_unneeded_entries_go_and_the_rest_stays() -> None:
    lock = {
        "lockfileVersion": 3,
        "packages": {
            "": {"name": "x"},
            "node_modules/a": {
                "version": "1.0.0",
                "resolved": ADDRESS,
                "integrity": "sha512-a",
            },
            "node_modules/b": {"resolved": "b", "link": True},
            "node_modules/c": {"version": "1.0.0", "extraneous": True},
        },
    }

    assert without_addresses(lock) == {
        "lockfileVersion": 3,
        "packages": {
            "": {"name": "x"},
            "node_modules/a": {"version": "1.0.0", "integrity": "sha512-a"},
            "node_modules/b": {"resolved": "b", "link": True},
        },
    }


def test_the_projects_lock_names_no_registry() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())

    assert without_addresses(lock) == lock
