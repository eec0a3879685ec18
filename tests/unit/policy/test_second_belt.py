"""What Google carries out for the retention table: the bucket's lifecycle rule, and the indexes that the purge asks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from imagesfactory.policy.retention import collection_name, retention
from imagesfactory.privacy.purge.files import prefix_of
from imagesfactory.privacy.purge.model import Store, steps

ROOT = Path(__file__).parents[3]
INDEX_FILES = {Store.DEFAULT: "firestore.indexes.json", Store.ARCHIVE: "firestore.archive.indexes.json"}


def deletions(rules: list[dict[str, Any]], condition: str) -> dict[str, int]:
    """Days by prefix."""
    found = [rule["condition"] for rule in rules if rule["action"]["type"] == "Delete"]
    return {prefix: one[condition] for one in found if condition in one for prefix in one["matchesPrefix"]}


@pytest.mark.parametrize("condition", ["age", "daysSinceCustomTime"])
def test_the_bucket_deletes_what_the_purge_left_and_never_earlier(condition: str) -> None:
    """A record lives through the last day of its period in Seoul, so the bucket waits one day more; by both dates of
    a file, its making and the time that we gave it.

    Source: cloud.google.com/storage/docs/lifecycle.
    """
    table = retention()
    periods = {prefix_of(path): table.classes[place.record_class].period for path, place in table.buckets.items()}
    expected = {prefix: period.days + 1 for prefix, period in periods.items() if period and period.days}
    rules = json.loads((ROOT / "storage.lifecycle.json").read_text())["lifecycle"]["rule"]
    assert len(expected) == len(table.buckets), "a rule can count days only"
    assert deletions(rules, condition) == expected


def test_pieces_of_uploads_that_never_ended_go_too() -> None:
    rules = json.loads((ROOT / "storage.lifecycle.json").read_text())["lifecycle"]["rule"]
    assert {"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": 1}} in rules


@pytest.mark.parametrize("store", list(INDEX_FILES))
def test_every_place_that_is_asked_as_a_group_has_the_index_for_it(store: Store) -> None:
    """Firestore indexes fields of single collections by itself, of collection groups only when told."""
    overrides = json.loads((ROOT / INDEX_FILES[store]).read_text())["fieldOverrides"]
    declared = {
        override["collectionGroup"]
        for override in overrides
        if override["fieldPath"] == "destroy_at"
        and {"order": "ASCENDING", "queryScope": "COLLECTION_GROUP"} in override["indexes"]
    }
    asked = {collection_name(step.path) for step in steps() if step.store is store and step.path.count("/") > 1}
    assert asked <= declared
    assert asked
