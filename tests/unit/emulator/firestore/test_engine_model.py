"""Random documents and queries: the engine must answer as a naive look at every document does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.firestore import keys
from emulator.firestore.indexes import CompositeIndexes
from emulator.firestore.service import FirestoreService
from emulator.firestore.usage import Usage
from tests.unit.emulator.firestore.engine_support import (
    Query,
    Reference,
    all_orders,
    commit,
    compare,
    delete_write,
    field_of,
    model_results,
    paths,
    run,
    set_write,
    value,
)


def composite(scope: str, *columns: str) -> dict[str, Any]:
    fields = [
        {"fieldPath": column[1:], "arrayConfig": "CONTAINS"}
        if column[0] == "@"
        else {"fieldPath": column[1:], "order": "DESCENDING" if column[0] == "-" else "ASCENDING"}
        for column in columns
    ]
    return {"collectionGroup": "c", "queryScope": scope, "fields": fields}


INDEXES = CompositeIndexes.parse(
    {
        "indexes": [
            composite("COLLECTION", "+a", "+b"),
            composite("COLLECTION", "+a", "-b"),
            composite("COLLECTION", "-a", "+b"),
            composite("COLLECTION", "@t", "+a"),
            composite("COLLECTION", "+m.x", "-a"),
            composite("COLLECTION_GROUP", "+b", "+a"),
        ],
        "fieldOverrides": [
            {
                "collectionGroup": "c",
                "fieldPath": "b",
                "indexes": [{"order": "ASCENDING"}, {"order": "ASCENDING", "queryScope": "COLLECTION_GROUP"}],
            }
        ],
    }
)
LONG = "z" * 1600
SCALARS = st.sampled_from(
    [
        *(None, False, True, 0, 1, 1.0, -0.0, 2, -3, 2.5, float("nan"), float("inf"), 2**53, 2**53 + 1, float(2**53)),
        *("", "a", "a\x00", "ab", "é", LONG + "a", LONG + "b", b"", b"\x00", b"a", datetime(2024, 1, 1)),  # noqa: DTZ001
        *(datetime(1960, 1, 1), Reference("c/x"), Reference("c/x/c/y")),  # noqa: DTZ001
    ]
)
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.sampled_from(["x", "y"]), SCALARS, max_size=2)
SMALL = st.sampled_from([None, 0, 1, 1.0, 2, "a", float("nan")])
DATA = st.fixed_dictionaries(
    {},
    optional={
        "a": SMALL | VALUES,
        "b": SMALL,
        "t": st.lists(SMALL, max_size=3),
        "m": st.dictionaries(st.sampled_from(["x", "y"]), SMALL, max_size=2),
    },
)
PATHS = st.sampled_from([*(f"c/{name}" for name in ("x", "y", "z", "w", "__id7__", "__id-2__", "__id10__")),
                         "c/x/c/y", "c/x/c/z", "o/1/c/x", "o/1/c/y", "o/1", "o/2/c/x/d/q"])  # fmt: skip
FIELDS = st.sampled_from(["a", "b", "t", "m.x", "m"])
COMPARABLE = SMALL.filter(lambda item: item is not None and str(item) != "nan") | st.lists(SMALL, max_size=2)
PREDICATES = (
    st.tuples(FIELDS, st.sampled_from(["<", "<=", ">", ">="]), COMPARABLE | st.sampled_from([LONG + "a", LONG]))
    | st.tuples(FIELDS, st.just("=="), VALUES | SMALL)
    | st.tuples(FIELDS, st.sampled_from(["is-null", "is-nan"]))
    | st.tuples(st.sampled_from(["t", "a"]), st.just("array-contains"), SMALL)
    | st.tuples(FIELDS, st.just("in"), st.lists(SMALL, min_size=1, max_size=3))
)
NEGATIONS = st.tuples(FIELDS, st.just("!="), SMALL) | st.tuples(
    FIELDS, st.just("not-in"), st.lists(SMALL, min_size=1, max_size=2)
)


@st.composite
def filters(draw: st.DrawFn) -> Any:
    parts: list[Any] = draw(st.lists(PREDICATES, max_size=3))
    if draw(st.booleans()) and len(parts) > 1:
        parts = [("or", parts[:2]), *parts[2:]]
    elif draw(st.booleans()):
        parts.append(draw(NEGATIONS))
    return ("and", parts) if parts else None


@st.composite
def queries(draw: st.DrawFn, documents: dict[str, dict[str, Any]]) -> Query:
    query = Query(where=draw(filters()))
    if draw(st.integers(0, 3)) == 0:
        query.group = True
        query.parent = draw(st.sampled_from(["", "o/1", "c/x"]))
    if draw(st.booleans()):
        names = draw(st.lists(st.sampled_from(["a", "b", "m.x"]), unique=True, max_size=2))
        query.orders = [(name, draw(st.booleans())) for name in names]
        if draw(st.integers(0, 4)) == 0 and {order for order, _ in all_orders(query)} == {*names, "__name__"}:
            query.orders.append(("__name__", draw(st.booleans())))
    query.limit = draw(st.none() | st.integers(0, 4))
    query.offset = draw(st.integers(0, 2))
    query.start, query.end = draw(cursors(query, documents)), draw(cursors(query, documents))
    return query


@st.composite
def cursors(draw: st.DrawFn, query: Query, documents: dict[str, dict[str, Any]]) -> Any:
    if draw(st.integers(0, 2)) or not documents:
        return None
    orders = all_orders(query)
    path = draw(st.sampled_from(sorted(documents)))
    values: list[Any] = []
    for order, _ in orders[: draw(st.integers(1, len(orders)))]:
        if order == "__name__":
            if not query.group and path.rpartition("/")[0] != "c":
                break
            values.append(Reference(path))
        else:
            found, native = field_of(documents[path], order)
            values.append(native if found else draw(SMALL))
    return (values, draw(st.booleans())) if values else None


def possible(query: Query) -> bool:
    """Whether production accepts the combination (see filter_compiler)."""
    flat = str(query.where)
    return not ("not-in" in flat and ("'in'" in flat or "'or'" in flat)) and flat.count("array-contains") < 2


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_queries_answer_as_the_model_does(data: st.DataObject) -> None:
    documents = data.draw(st.dictionaries(PATHS, DATA, max_size=9))
    wanted = [query for query in data.draw(st.lists(queries(documents), min_size=1, max_size=4)) if possible(query)]

    async def scenario() -> None:
        for indexes in (None, INDEXES):
            service = FirestoreService.open(None, indexes)
            await commit(service, *(set_write(path, fields) for path, fields in documents.items()))
            for query in wanted:
                assert await paths(service, query) == model_results(documents, query), query
            service.close()

    run(scenario())


JOINED = CompositeIndexes.parse(
    {"indexes": [composite("COLLECTION", column, order) for column in ("+a", "+b") for order in ("+n", "-n")]}
)
BITS = st.fixed_dictionaries({"a": st.integers(0, 1), "b": st.integers(0, 1), "n": st.integers(0, 5)})


@settings(max_examples=80, deadline=None)
@given(
    st.lists(BITS, min_size=6, max_size=14),
    st.sampled_from([[], [("__name__", True)], [("n", False)], [("n", True)], [("n", False), ("__name__", True)]]),
    st.none() | st.integers(1, 4),
    st.none() | st.integers(0, 5),
)
def test_joined_indexes_answer_as_the_model_does(
    rows: list[dict[str, Any]], orders: list[tuple[str, bool]], limit: int | None, start: int | None
) -> None:
    documents = {f"c/{number:02d}": row for number, row in enumerate(rows)}
    query = Query(where=("and", [("a", "==", 1), ("b", "==", 1)]), orders=orders, limit=limit)
    if start is not None and orders and orders[0][0] == "n":
        query.start = ([start], True)

    async def scenario() -> None:
        service = FirestoreService.open(None, JOINED)
        await commit(service, *(set_write(path, fields) for path, fields in documents.items()))
        assert await paths(service, query) == model_results(documents, query)
        service.close()

    run(scenario())


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_past_stays_readable_and_the_present_follows_every_commit(data: st.DataObject) -> None:
    steps = data.draw(st.lists(st.tuples(PATHS, st.none() | DATA), min_size=2, max_size=8))

    async def scenario() -> None:
        service = FirestoreService.open(None, INDEXES)
        documents: dict[str, dict[str, Any]] = {}
        past: list[tuple[Any, dict[str, dict[str, Any]]]] = []
        for path, fields in steps:
            if fields is None:
                answer = await commit(service, delete_write(path))
                documents = {other: kept for other, kept in documents.items() if other != path}
            else:
                answer = await commit(service, set_write(path, fields))
                documents = {**documents, path: fields}
            past.append((answer.commit_time, documents))
        query = data.draw(queries(documents).filter(possible))
        for moment, then in past:
            assert await paths(service, query, read_time=moment) == model_results(then, query), query
        service.close()

    run(scenario())


@settings(max_examples=400, deadline=None)
@given(VALUES, VALUES)
def test_encodings_compare_as_values_do(left: Any, right: Any) -> None:
    one, other = keys.encode(value(left)), keys.encode(value(right))
    expected = compare(left, right)
    assert (one > other) - (one < other) == expected
    inverted = keys.invert(one), keys.invert(other)
    assert (inverted[0] < inverted[1]) - (inverted[0] > inverted[1]) == expected
    assert one == other or not one.startswith(other)


@settings(max_examples=400, deadline=None)
@given(st.floats() | st.integers(-(2**63), 2**63 - 1), st.floats() | st.integers(-(2**63), 2**63 - 1))
def test_numbers_compare_by_mathematical_value(left: float, right: float) -> None:
    one, other = keys.encode(value(left)), keys.encode(value(right))
    assert (one > other) - (one < other) == compare(left, right)


def test_usage_counts_an_empty_query_as_one_read() -> None:
    async def scenario() -> None:
        service, usage = FirestoreService.open(None), Usage()
        await service.run_query(Query().request(), usage=usage)
        assert usage == Usage(reads=1)
        service.close()

    run(scenario())
