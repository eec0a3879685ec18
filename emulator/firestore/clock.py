"""Commit and read times of one database: strictly increasing microseconds."""

from __future__ import annotations

import time
from collections.abc import Callable


def utc_micros() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000


class CommitClock:
    """Hands out times so that every commit is later than all commits and reads before it.

    Args:
        last_commit_micros: The newest commit already stored.
        now: The wall clock, microseconds since 1970; it may stand still or jump back.

    """

    def __init__(self, last_commit_micros: int, now: Callable[[], int] = utc_micros) -> None:
        self._last = last_commit_micros
        self._now = now

    def read_micros(self) -> int:
        """The time of a read of the present state: not before any commit, and before all later ones."""
        self._last = max(self._now(), self._last)
        return self._last

    def next_commit_micros(self) -> int:
        """A time for the next commit."""
        self._last = max(self._now(), self._last + 1)
        return self._last
