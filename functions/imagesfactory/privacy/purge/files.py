"""Goes through the bucket: files whose own period is over, and files and index that do not match, either way.

Files of jobs come in the order of member and job, and so do the jobs when asked for by owner and id, so both are read
side by side, once. What does not match is looked at again by itself before anything is done, because the two are read
at different moments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from imagesfactory.kit.errors import RetryLater
from imagesfactory.policy.retention import collection_name, destroy_at, retention
from imagesfactory.privacy.purge.model import Failure, Step, failure
from imagesfactory.privacy.purge.ports import FileStore, StoredFile

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from imagesfactory.kit.unit_of_work import Snapshot

ORPHAN_AFTER: Final = timedelta(days=1)
"""A file younger than this may belong to work that is not written down yet; all work has ended long before."""
_JOBS_PAGE: Final = 300
_FIELDS: Final = ("owner", "images", "finished_at")


@dataclass
class FilesOutcome:
    """What became of one page of files."""

    destroyed: int = 0
    orphans: int = 0
    missing: int = 0
    failures: list[Failure] = field(default_factory=list)
    after: str = ""
    is_last: bool = False


class FilePurge:
    """Destroys files of one prefix of the bucket."""

    def __init__(self, client: Client, step: Step, files: FileStore) -> None:
        self._client = client
        self._step = step
        self._files = files
        self._index = retention().buckets[step.path].index

    def page(self, due_before: datetime, after: str, limit: int) -> FilesOutcome:
        """Look at the files that follow ``after``, at most ``limit``, and at the index of the same range."""
        page = self._files.page(prefix_of(self._step.path), after, limit)
        outcome = FilesOutcome(after=page[-1].name if page else after, is_last=len(page) < limit)
        kept = [file for file in page if not self._destroy_if_due(file, due_before, outcome)]
        if self._index is not None:
            end = "" if outcome.is_last else outcome.after
            indexed = self._indexed(self._index, after, end, due_before, {file.name for file in kept}, outcome)
            for file in kept:
                if file.name not in indexed and file.stored_at <= due_before - ORPHAN_AFTER:
                    self._destroy_orphan(self._index, file, outcome)
        return outcome

    def _destroy_if_due(self, file: StoredFile, due_before: datetime, outcome: FilesOutcome) -> bool:
        ends = destroy_at(self._step.record_class, file.stored_at)
        is_due = ends is not None and ends <= due_before
        if is_due and self._delete(file.name, outcome):
            outcome.destroyed += 1
        return is_due

    def _indexed(
        self, index: str, after: str, end: str, due_before: datetime, found: set[str], outcome: FilesOutcome
    ) -> set[str]:
        """The files that records name in this range of names; one that is not there is counted as missing.

        Only records that ended before today are held to it: the file of a younger one may come between the two looks.
        """
        named: set[str] = set()
        first, last = key_of(after), key_of(end)
        for record in indexed_records(self._client, index, first, last):
            document = record.to_dict() or {}
            names = {name for name in file_names(document) if after < name and (not end or name <= end)}
            named |= names
            finished_at = document.get("finished_at")
            if finished_at is not None and finished_at <= due_before - ORPHAN_AFTER:
                outcome.missing += sum(not self._files.page(name, "", 1) for name in names - found)
        return named

    def _destroy_orphan(self, index: str, file: StoredFile, outcome: FilesOutcome) -> None:
        _, _, record_id = file.name.split("/")[:3]
        document = self._client.collection(collection_name(index)).document(record_id).get().to_dict() or {}
        is_in_work = bool(document) and document.get("finished_at") is None
        if file.name in file_names(document) or is_in_work:
            return
        if self._delete(file.name, outcome):
            outcome.orphans += 1

    def _delete(self, name: str, outcome: FilesOutcome) -> bool:
        try:
            self._files.delete(name)
        except Exception as problem:
            code = problem.reason if isinstance(problem, RetryLater) else type(problem).__name__
            outcome.failures.append(failure(self._step.name, name, code))
            return False
        return True


def prefix_of(path: str) -> str:
    """What all names of a place of the bucket begin with: its template up to the first brace."""
    return path.split("{", 1)[0]


def indexed_records(
    client: Client, index: str, first: tuple[str, str], last: tuple[str, str], fields: Sequence[str] = _FIELDS
) -> Iterator[Snapshot]:
    """Records of a registered collection from the key ``first`` to the key ``last`` (both: owner and id; empty: the
    very first, the very last), page by page.
    """
    records = client.collection(collection_name(index))
    query: Any = records.order_by("owner").order_by("__name__").select(fields)
    if any(last):
        query = query.end_at({"owner": last[0], "__name__": records.document(last[1])})
    start = query
    if any(first):
        start = query.start_at({"owner": first[0], "__name__": records.document(first[1])})
    while True:
        page = list(start.limit(_JOBS_PAGE).stream())
        yield from page
        if len(page) < _JOBS_PAGE:
            return
        start = query.start_after(page[-1])


def key_of(name: str) -> tuple[str, str]:
    """Owner and record that a file belongs to; empty where there is no file."""
    parts = name.split("/")
    return (parts[1], parts[2]) if len(parts) > 3 else ("", "")


def file_names(document: dict[str, Any]) -> set[str]:
    """The files that a record names: those of its images that are stored."""
    return {image["file"] for image in document.get("images", {}).values() if image.get("file")}
