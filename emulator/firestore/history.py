"""The recent past of one database: which documents each commit changed, for as long as it is kept.

Serves read times, snapshots of transactions, and change feeds that resume. It lives in memory and holds the
last hour, but no more than HISTORY_COMMITS_MAX commits or HISTORY_BYTES_MAX bytes; it is empty after a start.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from emulator.firestore import limits
from emulator.firestore.messages import Document, Timestamp, micros_of
from emulator.firestore.writes import Change


@dataclass(frozen=True, slots=True)
class Committed:
    """One commit as it is told to listeners.

    Attributes:
        database: ``projects/p/databases/d``.
        version: Number of the commit within its database.
        commit_time: Its time, whole microseconds.
        changes: The documents it changed.

    """

    database: str
    version: int
    commit_time: Timestamp
    changes: tuple[Change, ...]


class History:
    """Commits of one database from the newest back to the horizon.

    Args:
        version: The version at the start; nothing before it is known.
        commit_micros: The time of that version.

    """

    def __init__(self, version: int, commit_micros: int) -> None:
        self._horizon = version
        self._horizon_micros = commit_micros
        self._commits: deque[Committed] = deque()
        self._sizes: deque[int] = deque()
        self._bytes = 0
        self._by_name: dict[str, deque[tuple[int, Document | None]]] = defaultdict(deque)

    def add(self, commit: Committed) -> None:
        """Remember a commit and forget what is too old or too much."""
        for change in commit.changes:
            self._by_name[change.name].append((commit.version, change.before))
        size = sum(_size(change) for change in commit.changes)
        self._commits.append(commit)
        self._sizes.append(size)
        self._bytes += size
        oldest_micros = micros_of(commit.commit_time) - int(limits.HISTORY_SECONDS_MAX * 1_000_000)
        while self._commits and self._is_too_much(oldest_micros):
            self._forget_oldest()

    def holds(self, version: int) -> bool:
        """Whether the state at `version` can still be told."""
        return version >= self._horizon

    def version_at(self, micros: int) -> int | None:
        """The version that was current at a time; None when it is too long ago."""
        if micros < self._horizon_micros:
            return None
        position = bisect_right(self._commits, micros, key=lambda commit: micros_of(commit.commit_time))
        return self._commits[position - 1].version if position else self._horizon

    def since(self, version: int) -> Iterator[Committed]:
        """The commits after `version`, newest first (the caller has asked `holds`)."""
        for commit in reversed(self._commits):
            if commit.version <= version:
                return
            yield commit

    def changed_since(self, name: str, version: int) -> bool:
        """Whether a document was changed after `version`."""
        versions = self._by_name.get(name)
        return bool(versions) and versions[-1][0] > version  # type: ignore[index]

    def document_at(self, name: str, version: int, current: Document | None) -> Document | None:
        """The document as of `version`, given its current state."""
        for changed_in, before in self._by_name.get(name, ()):
            if changed_in > version:
                return before
        return current

    def overlay(self, version: int) -> dict[str, Document | None]:
        """State at `version` of every document changed after it."""
        result: dict[str, Document | None] = {}
        for commit in self.since(version):
            for change in commit.changes:
                result[change.name] = change.before
        return result

    def changes_since(self, version: int) -> list[Change] | None:
        """One net change per document changed after `version`; None when that is too long ago."""
        if not self.holds(version):
            return None
        newest: dict[str, Document | None] = {}
        oldest: dict[str, Document | None] = {}
        for commit in self.since(version):
            for change in commit.changes:
                newest.setdefault(change.name, change.after)
                oldest[change.name] = change.before
        return list(_net_changes(oldest, newest))

    def _is_too_much(self, oldest_micros: int) -> bool:
        return (
            len(self._commits) > limits.HISTORY_COMMITS_MAX
            or self._bytes > limits.HISTORY_BYTES_MAX
            or micros_of(self._commits[0].commit_time) < oldest_micros
        )

    def _forget_oldest(self) -> None:
        commit = self._commits.popleft()
        self._bytes -= self._sizes.popleft()
        self._horizon = commit.version
        self._horizon_micros = micros_of(commit.commit_time)
        for change in commit.changes:
            versions = self._by_name[change.name]
            versions.popleft()
            if not versions:
                del self._by_name[change.name]


def _size(change: Change) -> int:
    versions = (change.before, change.after)
    return sum(limits.HISTORY_VERSION_BYTES + version.ByteSize() for version in versions if version is not None)


def _net_changes(oldest: dict[str, Document | None], newest: dict[str, Document | None]) -> Iterable[Change]:
    for name in reversed(oldest):
        if oldest[name] is not None or newest[name] is not None:
            yield Change(name, oldest[name], newest[name])
