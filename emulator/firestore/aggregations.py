"""Counting, summing and averaging the results of a query.

Source: google.firestore.v1 StructuredAggregationQuery.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from emulator.firestore import fieldpaths, limits, values
from emulator.firestore.errors import invalid_argument
from emulator.firestore.messages import Document, StructuredAggregationQuery, Value
from emulator.firestore.transforms import INT64_MAX, INT64_MIN


@dataclass(frozen=True, slots=True)
class Aggregation:
    """One checked aggregation.

    Attributes:
        alias: The name of its result.
        kind: ``count``, ``sum`` or ``avg``.
        path: The field summed, empty for a count.
        most: Where a count stops, None for never.

    """

    alias: str
    kind: str
    path: fieldpaths.FieldPath
    most: int | None

    def over(self, count: int, documents: Sequence[Document]) -> Value:
        """Its value over `count` results; the documents are only needed for sums and averages."""
        if self.kind == "count":
            return Value(integer_value=count if self.most is None else min(count, self.most))
        found = (fieldpaths.lookup(document, self.path) for document in documents)
        numbers = [values.number_of(value) for value in found if value is not None and values.is_number(value)]
        return _REDUCERS[self.kind](numbers)


def compile_aggregations(message: StructuredAggregationQuery) -> tuple[Aggregation, ...]:
    """Check the aggregations of a query and give each its alias.

    Raises:
        StatusError: INVALID_ARGUMENT with production's texts.

    """
    items = message.aggregations
    if not items:
        raise invalid_argument("Aggregations can not be empty")
    if len(items) > limits.AGGREGATIONS_MAX:
        raise invalid_argument(
            "The maximum number of aggregations allowed in an aggregation query is "
            f"{limits.AGGREGATIONS_MAX}. Received: {len(items)}"
        )
    explicit = [item.alias for item in items if item.alias]
    if len(set(explicit)) != len(explicit):
        raise invalid_argument("Aggregation aliases contain duplicate alias")
    aliases = _with_defaults([item.alias for item in items])
    return tuple(_aggregation(item, alias) for item, alias in zip(items, aliases, strict=True))


def billed_reads(entries: int) -> int:
    """Document reads an aggregation over so many index entries is billed as; at least one."""
    return max(1, math.ceil(entries / limits.ENTRIES_PER_BILLED_READ))


def _aggregation(item: StructuredAggregationQuery, alias: str) -> Aggregation:
    kind = item.WhichOneof("operator")
    if kind is None:
        raise invalid_argument("An aggregation must have an operator.")
    if kind == "count":
        most = item.count.up_to.value if item.count.HasField("up_to") else None
        if most is not None and most <= 0:
            raise invalid_argument("up_to must be greater than zero")
        return Aggregation(alias, kind, (), most)
    return Aggregation(alias, kind, fieldpaths.parse(getattr(item, kind).field.field_path), None)


def _with_defaults(aliases: list[str]) -> list[str]:
    taken = set(aliases)
    result: list[str] = []
    number = 0
    for alias in aliases:
        chosen = alias
        while not chosen:
            number += 1
            if f"field_{number}" not in taken:
                chosen = f"field_{number}"
        result.append(chosen)
    return result


def _sum(numbers: Sequence[float]) -> Value:
    total = sum(number for number in numbers if isinstance(number, int))
    doubles = [number for number in numbers if not isinstance(number, int)]
    if not doubles and INT64_MIN <= total <= INT64_MAX:
        return Value(integer_value=total)
    return Value(double_value=float(total) + sum(doubles))


def _average(numbers: Sequence[float]) -> Value:
    if not numbers:
        return Value(null_value=0)
    return Value(double_value=float(sum(numbers)) / len(numbers))


_REDUCERS: dict[str, Callable[[Sequence[float]], Value]] = {"sum": _sum, "avg": _average}
