"""Indexes: cost that does not grow with the collection, and the queries production refuses without one."""

from __future__ import annotations

import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import grpc
import pytest

from emulator.firestore import messages as m
from emulator.firestore.errors import StatusError
from emulator.firestore.indexes import CompositeIndexes
from emulator.firestore.service import FirestoreService
from emulator.firestore.usage import Usage
from tests.unit.emulator.firestore.engine_support import Query, commit, name, paths, run, set_write

INDEXES = {
    "indexes": [
        {
            "collectionGroup": "c",
            "queryScope": "COLLECTION",
            "fields": [{"fieldPath": "color", "order": "ASCENDING"}, {"fieldPath": "n", "order": "DESCENDING"}],
        },
        {
            "collectionGroup": "c",
            "queryScope": "COLLECTION",
            "fields": [{"fieldPath": "size", "order": "ASCENDING"}, {"fieldPath": "n", "order": "DESCENDING"}],
        },
        {
            "collectionGroup": "c",
            "queryScope": "COLLECTION",
            "fields": [{"fieldPath": "tags", "arrayConfig": "CONTAINS"}, {"fieldPath": "n", "order": "ASCENDING"}],
        },
    ],
    "fieldOverrides": [
        {"collectionGroup": "c", "fieldPath": "secret", "indexes": []},
        {
            "collectionGroup": "c",
            "fieldPath": "owner",
            "indexes": [
                {"order": "ASCENDING", "queryScope": "COLLECTION"},
                {"order": "ASCENDING", "queryScope": "COLLECTION_GROUP"},
            ],
        },
    ],
}


def document(number: int) -> dict[str, Any]:
    return {
        "n": number,
        "color": f"color {number % 3}",
        "size": f"size {number % 2}",
        "owner": f"owner {number % 20}",
        "tags": ["all", number % 7],
        "secret": number,
    }


async def filled(count: int, **options: Any) -> FirestoreService:
    service = FirestoreService.open(None, CompositeIndexes.parse(INDEXES), **options)
    for start in range(0, count, 500):
        numbers = range(start, min(count, start + 500))
        await commit(service, *(set_write(f"c/{number:07d}", document(number)) for number in numbers))
    return service


async def steps(service: FirestoreService, work: Coroutine[Any, Any, Any]) -> int:
    """SQLite instructions a piece of work takes: a measure of cost that no other load can disturb."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    service._storage._connection.set_progress_handler(step, 1)
    await work
    service._storage._connection.set_progress_handler(None, 1)
    return count


CHEAP = {
    "by name": Query(limit=10),
    "by name, backwards": Query(orders=[("__name__", True)], limit=10),
    "range": Query(where=("n", ">=", 100), limit=10),
    "equality": Query(where=("owner", "==", "owner 7"), limit=10),
    "newest": Query(orders=[("n", True)], limit=10),
    "composite": Query(where=("color", "==", "color 1"), orders=[("n", True)], limit=10),
    "composite range": Query(
        where=("and", [("color", "==", "color 1"), ("n", "<", 200)]), orders=[("n", True)], limit=10
    ),
    "two composites joined": Query(
        where=("and", [("color", "==", "color 1"), ("size", "==", "size 1")]), orders=[("n", True)], limit=10
    ),
    "equalities joined": Query(where=("and", [("color", "==", "color 1"), ("size", "==", "size 1")]), limit=10),
    "contains": Query(where=("tags", "array-contains", 3), orders=[("n", False)], limit=10),
    "in": Query(where=("owner", "in", ["owner 1", "owner 2"]), limit=10),
    "page": Query(orders=[("n", False)], start=([150], False), limit=10),
    "group": Query(group=True, where=("owner", "==", "owner 7"), limit=10),
}


def test_reads_writes_and_indexed_queries_cost_the_same_in_a_large_collection() -> None:
    async def measured(count: int) -> dict[str, int]:
        service = await filled(count)
        get = service.get_document(m.GetDocumentRequest(name=name("c/0000100")), usage=Usage())
        costs = {"get": await steps(service, get)}
        costs["update"] = await steps(service, commit(service, set_write("c/0000100", document(101))))
        costs["create"] = await steps(service, commit(service, set_write("c/new", document(9))))
        for label, query in CHEAP.items():
            costs[label] = await steps(service, paths(service, query))
        service.close()
        return costs

    small, large = run(measured(300)), run(measured(6000))
    for label, cost in large.items():
        assert cost <= 1.5 * small[label], (label, small[label], cost)


@pytest.mark.parametrize("label", CHEAP)
def test_what_indexes_serve_is_not_refused(label: str) -> None:
    async def scenario() -> None:
        service = await filled(20, require_indexes=True)
        await paths(service, CHEAP[label])
        service.close()

    run(scenario())


REFUSED = {
    "equality and order": Query(where=("owner", "==", "owner 1"), orders=[("n", False)]),
    "wrong direction": Query(where=("tags", "array-contains", 3), orders=[("n", True)]),
    "two ranges": Query(where=("and", [("n", ">", 1), ("color", ">", "c")])),
    "exempted field": Query(where=("secret", "==", 1)),
    "group without group index": Query(group=True, where=("n", "==", 1)),
    "names against the order": Query(orders=[("n", False), ("__name__", True)]),
}


@pytest.mark.parametrize("label", REFUSED)
def test_what_production_refuses_is_refused_when_asked_and_served_otherwise(label: str) -> None:
    async def scenario() -> None:
        strict, lenient = await filled(20, require_indexes=True), await filled(20)
        with pytest.raises(StatusError, match="The query requires an index") as caught:
            await paths(strict, REFUSED[label])
        assert caught.value.code is grpc.StatusCode.FAILED_PRECONDITION
        await paths(lenient, REFUSED[label])
        strict.close()
        lenient.close()

    run(scenario())


def test_an_indexes_file_that_is_none_is_told_by_name(tmp_path: Path) -> None:
    path = tmp_path / "firestore.indexes.json"
    path.write_text(json.dumps({"indexes": [{"fields": []}]}), encoding="utf-8")
    with pytest.raises(ValueError, match=r"firestore\.indexes\.json"):
        CompositeIndexes.load(path)
    path.write_text(json.dumps(INDEXES), encoding="utf-8")
    assert len(CompositeIndexes.load(path).composites) == 3
