"""Turning the filter messages of a query into predicates, refusing what production refuses.

Source: google.firestore.v1 StructuredQuery.Filter; firebase.google.com/docs/firestore/query-data/queries.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.firestore import fieldpaths, keys, limits
from emulator.firestore.errors import invalid_argument
from emulator.firestore.fieldpaths import NAME_FIELD
from emulator.firestore.filters import (
    INEQUALITIES,
    NEGATIONS,
    RANGES,
    Conjunction,
    Disjunction,
    Filter,
    Operator,
    Predicate,
    disjunct_count,
    disjuncts,
    predicates,
)
from emulator.firestore.messages import StructuredQuery, Value

NameKey = Callable[[Value], bytes]
"""Checks a reference a ``__name__`` filter compares with, and gives its path key."""

_NULL = Value(null_value=0)
_NAN = Value(double_value=float("nan"))
_UNARY = {
    2: (Operator.EQUAL, _NAN),
    3: (Operator.EQUAL, _NULL),
    4: (Operator.NOT_EQUAL, _NAN),
    5: (Operator.NOT_EQUAL, _NULL),
}
_LISTS = {
    Operator.IN: limits.IN_VALUES_MAX,
    Operator.ARRAY_CONTAINS_ANY: limits.IN_VALUES_MAX,
    Operator.NOT_IN: limits.NOT_IN_VALUES_MAX,
}
_AND, _OR = 1, 2
_SKIPPED_IN_LISTS = {keys.NULL, keys.NOT_A_NUMBER}


def compile_filter(structured: StructuredQuery, name_key: NameKey) -> Filter | None:
    """The filter tree of a query; None when it has no filter.

    Raises:
        StatusError: INVALID_ARGUMENT for filters that are malformed, too many, or may not be combined.

    """
    if not structured.HasField("where"):
        return None
    tree = _node(structured.where, name_key)
    _check_combination(tree)
    return tree


def _node(message: Any, name_key: NameKey) -> Filter:
    kind = message.WhichOneof("filter_type")
    if kind == "field_filter":
        return _field_predicate(message.field_filter, name_key)
    if kind == "unary_filter":
        return _unary_predicate(message.unary_filter)
    if kind != "composite_filter":
        raise invalid_argument("A filter must have a type.")
    composite = message.composite_filter
    if not composite.filters:
        raise invalid_argument("A composite filter must have at least one filter.")
    parts = tuple(_node(part, name_key) for part in composite.filters)
    if composite.op == _AND:
        return Conjunction(parts)
    if composite.op == _OR:
        return Disjunction(parts)
    raise invalid_argument("A composite filter must have an operator.")


def _unary_predicate(message: Any) -> Predicate:
    if message.op not in _UNARY:
        raise invalid_argument("A unary filter must have an operator.")
    path = fieldpaths.parse(message.field.field_path)
    if path == (NAME_FIELD,):
        raise invalid_argument("Unary filters cannot be applied to __name__.")
    operator, operand = _UNARY[message.op]
    return Predicate(path, operator, (operand,), (keys.encode(operand),))


def _field_predicate(message: Any, name_key: NameKey) -> Predicate:
    try:
        operator = Operator(message.op)
    except ValueError:
        raise invalid_argument("A field filter must have an operator.") from None
    path = fieldpaths.parse(message.field.field_path)
    operands = (
        _list_operands(operator, message.value)
        if operator in _LISTS
        else (Value.FromString(message.value.SerializeToString()),)
    )
    if path == (NAME_FIELD,):
        if operator in {Operator.ARRAY_CONTAINS, Operator.ARRAY_CONTAINS_ANY}:
            raise invalid_argument(f"'{operator.name}' cannot be applied to __name__.")
        return Predicate(path, operator, operands, tuple(map(name_key, operands)))
    encoded = tuple(map(keys.encode, operands))
    if operator in RANGES and encoded[0] in _SKIPPED_IN_LISTS:
        raise invalid_argument(f"'{operator.name}' cannot compare with null or NaN.")
    if operator in {Operator.IN, Operator.ARRAY_CONTAINS_ANY}:
        return _without_skipped(path, operator, operands, encoded)
    return Predicate(path, operator, operands, encoded)


def _list_operands(operator: Operator, value: Value) -> tuple[Value, ...]:
    most = _LISTS[operator]
    elements = value.array_value.values
    if value.WhichOneof("value_type") != "array_value" or not elements:
        raise invalid_argument(f"'{operator.name}' requires an non-empty ArrayValue.")
    if len(elements) > most:
        raise invalid_argument(f"'{operator.name}' supports up to {most} comparison values.")
    return tuple(Value.FromString(element.SerializeToString()) for element in elements)


def _without_skipped(
    path: fieldpaths.FieldPath, operator: Operator, operands: tuple[Value, ...], encoded: tuple[bytes, ...]
) -> Predicate:
    # null and NaN never match by `in`; without any other value the predicate matches nothing.
    kept = [pair for pair in zip(operands, encoded, strict=True) if pair[1] not in _SKIPPED_IN_LISTS]
    return Predicate(path, operator, tuple(o for o, _ in kept), tuple(e for _, e in kept))


def _check_combination(tree: Filter) -> None:
    found = list(predicates(tree))
    operators = [predicate.operator for predicate in found]
    _check_negations(operators, has_or=_has_disjunction(tree))
    fields = {predicate.path for predicate in found if predicate.operator in INEQUALITIES}
    if len(fields) > limits.INEQUALITY_FIELDS_MAX:
        raise invalid_argument(
            f"A query can have at most {limits.INEQUALITY_FIELDS_MAX} fields with inequality filters."
        )
    if disjunct_count(tree) > limits.DISJUNCTIONS_MAX:
        raise invalid_argument(
            f"The query has more than {limits.DISJUNCTIONS_MAX} disjunctions in disjunctive normal form."
        )
    for disjunct in disjuncts(tree):
        contains = [part for part in disjunct if part.operator is Operator.ARRAY_CONTAINS]
        if len(contains) > 1:
            raise invalid_argument(
                "A maximum of 1 'ARRAY_CONTAINS' or 'ARRAY_CONTAINS_ANY' filter is allowed per disjunction."
            )


def _check_negations(operators: list[Operator], *, has_or: bool) -> None:
    if sum(operator in NEGATIONS for operator in operators) > 1:
        raise invalid_argument(
            "Only a single 'NOT_EQUAL', 'NOT_IN', 'IS_NOT_NAN', or 'IS_NOT_NULL' filter allowed per query."
        )
    if Operator.NOT_IN not in operators:
        return
    if has_or:
        raise invalid_argument("'NOT_IN' cannot be used in the same query with 'OR'.")
    for other in (Operator.IN, Operator.ARRAY_CONTAINS_ANY):
        if other in operators:
            raise invalid_argument(f"'NOT_IN' cannot be used in the same query with '{other.name}'.")


def _has_disjunction(tree: Filter) -> bool:
    if isinstance(tree, Predicate):
        return False
    if isinstance(tree, Disjunction) and len(tree.parts) > 1:
        return True
    return any(map(_has_disjunction, tree.parts))
