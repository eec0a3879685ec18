"""Queries at their edges: refusals, projections, aggregations, nearest neighbours, listing and change feeds."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.firestore import limits
from emulator.firestore import messages as m
from emulator.firestore.errors import StatusError
from emulator.firestore.query import compile_query
from emulator.firestore.service import FirestoreService
from emulator.firestore.usage import Usage
from tests.unit.emulator.firestore.engine_support import (
    DATABASE,
    ROOT,
    Query,
    Reference,
    commit,
    delete_write,
    name,
    paths,
    run,
    set_write,
    value,
)

EQUAL = ("a", "==", 1)
NOT_EQUAL = ("a", "!=", 1)
NOT_IN = ("a", "not-in", [1])
REFUSED = [
    (Query(limit=-1), "limit is negative"),
    (Query(offset=-1), "offset is negative"),
    (Query(where=("a", "in", [])), "'IN' requires an non-empty ArrayValue."),
    (Query(where=("a", "in", 1)), "'IN' requires an non-empty ArrayValue."),
    (Query(where=("a", "in", list(range(31)))), "'IN' supports up to 30 comparison values."),
    (Query(where=("a", "not-in", list(range(11)))), "'NOT_IN' supports up to 10 comparison values."),
    (Query(where=("and", [NOT_EQUAL, ("b", "!=", 1)])), "Only a single 'NOT_EQUAL'"),
    (Query(where=("and", [NOT_IN, ("b", "in", [1])])), "'NOT_IN' cannot be used in the same query with 'IN'"),
    (Query(where=("or", [NOT_IN, EQUAL])), "'NOT_IN' cannot be used in the same query with 'OR'"),
    (Query(where=("and", [("a", "array-contains", 1), ("b", "array-contains", 1)])), "'ARRAY_CONTAINS'"),
    (Query(where=("and", [("a", "in", list(range(6))), ("b", "in", list(range(6)))])), "30 disjunctions"),
    (Query(where=("and", [(f"f{n}", ">", 1) for n in range(11)])), "at most 10 fields"),
    (Query(where=("and", [EQUAL] * 101)), "at most 100 filters"),
    (Query(where=("a", "<", None)), "cannot compare with null or NaN"),
    (Query(where=("and", [])), "at least one filter"),
    (Query(where=("__name__", "==", "x")), "__key__ filter value must be a Key"),
    (Query(where=("__name__", "==", Reference("other/x"))), "not a document of the collection"),
    (Query(orders=[("a", False), ("a", True)]), "duplicate"),
    (Query(orders=[("__name__", False)], where=("a", ">", 1)), "__name__ may not precede"),
    (Query(start=([1, 2], True)), "Cursor has too many values."),
    (Query(orders=[("a", False)], start=([1, "x"], True)), "__key__ filter value must be a Key"),
    (Query(collection=""), "must select all descendants"),
    (Query(collection="", group=True, where=EQUAL), "kind is required"),
]


@pytest.mark.parametrize(("query", "text"), REFUSED)
def test_queries_are_refused_as_in_production(query: Query, text: str) -> None:
    with pytest.raises(StatusError) as caught:
        compile_query(ROOT, query.message())
    assert caught.value.number == 3
    assert text in caught.value.message


def test_kindless_queries_see_every_descendant_in_name_order() -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        every = ["c/x", "c/x/d/y", "c/x/d/y/e/z", "c\x00/w", "d/x"]
        await commit(service, *(set_write(path, {}) for path in every))
        assert await paths(service, Query(collection="", group=True)) == every
        assert await paths(service, Query(collection="", group=True, parent="c/x")) == every[1:3]
        low, high = Reference("c/__id-9223372036854775808__"), Reference("c\x00/__id-9223372036854775808__")
        subtree = ("and", [("__name__", ">=", low), ("__name__", "<", high)])
        assert await paths(service, Query(collection="", group=True, where=subtree, limit=5)) == every[:3]
        backwards = Query(collection="", group=True, orders=[("__name__", True)], offset=1, limit=2)
        assert await paths(service, backwards) == ["c\x00/w", "c/x/d/y/e/z"]
        service.close()

    run(scenario())


def test_projections_keep_the_named_fields_and_the_times() -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        answer = await commit(service, set_write("c/x", {"a": 1, "m": {"x": 1, "y": 2}}))
        request = Query().request()
        for path in ("m.x", "missing"):
            request.structured_query.select.fields.add(field_path=path)
        found = (await service.run_query(request, usage=Usage()))[0].document
        assert dict(found.fields) == {"m": value({"x": 1})}
        assert found.update_time == answer.commit_time
        names = Query().request()
        names.structured_query.select.SetInParent()
        assert not (await service.run_query(names, usage=Usage()))[0].document.fields
        service.close()

    run(scenario())


def test_offsets_are_reported_and_empty_results_still_answer() -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        await commit(service, *(set_write(f"c/{number}", {}) for number in range(3)))
        first = (await service.run_query(Query(offset=2).request(), usage=Usage()))[0]
        assert (first.skipped_results, first.HasField("document")) == (2, True)
        only = await service.run_query(Query(offset=9).request(), usage=Usage())
        assert [(one.skipped_results, one.HasField("document")) for one in only] == [(3, False)]
        assert only[0].HasField("read_time")
        service.close()

    run(scenario())


def test_the_first_response_carries_a_new_transaction() -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        request = Query().request()
        request.new_transaction.read_write.SetInParent()
        identity = (await service.run_query(request, usage=Usage()))[0].transaction
        await commit(service, set_write("c/x", {}))
        with pytest.raises(StatusError) as caught:
            await commit(service, set_write("d/x", {}), transaction=identity)
        assert caught.value.number == 10
        service.close()

    run(scenario())


async def aggregate(service: FirestoreService, query: Query, *items: Any) -> tuple[dict[str, m.Value], int]:
    request = m.RunAggregationQueryRequest(parent=ROOT)
    request.structured_aggregation_query.structured_query.CopyFrom(query.message())
    for alias, kind, argument in items:
        item = request.structured_aggregation_query.aggregations.add(alias=alias)
        getattr(item, kind).SetInParent()
        if kind != "count":
            getattr(item, kind).field.field_path = argument
        elif argument is not None:
            item.count.up_to.value = argument
    usage = Usage()
    (answer,) = await service.run_aggregation_query(request, usage=usage)
    return dict(answer.result.aggregate_fields), usage.reads


NUMBERS = [1, 2.5, "text", None, 3]


def test_aggregations_count_sum_and_average() -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        await commit(service, *(set_write(f"c/{index}", {"n": n}) for index, n in enumerate(NUMBERS)))
        await commit(service, set_write("c/without", {"big": 2**63 - 1}), set_write("c/other", {"big": 1}))
        result, reads = await aggregate(
            service, Query(), ("", "count", None), ("total", "sum", "n"), ("", "avg", "n"), ("big", "sum", "big")
        )
        assert reads == 1
        assert result["field_1"] == value(7)
        assert result["total"] == value(6.5)
        assert result["field_2"].double_value == pytest.approx(6.5 / 3)
        assert result["big"] == value(float(2**63))
        nothing, _ = await aggregate(service, Query("empty"), ("s", "sum", "n"), ("a", "avg", "n"))
        assert nothing == {"s": value(0), "a": value(None)}
        capped, _ = await aggregate(service, Query(), ("two", "count", 2), ("all", "count", None))
        assert capped == {"two": value(2), "all": value(7)}
        limited, _ = await aggregate(service, Query(where=("n", ">", 0), offset=1, limit=9), ("c", "count", None))
        assert limited == {"c": value(2)}
        service.close()

    run(scenario())


def test_aggregations_are_billed_by_the_thousand() -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        for start in range(0, 1001, 500):
            await commit(service, *(set_write(f"c/{n}", {}) for n in range(start, min(start + 500, 1001))))
        assert await aggregate(service, Query(), ("c", "count", None)) == ({"c": value(1001)}, 2)
        service.close()

    run(scenario())


@pytest.mark.parametrize(
    ("items", "text"),
    [
        ([], "Aggregations can not be empty"),
        ([("x", "count", None)] * 2, "Aggregation aliases contain duplicate alias"),
        (
            [("", "count", None)] * 6,
            "The maximum number of aggregations allowed in an aggregation query is 5. Received: 6",
        ),
        ([("", "count", -1)], "up_to must be greater than zero"),
    ],
)
def test_aggregations_are_refused_as_in_production(items: list[Any], text: str) -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        with pytest.raises(StatusError) as caught:
            await aggregate(service, Query(), *items)
        assert caught.value.message == text
        service.close()

    run(scenario())


def vector(*elements: float) -> dict[str, Any]:
    return {"__type__": "__vector__", "value": [float(element) for element in elements]}


@pytest.mark.parametrize(
    ("measure", "threshold", "expected"),
    [(1, None, ["b", "a", "c"]), (1, 2.0, ["b", "a"]), (2, None, ["b", "a", "c"]), (3, None, ["a", "b", "c"])],
)
def test_nearest_neighbours_by_every_measure(measure: int, threshold: float | None, expected: list[str]) -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        vectors = {"a": vector(3, 1), "b": vector(1, 0), "c": vector(-2, 0), "d": vector(1, 0, 0), "e": [1.0, 0.0]}
        await commit(service, *(set_write(f"c/{key}", {"v": item}) for key, item in vectors.items()))
        request = Query().request()
        nearest = request.structured_query.find_nearest
        nearest.vector_field.field_path, nearest.distance_measure = "v", measure
        nearest.query_vector.CopyFrom(value(vector(2, 0)))
        nearest.limit.value, nearest.distance_result_field = 5, "distance"
        if threshold is not None:
            nearest.distance_threshold.value = 1.5
        answers = await service.run_query(request, usage=Usage())
        assert [answer.document.name[-1] for answer in answers] == expected
        assert all("distance" in answer.document.fields for answer in answers)
        service.close()

    run(scenario())


def test_listing_pages_missing_documents_and_collections() -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        found = [f"c/{letter}" for letter in "abcd"]
        await commit(service, *(set_write(path, {"n": -ord(path[-1])}) for path in found))
        await commit(service, set_write("c/ba/sub/x", {}), set_write("c/b/sub/x", {}), set_write("z/1/y/2", {}))

        async def pages(**fields: Any) -> list[list[str]]:
            result, token = [], ""
            while True:
                request = m.ListDocumentsRequest(
                    parent=ROOT, collection_id="c", page_size=3, page_token=token, **fields
                )
                page = await service.list_documents(request, usage=Usage())
                result.append([document.name[-2:].strip("/") for document in page.documents])
                token = page.next_page_token
                if not token:
                    return result

        assert await pages() == [["a", "b", "c"], ["d"]]
        assert await pages(order_by="n") == [["d", "c", "b"], ["a"]]
        assert await pages(order_by="n desc, __name__") == [["a", "b", "c"], ["d"]]
        assert await pages(show_missing=True) == [["a", "b", "ba"], ["c", "d"]]
        root = await service.list_collection_ids(m.ListCollectionIdsRequest(parent=ROOT), usage=Usage())
        assert list(root.collection_ids) == ["c", "z"]
        below = m.ListCollectionIdsRequest(parent=name("c/ba"))
        assert list((await service.list_collection_ids(below, usage=Usage())).collection_ids) == ["sub"]
        one = m.ListCollectionIdsRequest(parent=ROOT, page_size=1)
        first = await service.list_collection_ids(one, usage=Usage())
        assert (list(first.collection_ids), first.next_page_token) == (["c"], "c")
        service.close()

    run(scenario())


def test_partitions_are_sorted_cursors_that_split_a_group() -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        await commit(service, *(set_write(f"o/{n}/c/{n}", {}) for n in range(9)))
        request = m.PartitionQueryRequest(parent=ROOT, structured_query=Query(group=True).message(), partition_count=3)
        answer = await service.partition_query(request, usage=Usage())
        cursors = [cursor.values[0].reference_value for cursor in answer.partitions]
        assert cursors == [name("o/3/c/3"), name("o/6/c/6")]
        service.close()

    run(scenario())


def test_clearing_a_subtree_or_a_database_tells_every_removal() -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        gone: list[str] = []
        service.subscribe(lambda committed: gone.extend(c.name for c in committed.changes if c.after is None))
        await commit(service, *(set_write(path, {}) for path in ("c/x", "c/x/d/y", "c/y", "cc/x")))
        await service.clear(DATABASE, "c/x")
        assert gone == [name("c/x"), name("c/x/d/y")]
        assert await paths(service, Query()) == ["c/y"]
        await service.clear(DATABASE)
        assert gone[2:] == [name("c/y"), name("cc/x")]
        service.close()

    run(scenario())


def test_changes_since_a_version_are_net_and_end_at_the_horizon(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        await commit(service, set_write("c/x", {"a": 1}))
        await commit(service, set_write("c/x", {"a": 2}), set_write("c/gone", {}))
        await commit(service, delete_write("c/gone"), set_write("c/y", {}))
        changes = service.changes_since(DATABASE, 1) or []
        assert [(c.name[-1], c.before is None, c.after is None) for c in changes] == [
            ("x", False, False),
            ("y", True, False),
        ]
        monkeypatch.setattr(limits, "HISTORY_COMMITS_MAX", 1)
        await commit(service, set_write("c/z", {}))
        assert service.changes_since(DATABASE, 2) is None
        assert [c.name for c in service.changes_since(DATABASE, 3) or []] == [name("c/z")]
        service.close()

    run(scenario())


def test_the_past_is_kept_as_far_as_its_versions_have_room_also_of_documents_that_are_new(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "HISTORY_BYTES_MAX", 10 * limits.HISTORY_VERSION_BYTES)

    async def scenario() -> None:
        service = FirestoreService.open(None)
        for number in range(30):
            await commit(service, set_write(f"c/{number}", {}))
        assert service.changes_since(DATABASE, 15) is None
        assert len(service.changes_since(DATABASE, 25) or []) == 5
        service.close()

    run(scenario())


def test_databases_and_projects_are_apart() -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        other = "projects/demo/databases/archive"
        write = m.Write()
        write.update.name = f"{other}/documents/c/x"
        await service.commit(m.CommitRequest(database=other, writes=[write]), usage=Usage())
        assert await paths(service, Query()) == []
        assert service.read([name("c/x")]) == [None]
        assert (service.version(DATABASE), service.version(other)) == (0, 1)
        service.close()

    run(scenario())


def test_explaining_names_the_plan_without_reading() -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        await commit(service, set_write("c/x", {"a": 1}))
        plan = Query(where=EQUAL).request()
        plan.explain_options.analyze = False
        (answer,) = await service.run_query(plan, usage=Usage())
        assert answer.explain_metrics.plan_summary.indexes_used[0]["query_scope"] == "Collection"
        assert not answer.HasField("document")
        plan.explain_options.analyze = True
        (answer,) = await service.run_query(plan, usage=Usage())
        assert answer.explain_metrics.execution_stats.results_returned == 1
        service.close()

    run(scenario())
