"""Finds the match blocks that apply to a request's path, and what their wildcards caught."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from emulator.rules.environment import Gap, RequestSegment, UnknownSegment
from emulator.rules.evaluation import Evaluation
from emulator.rules.symbolic import UNKNOWN
from emulator.rules.syntax import PatternSegment
from emulator.rules.values import Path, Value

Condition = Callable[[Evaluation, list[Value]], Value]

OPERATIONS_OF = {
    "read": frozenset({"get", "list", "read"}),
    "write": frozenset({"create", "update", "delete", "write"}),
}


@dataclass(frozen=True, slots=True)
class AllowRule:
    """An `allow` statement ready to run; no condition means always."""

    operations: frozenset[str]
    condition: Condition | None
    line: int


@dataclass(frozen=True, slots=True)
class MatchRule:
    """A match block ready to run."""

    pattern: tuple[PatternSegment, ...]
    allows: tuple[AllowRule, ...]
    children: tuple[MatchRule, ...]


def operations_of(names: Sequence[str]) -> frozenset[str]:
    """The request operations that an `allow` statement's list of operations covers."""
    return frozenset().union(*(OPERATIONS_OF.get(name, frozenset({name})) for name in names))


def applicable(
    rule: MatchRule, path: Sequence[RequestSegment], operation: str, *, minimum_recursive: int
) -> Iterator[tuple[AllowRule, list[Value]]]:
    """The `allow` statements for an operation on a path, in source order, each with its captured values.

    A path with unknown parts is matched only by patterns that match whatever those parts could be.
    `minimum_recursive` is how many segments `{name=**}` must take: 1 in version 1 of the language, 0 in version 2.
    """
    return _visit(rule, tuple(path), 0, [], operation, minimum_recursive)


def _visit(
    rule: MatchRule, path: tuple[RequestSegment, ...], start: int, caught: list[Value], operation: str, minimum: int
) -> Iterator[tuple[AllowRule, list[Value]]]:
    for end, captures in _ends(rule.pattern, path, start, caught, minimum):
        if end == len(path):
            for allow in rule.allows:
                if operation in allow.operations:
                    yield allow, captures
        for child in rule.children:
            yield from _visit(child, path, end, captures, operation, minimum)


def _ends(
    pattern: tuple[PatternSegment, ...], path: tuple[RequestSegment, ...], start: int, caught: list[Value], minimum: int
) -> Iterator[tuple[int, list[Value]]]:
    """Where a pattern that begins at `start` can end, with the captures so far."""
    position = start
    for index, segment in enumerate(pattern):
        if segment.recursive:
            yield from _recursive_ends(pattern[index + 1 :], path, position, caught, minimum)
            return
        if position >= len(path):
            return
        actual = path[position]
        if segment.text is not None:
            if actual != segment.text:
                return
        elif isinstance(actual, Gap):
            return
        else:
            caught = [*caught, UNKNOWN if isinstance(actual, UnknownSegment) else actual]
        position += 1
    yield position, caught


def _recursive_ends(
    rest: tuple[PatternSegment, ...], path: tuple[RequestSegment, ...], start: int, caught: list[Value], minimum: int
) -> Iterator[tuple[int, list[Value]]]:
    for stop in range(len(path), start + minimum - 1, -1):
        taken = path[start:stop]
        known = tuple(segment for segment in taken if isinstance(segment, str))
        value = Path(known) if len(known) == len(taken) else UNKNOWN
        yield from _ends(rest, path, stop, [*caught, value], minimum)
