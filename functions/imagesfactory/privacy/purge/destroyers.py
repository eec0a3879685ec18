"""Destroys one page of due records, each in the way the registry names; what fails is said and stops nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Final

from imagesfactory.kit.errors import RetryLater
from imagesfactory.points.carrying import carry_forward
from imagesfactory.policy.retention import retention
from imagesfactory.privacy.purge.model import Failure, Step, failure
from imagesfactory.privacy.purge.ports import FileStore
from imagesfactory.privacy.purge.store import DuePlace

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from imagesfactory.kit.lean_query import AnyRecord

FILES_PAGE: Final = 200
_TRIES: Final = 5
"""How often a record that others change meanwhile is looked at again before it is left for tomorrow."""
_CHANGED_CODES: Final = frozenset({5, 9, 10})
"""NOT_FOUND, FAILED_PRECONDITION, ABORTED (google.rpc.Code): somebody else changed or deleted it first."""


@dataclass
class Outcome:
    """What became of one page."""

    destroyed: int = 0
    failures: list[Failure] = field(default_factory=list)


class Destroyer:
    """Destroys due records of one place."""

    def __init__(self, client: Client, step: Step, files: FileStore) -> None:
        self._client = client
        self._step = step
        self._place = DuePlace(client, step)
        self._files = files

    def destroy(self, page: Sequence[AnyRecord], due_before: datetime) -> Outcome:
        """Destroy the records of ``page`` that are still due."""
        outcome = Outcome()
        if self._step.destroyed == "tree":
            self._delete_trees(page, outcome)
        elif self._step.destroyed == "ledger":
            self._carry(page, outcome)
        elif self._step.destroyed == "files":
            self._delete_records(self._without_files(page, outcome), due_before, outcome)
        else:
            self._delete_records(page, due_before, outcome)
        return outcome

    def _delete_records(self, page: Sequence[AnyRecord], due_before: datetime, outcome: Outcome) -> None:
        if page and self._delete_together(page):
            outcome.destroyed += len(page)
            return
        for _ in range(_TRIES):
            changed = self._delete_each(page, outcome) if page else []
            if not changed:
                return
            page = self._place.still_due([record.reference for record in changed], due_before)
        self._fail(page, "changes-all-the-time", outcome)

    def _delete_together(self, page: Sequence[AnyRecord]) -> bool:
        """Delete all records as they were read, in one commit; whether that went. It is the quickest way by far, and
        changes nothing when somebody touched one of them, or when the page is too much for one commit.
        """
        from google.api_core.exceptions import Aborted, FailedPrecondition, InvalidArgument, NotFound

        batch = self._client.batch()
        for record in page:
            batch.delete(record.reference, option=self._client.write_option(last_update_time=record.update_time))
        try:
            batch.commit()
        except (Aborted, FailedPrecondition, InvalidArgument, NotFound):
            return False
        return True

    def _delete_each(self, page: Sequence[AnyRecord], outcome: Outcome) -> list[AnyRecord]:
        """Delete each record for itself as it was read; returns those that somebody changed since."""
        from google.cloud.firestore_v1.bulk_batch import BulkWriteBatch

        batch = BulkWriteBatch(client=self._client)
        for record in page:
            batch.delete(record.reference, option=self._client.write_option(last_update_time=record.update_time))
        changed = []
        for record, status in zip(page, batch.commit().status, strict=True):
            if status.code == 0:
                outcome.destroyed += 1
            elif status.code in _CHANGED_CODES:
                changed.append(record)
            else:
                self._fail([record], f"status-{status.code}", outcome)
        return changed

    def _delete_trees(self, page: Sequence[AnyRecord], outcome: Outcome) -> None:
        for record in page:
            try:
                outcome.destroyed += self._client.recursive_delete(record.reference)
            except Exception as problem:
                self._fail([record], type(problem).__name__, outcome)

    def _carry(self, page: Sequence[AnyRecord], outcome: Outcome) -> None:
        by_wallet = sorted(page, key=_wallet)
        for _, entries in groupby(by_wallet, key=_wallet):
            of_wallet = list(entries)
            try:
                carry_forward(self._client, of_wallet)
                outcome.destroyed += len(of_wallet)
            except Exception as problem:
                self._fail(of_wallet, type(problem).__name__, outcome)

    def _without_files(self, page: Sequence[AnyRecord], outcome: Outcome) -> list[AnyRecord]:
        """The records whose files are gone now."""
        ready = []
        for record in page:
            try:
                outcome.destroyed += self._delete_files(_prefix(self._step, record))
                ready.append(record)
            except Exception as problem:
                code = problem.reason if isinstance(problem, RetryLater) else type(problem).__name__
                self._fail([record], code, outcome)
        return ready

    def _delete_files(self, prefix: str) -> int:
        count, after = 0, ""
        while page := self._files.page(prefix, after, FILES_PAGE):
            for file in page:
                self._files.delete(file.name)
            count, after = count + len(page), page[-1].name
            if len(page) < FILES_PAGE:
                break
        return count

    def _fail(self, records: Iterable[AnyRecord], code: str, outcome: Outcome) -> None:
        outcome.failures += [failure(self._step.name, record.reference.path, code) for record in records]


def _wallet(entry: AnyRecord) -> str:
    wallet: str = entry.reference.path.rsplit("/", 2)[0]
    return wallet


def _prefix(step: Step, record: AnyRecord) -> str:
    template = retention().collections[step.path].files or ""
    prefix = template.format_map({**(record.to_dict() or {}), "id": record.id})
    if prefix.count("/") != template.count("/") or "//" in prefix:
        msg = "the record does not name its files"
        raise ValueError(msg)
    return prefix
