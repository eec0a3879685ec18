"""Short ways to build Firestore messages, and an independent, naive model of values and queries."""

from __future__ import annotations

import asyncio
import functools
import math
import re
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from emulator.firestore import messages as m
from emulator.firestore.service import FirestoreService
from emulator.firestore.usage import Usage

DATABASE = "projects/demo/databases/(default)"
ROOT = f"{DATABASE}/documents"
OPERATORS = {
    "<": 1,
    "<=": 2,
    ">": 3,
    ">=": 4,
    "==": 5,
    "!=": 6,
    "array-contains": 7,
    "in": 8,
    "array-contains-any": 9,
    "not-in": 10,
}
T = TypeVar("T")


@dataclass(frozen=True)
class Reference:
    """A reference value by relative path."""

    path: str


@dataclass(frozen=True)
class GeoPoint:
    """A geo point value."""

    latitude: float
    longitude: float


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run one coroutine on a loop of its own."""
    return asyncio.run(work)


def name(path: str) -> str:
    return f"{ROOT}/{path}"


def value(native: Any) -> m.Value:
    """The message for a Python value: None, bool, int, float, str, bytes, datetime, list, dict and the above."""
    if native is None:
        return m.Value(null_value=0)
    if isinstance(native, bool):
        return m.Value(boolean_value=native)
    if isinstance(native, int):
        return m.Value(integer_value=native)
    if isinstance(native, float):
        return m.Value(double_value=native)
    if isinstance(native, str):
        return m.Value(string_value=native)
    if isinstance(native, bytes):
        return m.Value(bytes_value=native)
    result = m.Value()
    if isinstance(native, Reference):
        result.reference_value = name(native.path)
    elif isinstance(native, GeoPoint):
        result.geo_point_value.latitude = native.latitude
        result.geo_point_value.longitude = native.longitude
    elif isinstance(native, datetime):
        result.timestamp_value.FromDatetime(native)
    elif isinstance(native, list):
        result.array_value.SetInParent()
        result.array_value.values.extend(map(value, native))
    else:
        result.map_value.SetInParent()
        for key, item in native.items():
            result.map_value.fields[key].CopyFrom(value(item))
    return result


def set_write(path: str, data: dict[str, Any], *, mask: Sequence[str] | None = None, **condition: Any) -> m.Write:
    write = m.Write()
    write.update.name = name(path)
    for key, item in data.items():
        write.update.fields[key].CopyFrom(value(item))
    if mask is not None:
        write.update_mask.SetInParent()
        write.update_mask.field_paths.extend(mask)
    if condition:
        write.current_document.CopyFrom(m.Precondition(**condition))
    return write


def delete_write(path: str, **condition: Any) -> m.Write:
    write = m.Write(delete=name(path))
    if condition:
        write.current_document.CopyFrom(m.Precondition(**condition))
    return write


@dataclass
class Query:
    """A query as data, for the server and for the model alike."""

    collection: str = "c"
    parent: str = ""
    group: bool = False
    where: Any = None
    """None, ``(field, operator, operand)``, or ``("and"|"or", [parts])``."""
    orders: list[tuple[str, bool]] = field(default_factory=list)
    limit: int | None = None
    offset: int = 0
    start: tuple[list[Any], bool] | None = None
    end: tuple[list[Any], bool] | None = None

    def message(self) -> m.StructuredQuery:
        query = m.StructuredQuery(offset=self.offset)
        query.from_.add(collection_id=self.collection, all_descendants=self.group)
        if self.where is not None:
            query.where.CopyFrom(_filter(self.where))
        for path, descending in self.orders:
            query.order_by.add(direction=2 if descending else 1).field.field_path = path
        if self.limit is not None:
            query.limit.value = self.limit
        for cursor, target in ((self.start, "start_at"), (self.end, "end_at")):
            if cursor is not None:
                getattr(query, target).before = cursor[1]
                getattr(query, target).values.extend(map(value, cursor[0]))
        return query

    def request(self, **fields: Any) -> m.RunQueryRequest:
        parent = f"{ROOT}/{self.parent}" if self.parent else ROOT
        return m.RunQueryRequest(parent=parent, structured_query=self.message(), **fields)


def _filter(node: Any) -> Any:
    result = m.StructuredQuery().where
    if node[0] in {"and", "or"}:
        result.composite_filter.op = 1 if node[0] == "and" else 2
        result.composite_filter.filters.extend(map(_filter, node[1]))
    elif node[1] in {"is-null", "is-nan", "is-not-nan", "is-not-null"}:
        result.unary_filter.op = {"is-nan": 2, "is-null": 3, "is-not-nan": 4, "is-not-null": 5}[node[1]]
        result.unary_filter.field.field_path = node[0]
    else:
        result.field_filter.field.field_path = node[0]
        result.field_filter.op = OPERATORS[node[1]]
        result.field_filter.value.CopyFrom(value(node[2]))
    return result


async def commit(service: FirestoreService, *writes: m.Write, transaction: bytes = b"") -> m.CommitResponse:
    request = m.CommitRequest(database=DATABASE, writes=writes, transaction=transaction)
    return await service.commit(request, usage=Usage())


async def paths(service: FirestoreService, query: Query, **fields: Any) -> list[str]:
    """Relative paths of the results of a query."""
    responses = await service.run_query(query.request(**fields), usage=Usage())
    return [answer.document.name[len(ROOT) + 1 :] for answer in responses if answer.HasField("document")]


# --- the naive model: nothing below uses the engine -----------------------------------------------------------


def type_rank(native: Any) -> int:
    order: list[Any] = [type(None), bool, (int, float), datetime, str, bytes, Reference, GeoPoint, list, dict]
    return next(rank for rank, kinds in enumerate(order) if isinstance(native, kinds))


def compare(left: Any, right: Any) -> int:
    """Order of two native values, written as the documentation tells it."""
    if type_rank(left) != type_rank(right):
        return _sign(type_rank(left), type_rank(right))
    if left is None:
        return 0
    if isinstance(left, list):
        return _compare_sequences([(item,) for item in left], [(item,) for item in right])
    if isinstance(left, dict):
        mine = sorted(left.items(), key=lambda item: item[0].encode())
        return _compare_sequences(mine, sorted(right.items(), key=lambda item: item[0].encode()))
    if isinstance(left, str):
        return _sign(left.encode(), right.encode())
    if isinstance(left, Reference):
        return _sign(_path_order(left), _path_order(right))
    if isinstance(left, GeoPoint):
        return _sign((left.latitude, left.longitude), (right.latitude, right.longitude))
    if isinstance(left, float | int) and not isinstance(left, bool):
        missing = (not math.isnan(left), not math.isnan(right))
        if not all(missing):
            return _sign(*missing)
    return _sign(left, right)


def _compare_sequences(left: Sequence[tuple[Any, ...]], right: Sequence[tuple[Any, ...]]) -> int:
    for mine, theirs in zip(left, right, strict=False):
        for one, other in zip(mine, theirs, strict=True):
            result = compare(one, other)
            if result:
                return result
    return _sign(len(left), len(right))


def _path_order(reference: Reference) -> list[tuple[int, int, bytes]]:
    """Numeric ids (``__id7__``) by number, before all others by their bytes."""
    numbers = [re.fullmatch(r"__id(-?\d+)__", part) for part in reference.path.split("/")]
    return [
        (0, int(number[1]), b"") if number else (1, 0, part.encode())
        for number, part in zip(numbers, reference.path.split("/"), strict=True)
    ]


def _sign(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)


def field_of(data: Any, path: str) -> tuple[bool, Any]:
    for segment in path.split("."):
        if not isinstance(data, dict) or segment not in data:
            return False, None
        data = data[segment]
    return True, data


def satisfies(path: str, data: dict[str, Any], node: Any) -> bool:
    """Whether a document satisfies a filter, straight from the documentation."""
    if node is None:
        return True
    if node[0] in {"and", "or"}:
        return (all if node[0] == "and" else any)(satisfies(path, data, part) for part in node[1])
    if node[0] == "__name__":
        found, actual = True, Reference(path)
    else:
        found, actual = field_of(data, node[0])
    return found and _holds(actual, node[1], node[2] if len(node) > 2 else None)


def _holds(actual: Any, operator: str, operand: Any) -> bool:  # noqa: C901 - one line per operator reads best
    def equal(one: Any, other: Any) -> bool:
        return compare(one, other) == 0

    def unusual(item: Any) -> bool:
        return item is None or (isinstance(item, float) and math.isnan(item))

    nan = float("nan")
    match operator:
        case "==":
            return equal(actual, operand)
        case "!=":
            return actual is not None and not equal(actual, operand)
        case "is-null":
            return actual is None
        case "is-nan":
            return equal(actual, nan)
        case "is-not-null":
            return actual is not None
        case "is-not-nan":
            return actual is not None and not equal(actual, nan)
        case "in":
            return any(equal(actual, item) for item in operand if not unusual(item))
        case "not-in":
            return actual is not None and None not in operand and not any(equal(actual, item) for item in operand)
        case "array-contains":
            return isinstance(actual, list) and any(equal(item, operand) for item in actual)
        case "array-contains-any":
            return isinstance(actual, list) and any(
                equal(item, wanted) for item in actual for wanted in operand if not unusual(wanted)
            )
    if type_rank(actual) != type_rank(operand):
        return False
    result = compare(actual, operand)
    return {"<": result < 0, "<=": result <= 0, ">": result > 0, ">=": result >= 0}[operator]


def all_orders(query: Query) -> list[tuple[str, bool]]:
    """The orders of a query with the implicit ones."""
    orders = list(query.orders)
    last = orders[-1][1] if orders else False
    named = {path for path, _ in orders}
    wanted = sorted({path for path in _inequality_fields(query.where) if path not in named and path != "__name__"})
    orders += [(path, last) for path in wanted]
    if "__name__" not in named:
        orders.append(("__name__", last))
    return orders


def _inequality_fields(node: Any) -> list[str]:
    if node is None:
        return []
    if node[0] in {"and", "or"}:
        return [path for part in node[1] for path in _inequality_fields(part)]
    inequality = node[1] in {"<", "<=", ">", ">=", "!=", "not-in", "is-not-null", "is-not-nan"}
    return [node[0]] if inequality else []


def model_results(documents: dict[str, dict[str, Any]], query: Query) -> list[str]:
    """Relative paths a query must return, by looking at every document."""
    orders = all_orders(query)

    def key(path: str) -> list[Any]:
        return [Reference(path) if order == "__name__" else field_of(documents[path], order)[1] for order, _ in orders]

    def by_orders(one: list[Any], other: list[Any]) -> int:
        for mine, theirs, (_, descending) in zip(one, other, orders, strict=False):
            result = compare(mine, theirs)
            if result:
                return -result if descending else result
        return 0

    found = [
        path
        for path, data in documents.items()
        if _in_scope(path, query)
        and satisfies(path, data, query.where)
        and all(order == "__name__" or field_of(data, order)[0] for order, _ in orders)
    ]
    by_key = functools.cmp_to_key(by_orders)
    found.sort(key=lambda path: by_key(key(path)))
    if query.start is not None:
        values, before = query.start
        found = [path for path in found if by_orders(key(path), values) >= (0 if before else 1)]
    if query.end is not None:
        values, before = query.end
        found = [path for path in found if by_orders(key(path), values) <= (-1 if before else 0)]
    end = None if query.limit is None else query.offset + query.limit
    return found[query.offset : end]


def _in_scope(path: str, query: Query) -> bool:
    segments = path.split("/")
    if segments[-2] != query.collection:
        return False
    if not query.group:
        prefix = f"{query.parent}/" if query.parent else ""
        return "/".join(segments[:-1]) == prefix + query.collection
    return not query.parent or path.startswith(query.parent + "/")
