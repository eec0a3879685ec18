"""Finds the match blocks that apply to a request's path, and what their wildcards caught."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from emulator.rules import limits
from emulator.rules.environment import Gap, RequestSegment, UnknownSegment
from emulator.rules.errors import LimitExceeded
from emulator.rules.evaluation import Evaluation
from emulator.rules.symbolic import UNKNOWN
from emulator.rules.syntax import PatternSegment
from emulator.rules.values import Path, Value

Condition = Callable[[Evaluation, list[Value]], Value]
Pattern = tuple[PatternSegment, ...]

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

    pattern: Pattern
    allows: tuple[AllowRule, ...]
    children: tuple[MatchRule, ...]


def operations_of(names: Sequence[str]) -> frozenset[str]:
    """The request operations that an `allow` statement's list of operations covers."""
    return frozenset().union(*(OPERATIONS_OF.get(name, frozenset({name})) for name in names))


class Matcher:
    """Matches one request's path.

    A path with unknown parts is matched only by patterns that match whatever those parts could be.
    `minimum_recursive` is how many segments `{name=**}` must take: 1 in version 1 of the language, 0 in version 2.
    """

    def __init__(self, path: Sequence[RequestSegment], operation: str, *, minimum_recursive: int) -> None:
        self._path = tuple(path)
        self._operation = operation
        self._minimum = minimum_recursive
        self._steps = 0

    def applicable(self, rule: MatchRule) -> Iterator[tuple[AllowRule, list[Value]]]:
        """The `allow` statements that cover the request, in source order, each with its captured values.

        Raises:
            LimitExceeded: recursive wildcards in nested blocks match in too many ways.

        """
        return self._visit(rule, 0, [])

    def _visit(self, rule: MatchRule, start: int, caught: list[Value]) -> Iterator[tuple[AllowRule, list[Value]]]:
        self._steps += 1
        if self._steps > limits.MATCH_STEPS:
            raise LimitExceeded("The path matches in too many ways.")
        for end, captures in self._ends(rule.pattern, start, caught):
            if end == len(self._path):
                for allow in rule.allows:
                    if self._operation in allow.operations:
                        yield allow, captures
            for child in rule.children:
                yield from self._visit(child, end, captures)

    def _ends(self, pattern: Pattern, start: int, caught: list[Value]) -> Iterator[tuple[int, list[Value]]]:
        """Where a pattern that begins at `start` can end, with the captures so far."""
        position = start
        for index, segment in enumerate(pattern):
            if segment.recursive:
                yield from self._recursive_ends(pattern[index + 1 :], position, caught)
                return
            if position >= len(self._path):
                return
            actual = self._path[position]
            if segment.text is not None:
                if actual != segment.text:
                    return
            elif isinstance(actual, Gap):
                return
            else:
                caught = [*caught, UNKNOWN if isinstance(actual, UnknownSegment) else actual]
            position += 1
        yield position, caught

    def _recursive_ends(self, rest: Pattern, start: int, caught: list[Value]) -> Iterator[tuple[int, list[Value]]]:
        for stop in range(len(self._path), start + self._minimum - 1, -1):
            taken = self._path[start:stop]
            known = tuple(segment for segment in taken if isinstance(segment, str))
            value = Path(known) if len(known) == len(taken) else UNKNOWN
            yield from self._ends(rest, stop, [*caught, value])
