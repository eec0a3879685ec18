"""Values known only through the filters of a query, for proofs that hold for every possible result.

A query must be allowed for each document it could return, not for those stored today
(firebase.google.com/docs/firestore/security/rules-query). What is derived here was checked against published
recordings of the official server: equality, `in`, array membership, one-sided ranges and inequality prove things; a
lower bound equal to an upper bound does not prove equality there, so it does not here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from emulator.rules.values import Symbolic, Timestamp, Undetermined, Value, contains

Comparison = Literal["==", "!=", "<", "<=", ">", ">=", "array-contains"]


@dataclass(frozen=True, slots=True)
class FieldConstraint:
    """A condition that every result of a query meets: the field at `path` compares to `value`."""

    path: tuple[str, ...]
    comparison: Comparison
    value: Value


class SymbolicValue(Symbolic):
    """A field that exists and is not null, bounded by comparisons other than `==`."""

    __slots__ = ("_comparisons",)

    def __init__(self, comparisons: tuple[tuple[Comparison, Value], ...] = ()) -> None:
        self._comparisons = comparisons

    def equals(self, other: Value) -> bool:
        """False for null and for values that the query excludes."""
        if not self._comparisons:
            raise Undetermined
        if other is None or contains(self._operands("!="), other):
            return False
        raise Undetermined

    def greater_than(self, bound: Value, *, inclusive: bool) -> bool:
        """True when a lower bound of the query is already above `bound`."""
        for comparison, operand in self._comparisons:
            if _comparable(operand, bound) and (
                (comparison in (">", ">=") and operand > bound)
                or (comparison == ">" and operand == bound)
                or (comparison == ">=" and operand == bound and inclusive)
            ):
                return True
        raise Undetermined

    def less_than(self, bound: Value, *, inclusive: bool) -> bool:
        """True when an upper bound of the query is already below `bound`."""
        for comparison, operand in self._comparisons:
            if _comparable(operand, bound) and (
                (comparison in ("<", "<=") and operand < bound)
                or (comparison == "<" and operand == bound)
                or (comparison == "<=" and operand == bound and inclusive)
            ):
                return True
        raise Undetermined

    def has(self, item: Value) -> bool:
        """True when the query requires the array to contain `item`."""
        if contains(self._operands("array-contains"), item):
            return True
        raise Undetermined

    def known_members(self) -> list[Value]:
        """Elements that the array has for certain."""
        return self._operands("array-contains")

    def _operands(self, comparison: Comparison) -> list[Value]:
        return [operand for kind, operand in self._comparisons if kind == comparison]


UNKNOWN = SymbolicValue()  # nothing is known, not even that it exists; never the outcome of an expression


def known(value: Value) -> Value:
    """The value, unless nothing is known of it.

    Raises:
        Undetermined: as any use of it would.

    """
    if value is UNKNOWN:
        raise Undetermined
    return value


@dataclass(frozen=True, slots=True, eq=False)
class OpenMap(Symbolic):
    """A map with some known members and possibly others."""

    members: dict[str, Value] = field(default_factory=dict)

    def equals(self, other: Value) -> bool:
        """False for anything that is not a map."""
        if isinstance(other, dict | Symbolic):
            raise Undetermined
        return False

    def member(self, name: str) -> Value:
        """The value of a key.

        Raises:
            Undetermined: the query says nothing about it, not even that it exists.

        """
        if name not in self.members:
            raise Undetermined
        return known(self.members[name])

    def has(self, key: Value) -> bool:
        """Whether the key exists."""
        if type(key) is str and key in self.members:
            return True
        raise Undetermined

    def get(self, key: Value) -> Value:
        """The value of a key that exists for certain."""
        if type(key) is str and key in self.members:
            return self.members[key]
        raise Undetermined


def document_data(constraints: Iterable[FieldConstraint]) -> OpenMap:
    """The data of a document of which only `constraints` are known."""
    by_path: dict[tuple[str, ...], list[FieldConstraint]] = {}
    for constraint in constraints:
        by_path.setdefault(constraint.path, []).append(constraint)
    root = OpenMap()
    for path in sorted(by_path, key=len):
        _place(root, path, _known(by_path[path]))
    return root


def _known(constraints: list[FieldConstraint]) -> Value:
    for constraint in constraints:
        if constraint.comparison == "==":
            return constraint.value
    return SymbolicValue(tuple((constraint.comparison, constraint.value) for constraint in constraints))


def _place(parent: OpenMap, path: tuple[str, ...], value: Value) -> None:
    for name in path[:-1]:
        child = parent.members.setdefault(name, OpenMap())
        if not isinstance(child, OpenMap):
            return  # the parent field is fixed as a whole, which says more
        parent = child
    parent.members.setdefault(path[-1], value)


def _comparable(left: Value, right: Value) -> bool:
    if type(left) in _NUMBERS and type(right) in _NUMBERS:
        return True
    return type(left) is type(right) and type(left) in _ORDERED


_NUMBERS = (int, float)
_ORDERED = (str, bytes, Timestamp)
