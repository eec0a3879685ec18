"""The values of the rules language and what it means for two of them to be equal.

Null, booleans, integers, floats, strings, bytes, lists and maps are the Python values `None, bool, int, float, str,
bytes, list, dict[str, ...]`; the types Python has no plain word for are here. Values are never changed in place.
Types: firebase.google.com/docs/reference/rules/rules.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from emulator.rules.errors import EvaluationError

Value = Any  # one of the types above or below; a union would not be narrower in practice

NANOSECONDS_PER_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True, order=True)
class Timestamp:
    """A moment in UTC, as nanoseconds since 1970."""

    nanoseconds: int


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A length of time in nanoseconds; may be negative."""

    nanoseconds: int


@dataclass(frozen=True, slots=True)
class LatLng:
    """A place on earth, in degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Path:
    """The location of a resource, as its segments without slashes."""

    segments: tuple[str, ...]

    @staticmethod
    def parse(text: str) -> Path:
        """The path written as `/a/b/c` (a leading or trailing slash does not count)."""
        return Path(tuple(segment for segment in text.split("/") if segment))

    def __str__(self) -> str:
        return "/" + "/".join(self.segments)


class RulesSet:
    """An unordered collection of distinct values; remembers the order of first appearance for reports."""

    __slots__ = ("_members",)

    def __init__(self, items: Iterable[Value] = ()) -> None:
        self._members: dict[object, Value] = {}
        for item in items:
            self._members.setdefault(identity(item), item)

    def __iter__(self) -> Iterator[Value]:
        return iter(self._members.values())

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, item: Value) -> bool:
        return identity(item) in self._members

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RulesSet) and self._members.keys() == other._members.keys()

    def __hash__(self) -> int:
        return hash(frozenset(self._members))


@dataclass(frozen=True, slots=True)
class MapDiff:
    """What differs between two maps; made by `map.diff(other)`."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]


class Symbolic:
    """A value of which only some facts are known, as in the proof of a query (see `symbolic`).

    Whatever is not known raises `Undetermined`.
    """

    __slots__ = ()

    def equals(self, other: Value) -> bool:
        """Whether this equals `other`, when that is certain."""
        raise Undetermined


class Undetermined(EvaluationError):
    """The answer depends on data that the query does not fix."""

    def __init__(self) -> None:
        super().__init__("Depends on data that the query does not constrain.")


TYPE_NAMES: dict[type, str] = {
    type(None): "null",
    bool: "bool",
    int: "int",
    float: "float",
    str: "string",
    bytes: "bytes",
    list: "list",
    dict: "map",
    RulesSet: "set",
    MapDiff: "map_diff",
    Path: "path",
    Timestamp: "timestamp",
    Duration: "duration",
    LatLng: "latlng",
}

# What may follow `is`. `number` covers int and float; `constraint` is reserved and matches nothing.
TESTABLE_TYPES = frozenset(TYPE_NAMES.values()) - {"null"} | {"number", "constraint"}

_PLAIN_TYPES = frozenset(TYPE_NAMES) - {list, dict, RulesSet}


def equal(left: Value, right: Value) -> bool:
    """Equality of the language: by value, numbers across int and float, everything else only within its type.

    Raises:
        Undetermined: a symbolic value is involved and what is known of it does not decide.

    """
    left_type, right_type = type(left), type(right)
    if left_type is right_type and left_type in _PLAIN_TYPES:
        return bool(left == right)
    if isinstance(left, Symbolic):
        return left.equals(right)
    if isinstance(right, Symbolic):
        return right.equals(left)
    if left_type is not right_type:
        return _is_number(left) and _is_number(right) and left == right
    if left_type is list:
        return len(left) == len(right) and all(map(equal, left, right))
    if left_type is dict:
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)


def contains(items: Iterable[Value], item: Value) -> bool:
    """Whether `item` equals one of `items`; a certain yes wins over elements of which nothing is known."""
    undetermined: Undetermined | None = None
    for candidate in items:
        try:
            if equal(candidate, item):
                return True
        except Undetermined as error:
            undetermined = error
    if undetermined is not None:
        raise undetermined
    return False


def identity(value: Value) -> object:
    """A hashable stand-in: two values are equal exactly when their identities are (NaN equals itself here)."""
    kind = type(value)
    if kind is bool:
        return ("bool", value)
    if kind is float and math.isnan(value):
        return ("nan",)
    if kind is list:
        return ("list", *map(identity, value))
    if kind is dict:
        return ("map", frozenset((key, identity(item)) for key, item in value.items()))
    if isinstance(value, Symbolic):
        raise Undetermined
    return value


@functools.cache
def type_matches(kind: type, type_name: str) -> bool:
    """Whether values of the Python type `kind` answer true to `is type_name`."""
    name = TYPE_NAMES.get(kind)
    return name == type_name or (type_name == "number" and name in ("int", "float"))


def _is_number(value: Value) -> bool:
    return type(value) in (int, float)
