"""Firestore messages from plain Python, for tests of rules."""

import datetime as dt
from typing import Any

from emulator.firestore.messages import Document, StructuredQuery, Value

DATABASE = "projects/demo-rules/databases/(default)"
ROOT = f"{DATABASE}/documents"

_FIELD_OPERATORS = {
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
_NULL_OPERATORS = {"==": 3, "!=": 5}


def value(plain: Any) -> Any:
    """A Value; `{"reference": path}` and `{"timestamp": text}` stand for those types."""
    if plain is None:
        return Value(null_value=0)
    if isinstance(plain, bool):
        return Value(boolean_value=plain)
    if isinstance(plain, int):
        return Value(integer_value=plain)
    if isinstance(plain, float):
        return Value(double_value=plain)
    if isinstance(plain, str):
        return Value(string_value=plain)
    result = Value()
    if isinstance(plain, list):
        result.array_value.SetInParent()
        result.array_value.values.extend(map(value, plain))
    elif plain.keys() == {"reference"}:
        result.reference_value = f"{ROOT}/{plain['reference']}"
    elif plain.keys() == {"timestamp"}:
        result.timestamp_value.FromDatetime(dt.datetime.fromisoformat(plain["timestamp"]))
    else:
        result.map_value.SetInParent()
        for name, item in plain.items():
            result.map_value.fields[name].CopyFrom(value(item))
    return result


def document(path: str, fields: dict[str, Any]) -> Any:
    """A Document at a path below the root."""
    result = Document(name=f"{ROOT}/{path}")
    for name, item in fields.items():
        result.fields[name].CopyFrom(value(item))
    return result


def filter_of(where: list[Any]) -> Any:
    """A Filter from `[field, operator, value]` or `["and" | "or", filter, ...]`."""
    result = StructuredQuery.Filter()
    if where[0] in {"and", "or"}:
        result.composite_filter.op = 1 if where[0] == "and" else 2
        result.composite_filter.filters.extend(map(filter_of, where[1:]))
    elif where[2] is None and where[1] in _NULL_OPERATORS:
        result.unary_filter.field.field_path = where[0]
        result.unary_filter.op = _NULL_OPERATORS[where[1]]
    else:
        result.field_filter.field.field_path = where[0]
        result.field_filter.op = _FIELD_OPERATORS[where[1]]
        result.field_filter.value.CopyFrom(value(where[2]))
    return result


def query(case: dict[str, Any]) -> Any:
    """A StructuredQuery from a case of tests/conformance/rules/query_proofs.json."""
    result = StructuredQuery()
    selector = result.from_.add()
    selector.collection_id = case["collection"]
    selector.all_descendants = case.get("group", False)
    if "where" in case:
        result.where.CopyFrom(filter_of(case["where"]))
    for name, direction in case.get("orderBy", []):
        order = result.order_by.add()
        order.field.field_path = name
        order.direction = 2 if direction == "desc" else 1
    if "limit" in case:
        result.limit.value = case["limit"]
    result.offset = case.get("offset", 0)
    return result
