"""Methods of lists, sets, maps, map differences and paths.

Each type's page under firebase.google.com/docs/reference/rules. That an empty set `hasOnly` anything, and that
`addedKeys` are the receiver's own keys, was confirmed by published recordings of the production service.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from emulator.rules import operators
from emulator.rules.conversions import to_string
from emulator.rules.method import Builtin, bounded, require, takes
from emulator.rules.symbolic import OpenMap, SymbolicValue
from emulator.rules.values import MapDiff, Path, RulesSet, Undetermined, Value, contains, equal

_PLACEHOLDER = re.compile(r"\$\((\w+)\)|\{(\w+)\}")


def _has_any(items: Iterable[Value], wanted: Any) -> bool:
    return any(contains(require(wanted, list, RulesSet), item) for item in items)


def _has_all(items: Iterable[Value], wanted: Any) -> bool:
    return all(contains(items, item) for item in require(wanted, list, RulesSet))


def _has_only(items: Iterable[Value], admitted: Any) -> bool:
    return all(contains(require(admitted, list, RulesSet), item) for item in items)


def _join(items: list[Value], separator: Any) -> str:
    glue: str = require(separator, str)
    texts = [to_string(item) for item in items]
    bounded(sum(map(len, texts)) + len(glue) * len(texts))
    return glue.join(texts)


def _concat(items: list[Value], other: Any) -> list[Value]:
    added = require(other, list)
    bounded(len(items) + len(added))
    return [*items, *added]


def _remove_all(items: list[Value], unwanted: Any) -> list[Value]:
    removed = require(unwanted, list, RulesSet)
    return [item for item in items if not contains(removed, item)]


def _union(items: RulesSet, other: Any) -> RulesSet:
    return RulesSet([*items, *require(other, RulesSet)])


def _intersection(items: RulesSet, other: Any) -> RulesSet:
    common = require(other, RulesSet)
    return RulesSet(item for item in items if item in common)


def _difference(items: RulesSet, other: Any) -> RulesSet:
    removed = require(other, RulesSet)
    return RulesSet(item for item in items if item not in removed)


def _get(source: dict[str, Value], key: Any, default: Value) -> Value:
    """The value at a key, or at a list of nested keys; the default when any of them is missing."""
    keys = [key] if type(key) is str else require(key, list)
    current: Value = source
    for step in keys:
        name: str = require(step, str)
        if type(current) is not dict or name not in current:
            return default
        current = current[name]
    return current


def _diff(source: dict[str, Value], other: Any) -> MapDiff:
    compared: dict[str, Value] = require(other, dict)
    common = [key for key in source if key in compared]
    changed = tuple(key for key in common if not equal(source[key], compared[key]))
    return MapDiff(
        added=tuple(key for key in source if key not in compared),
        removed=tuple(key for key in compared if key not in source),
        changed=changed,
        unchanged=tuple(key for key in common if key not in changed),
    )


def _bind(path: Path, names: Any) -> Path:
    """The path with each `$(name)` segment replaced by the map's value for that name."""
    values: dict[str, Value] = require(names, dict)
    return Path.parse("/".join(_PLACEHOLDER.sub(lambda found: _bound(values, found), part) for part in path.segments))


def _bound(values: dict[str, Value], found: re.Match[str]) -> str:
    return to_string(operators.member(values, found[1] or found[2]))


def _known_has_any(value: SymbolicValue, wanted: Any) -> bool:
    if any(contains(value.known_members(), item) for item in require(wanted, list, RulesSet)):
        return True
    raise Undetermined


def _known_has_all(value: SymbolicValue, wanted: Any) -> bool:
    if all(contains(value.known_members(), item) for item in require(wanted, list, RulesSet)):
        return True
    raise Undetermined


def _known_get(source: OpenMap, key: Any, default: Value) -> Value:
    return source.get(key)


_MEMBERSHIP: dict[str, Builtin] = {
    "size": takes(0, len),
    "hasAny": takes(1, _has_any),
    "hasAll": takes(1, _has_all),
    "hasOnly": takes(1, _has_only),
}

LIST_METHODS: dict[str, Builtin] = {
    **_MEMBERSHIP,
    "concat": takes(1, _concat),
    "join": takes(1, _join),
    "removeAll": takes(1, _remove_all),
    "toSet": takes(0, RulesSet),
}

SET_METHODS: dict[str, Builtin] = {
    **_MEMBERSHIP,
    "union": takes(1, _union),
    "intersection": takes(1, _intersection),
    "difference": takes(1, _difference),
}

MAP_METHODS: dict[str, Builtin] = {
    "size": takes(0, len),
    "keys": takes(0, list),
    "values": takes(0, lambda source: list(source.values())),
    "get": takes(2, _get),
    "diff": takes(1, _diff),
}

MAP_DIFF_METHODS: dict[str, Builtin] = {
    "addedKeys": takes(0, lambda diff: RulesSet(diff.added)),
    "removedKeys": takes(0, lambda diff: RulesSet(diff.removed)),
    "changedKeys": takes(0, lambda diff: RulesSet(diff.changed)),
    "unchangedKeys": takes(0, lambda diff: RulesSet(diff.unchanged)),
    "affectedKeys": takes(0, lambda diff: RulesSet([*diff.added, *diff.removed, *diff.changed])),
}

PATH_METHODS: dict[str, Builtin] = {"bind": takes(1, _bind)}

SYMBOLIC_METHODS: dict[str, Builtin] = {"hasAny": takes(1, _known_has_any), "hasAll": takes(1, _known_has_all)}

OPEN_MAP_METHODS: dict[str, Builtin] = {"get": takes(2, _known_get)}
