"""What the rules may take for granted about the results of a query.

A query is allowed only if every document it could return is. Each branch of its filters (in disjunctive normal
form) gives one symbolic document that stands for all results of that branch.
"""

from __future__ import annotations

from collections.abc import Iterator

from emulator.firestore.fieldpaths import text_of
from emulator.firestore.filters import Disjunct, Operator, Predicate
from emulator.firestore.query import CompiledQuery, Scope
from emulator.rules.environment import GAP, UNKNOWN_SEGMENT, RequestSegment
from emulator.rules.firestore_values import document_path, value_of
from emulator.rules.symbolic import UNKNOWN, Comparison, FieldConstraint, OpenMap, document_data
from emulator.rules.values import Value

_DESCENDING = 2
_COMPARISONS: dict[Operator, Comparison] = {
    Operator.LESS_THAN: "<",
    Operator.LESS_THAN_OR_EQUAL: "<=",
    Operator.GREATER_THAN: ">",
    Operator.GREATER_THAN_OR_EQUAL: ">=",
    Operator.EQUAL: "==",
    Operator.NOT_EQUAL: "!=",
    Operator.NOT_IN: "!=",
    Operator.ARRAY_CONTAINS: "array-contains",
}


def branches(query: CompiledQuery) -> Iterator[tuple[tuple[RequestSegment, ...], OpenMap]]:
    """For each branch of a query: the path of its results, and a symbolic `resource` that stands for them all."""
    for disjunct in query.disjuncts or ((),):
        yield _branch(query.scope, disjunct)


def query_variable(query: CompiledQuery) -> dict[str, Value]:
    """`request.query`: `limit` (null when there is none), `offset` and `orderBy` as field to `ASC` or `DESC`."""
    explicit = query.orders[: len(query.structured.order_by)]
    directions: dict[str, Value] = {text_of(order.path): "DESC" if order.descending else "ASC" for order in explicit}
    return {"limit": query.limit, "offset": query.offset, "orderBy": directions}


def _branch(scope: Scope, disjunct: Disjunct) -> tuple[tuple[RequestSegment, ...], OpenMap]:
    data = document_data(constraint for predicate in disjunct for constraint in _constraints(predicate))
    for predicate in disjunct:
        if predicate.is_name and predicate.operator is Operator.EQUAL and predicate.operands:
            path = document_path(predicate.operands[0].reference_value)
            return path.segments, OpenMap({"data": data, "__name__": path, "id": path.segments[-1]})
    return _result_path(scope), OpenMap({"data": data, "__name__": UNKNOWN, "id": UNKNOWN})


def _constraints(predicate: Predicate) -> Iterator[FieldConstraint]:
    comparison = _COMPARISONS.get(predicate.operator)
    if comparison is None or predicate.is_name:
        return
    for operand in predicate.operands:
        yield FieldConstraint(predicate.path, comparison, value_of(operand))


def _result_path(scope: Scope) -> tuple[RequestSegment, ...]:
    database = scope.parent.database.split("/")[-1]
    known: list[RequestSegment] = ["databases", database, "documents"]
    known += [segment for segment in scope.parent.path.split("/") if segment]
    if scope.all_descendants:
        known.append(GAP)
    known.append(scope.collection_id or UNKNOWN_SEGMENT)
    return (*known, UNKNOWN_SEGMENT)
