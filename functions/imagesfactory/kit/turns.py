"""Works off several kinds of things in turns, so that none that is broken, slow or many keeps the others waiting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from imagesfactory.kit import log


@dataclass(frozen=True)
class Part:
    """One kind of things. ``work`` does a page of it and returns how many it brought on.

    A part is repeated if what a page brought on is not found by the next one: it is done when a page brings on nothing.
    """

    name: str
    work: Callable[[], int]
    is_repeated: bool = False


@dataclass(frozen=True)
class Result:
    """How many each part brought on, and the names of those that failed and of those that had no turn."""

    counts: Mapping[str, int]
    failed: tuple[str, ...]
    missed: tuple[str, ...]


def take_turns(parts: Sequence[Part], first: int, is_time_left: Callable[[], bool]) -> Result:
    """Give every part a turn, then those that are repeated, again and again until all are done.

    Args:
        parts: what there is to do.
        first: number of the part that begins (from 0), because what comes last has its turn only if time is left.
        is_time_left: whether one more turn may begin.

    """
    counts: dict[str, int] = {}
    failed: list[str] = []
    waiting = [*parts[first:], *parts[:first]]
    while waiting and is_time_left():
        part = waiting.pop(0)
        try:
            brought_on = part.work()
        except Exception as problem:
            log.failure("turn.failed", problem, code=part.name)
            failed.append(part.name)
            continue
        counts[part.name] = counts.get(part.name, 0) + brought_on
        if part.is_repeated and brought_on:
            waiting.append(part)
    missed = tuple(part.name for part in waiting if part.name not in counts)
    return Result(counts, tuple(failed), missed)


def first_at(now: datetime, slot: timedelta, count: int) -> int:
    """Which of ``count`` parts begins in the slot of ``now``: the next one in each slot."""
    return (now - datetime(1970, 1, 1, tzinfo=UTC)) // slot % count
