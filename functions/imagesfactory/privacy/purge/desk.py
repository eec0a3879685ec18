"""What an operator sees of the purge: what is due when, what it would destroy now, and the evidence it left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from imagesfactory.policy.retention import destroy_at
from imagesfactory.privacy.purge.files import FilePurge
from imagesfactory.privacy.purge.model import Position, Run, Step, Store, broken_links, steps
from imagesfactory.privacy.purge.ports import FileStore, StoredFile
from imagesfactory.privacy.purge.report import Row, report
from imagesfactory.privacy.purge.store import DuePlace, RunStore

if TYPE_CHECKING:
    from datetime import datetime

    from google.cloud.firestore import Client

_PAGE: Final = 500


@dataclass(frozen=True)
class Candidate:
    """One record or file that the purge would destroy; ``due_at`` is None for a file that belongs to no record."""

    place: str
    path: str
    due_at: datetime | None


@dataclass(frozen=True)
class Evidence:
    """The runs that are kept, oldest first, and the numbers of those that were changed or lack their predecessor."""

    runs: tuple[Run, ...]
    broken: tuple[int, ...]


class PurgeDesk:
    """Reads, and destroys nothing."""

    def __init__(self, client: Client, archive: Client, files: FileStore) -> None:
        self._clients = {Store.DEFAULT: client, Store.ARCHIVE: archive, Store.BUCKET: client}
        self._files = files

    def report(self, now: datetime) -> Iterator[Row]:
        """One row for each place that holds records with an end, as of ``now``."""
        return report(self._clients[Store.DEFAULT], self._clients[Store.ARCHIVE], self._files, now)

    def would_go(self, now: datetime) -> Iterator[Candidate]:
        """What a purge at ``now`` would destroy, place by place, read page by page. Files of a due record are named
        with the files that are due themselves.
        """
        for step in steps():
            yield from self._files_of(step, now) if step.store is Store.BUCKET else self._records_of(step, now)

    def evidence(self) -> Evidence:
        """Every finished run that is kept, with its chain checked."""
        runs = [run for run in RunStore(self._clients[Store.DEFAULT]).all() if run.is_finished]
        return Evidence(tuple(runs), tuple(broken_links(runs)))

    def _records_of(self, step: Step, now: datetime) -> Iterator[Candidate]:
        place, after = DuePlace(self._clients[step.store], step), Position()
        while page := place.page(now, after, _PAGE):
            for record in page:
                yield Candidate(step.name, record.reference.path, record.get("destroy_at"))
            after = Position(0, page[-1].get("destroy_at"), page[-1].reference.path)

    def _files_of(self, step: Step, now: datetime) -> Iterator[Candidate]:
        """By the purge's own eyes, with a bucket that only notes what is to be deleted."""
        noting = _Noting(self._files)
        purge, after, is_last = FilePurge(self._clients[step.store], step, noting), "", False
        while not is_last:
            outcome = purge.page(now, after, _PAGE)
            for file in noting.taken():
                ends = destroy_at(step.record_class, file.stored_at)
                yield Candidate(step.name, file.name, ends if ends is not None and ends <= now else None)
            after, is_last = outcome.after, outcome.is_last


class _Noting:
    """A FileStore that deletes nothing and remembers what it was to delete."""

    def __init__(self, files: FileStore) -> None:
        self._files = files
        self._seen: dict[str, StoredFile] = {}
        self._noted: list[str] = []

    def page(self, prefix: str, after: str, limit: int) -> list[StoredFile]:
        found = self._files.page(prefix, after, limit)
        self._seen |= {file.name: file for file in found}
        return found

    def delete(self, name: str) -> None:
        self._noted.append(name)

    def taken(self) -> list[StoredFile]:
        """What was to be deleted since the last call."""
        noted = [self._seen[name] for name in self._noted]
        self._seen, self._noted = {}, []
        return noted
