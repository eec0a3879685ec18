"""Counts which values each expression of a rules file had, and reports them in the official form.

The form is that of the Firestore emulator's `ruleCoverage` answer. The values are those of the requests made: the
report is for the developer's own machine.
"""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from emulator.rules.errors import EvaluationError
from emulator.rules.issues import Span
from emulator.rules.values import (
    NANOSECONDS_PER_SECOND,
    Duration,
    LatLng,
    MapDiff,
    Path,
    RulesSet,
    Symbolic,
    Timestamp,
    Undetermined,
    Value,
    identity,
)

# What one expression keeps, so that memory and time stay bounded; further values are counted together as an empty map.
DISTINCT_VALUES = 64
COMPARED_COLLECTIONS = 64  # evaluations whose list, set or map, which can be a whole document, is looked into

_OTHER: object = ("other",)
_SCALARS = frozenset({bool, int, str, type(None), Timestamp, Path})
_COLLECTIONS = frozenset({list, dict, RulesSet})


class Tally:
    """The values that one expression had, and how often."""

    __slots__ = ("_collections", "_counts", "_examples")

    def __init__(self) -> None:
        self._counts: dict[object, int] = {}
        self._examples: dict[object, Value | EvaluationError] = {}
        self._collections = 0

    def add(self, outcome: Value | EvaluationError) -> None:
        """Count one evaluation: its value, or the error it ended in."""
        key = self._key(outcome)
        if key in self._counts:
            self._counts[key] += 1
        elif len(self._counts) < DISTINCT_VALUES or key is _OTHER:
            self._counts[key] = 1
            self._examples[key] = {} if key is _OTHER else _kept(outcome)
        else:
            self._counts[_OTHER] = self._counts.get(_OTHER, 0) + 1
            self._examples[_OTHER] = {}

    def as_json(self) -> list[dict[str, Any]]:
        """The official `values` list: each distinct value with its count."""
        return [{"value": _report(self._examples[key]), "count": count} for key, count in self._counts.items()]

    def _key(self, outcome: Value | EvaluationError) -> object:
        kind = type(outcome)
        if kind in _SCALARS:
            return (kind, outcome)
        if kind in _COLLECTIONS:
            self._collections += 1
            if self._collections > COMPARED_COLLECTIONS:
                return _OTHER
        return _key(outcome)


@dataclass(frozen=True, slots=True)
class CoverageNode:
    """One expression of the rules file with its tally and the expressions inside it."""

    span: Span
    tally: Tally = field(default_factory=Tally)
    children: list[CoverageNode] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The official report node; `values` is absent while the expression was never evaluated."""
        node: dict[str, Any] = {"sourcePosition": self.span.as_json()}
        if values := self.tally.as_json():
            node["values"] = values
        if self.children:
            node["children"] = [child.as_json() for child in self.children]
        return node


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of one loaded rules file; begins at zero with it."""

    file_name: str
    source: str
    nodes: list[CoverageNode] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The official `ruleCoverage` answer."""
        answer: dict[str, Any] = {"rules": {"files": [{"name": self.file_name, "content": self.source}]}}
        if self.nodes:
            in_order = sorted(self.nodes, key=lambda node: node.span.start)
            answer["report"] = [node.as_json() for node in in_order]
        return answer


def value_as_json(value: Value) -> dict[str, Any]:
    """A value as the official `ExpressionValue` object."""
    write = _WRITERS.get(type(value))
    if write is None or isinstance(value, Symbolic):
        return {"undefined": {"causeMessage": Undetermined().message}}
    name, content = write(value)
    return {name: content}


def _kept(outcome: Value | EvaluationError) -> Value | EvaluationError:
    """What to keep as the example: an error without its traceback, which would hold the whole evaluation."""
    if not isinstance(outcome, EvaluationError):
        return outcome
    error = EvaluationError(outcome.message)
    error.span = outcome.span
    return error


def _report(outcome: Value | EvaluationError) -> dict[str, Any]:
    if isinstance(outcome, EvaluationError):
        undefined: dict[str, Any] = {"causeMessage": outcome.message}
        if outcome.span is not None:
            undefined["sourcePosition"] = outcome.span.as_json()
        return {"undefined": undefined}
    return value_as_json(outcome)


def _key(outcome: Value | EvaluationError) -> object:
    if isinstance(outcome, EvaluationError):
        return ("error", outcome.message, outcome.span)
    try:
        return (type(outcome), identity(outcome))
    except Undetermined:
        return ("undetermined",)


def _list(items: Any) -> dict[str, Any]:
    return {"values": [value_as_json(item) for item in items]}


def _diff(value: MapDiff) -> dict[str, Any]:
    statuses = {"ADDED": value.added, "REMOVED": value.removed, "CHANGED": value.changed, "UNMODIFIED": value.unchanged}
    return {"keyStatuses": {key: status for status, keys in statuses.items() for key in keys}}


def _seconds(nanoseconds: int) -> str:
    whole, rest = divmod(abs(nanoseconds), NANOSECONDS_PER_SECOND)
    fraction = f".{rest:09d}".rstrip("0").rstrip(".")
    return f"{'-' if nanoseconds < 0 else ''}{whole}{fraction}"


def _moment(value: Timestamp) -> str:
    whole, rest = divmod(value.nanoseconds, NANOSECONDS_PER_SECOND)
    try:
        moment = dt.datetime(1970, 1, 1) + dt.timedelta(seconds=whole)  # noqa: DTZ001 - UTC by definition
    except OverflowError:
        return "out of range"
    return moment.isoformat() + f".{rest:09d}".rstrip("0").rstrip(".") + "Z"


_WRITERS: dict[type, Any] = {
    type(None): lambda _: ("nullValue", None),
    bool: lambda value: ("boolValue", value),
    int: lambda value: ("intValue", str(value)),
    float: lambda value: ("floatValue", value if abs(value) < float("inf") else str(value)),
    str: lambda value: ("stringValue", value),
    bytes: lambda value: ("bytesValue", base64.b64encode(value).decode()),
    list: lambda value: ("listValue", _list(value)),
    RulesSet: lambda value: ("setValue", _list(value)),
    dict: lambda value: ("mapValue", {"fields": {key: value_as_json(item) for key, item in value.items()}}),
    Path: lambda value: ("pathValue", {"segments": [{"simple": segment} for segment in value.segments]}),
    Timestamp: lambda value: ("timestampValue", _moment(value)),
    Duration: lambda value: ("durationValue", _seconds(value.nanoseconds) + "s"),
    LatLng: lambda value: ("latlngValue", {"latitude": value.latitude, "longitude": value.longitude}),
    MapDiff: lambda value: ("mapDiffValue", _diff(value)),
}
