"""Read once, decide, commit once: an optimistic unit of work on Firestore.

One batch read and one commit, two round trips in all (a server transaction would add a third to begin). Every
document that was read is written or deleted under the precondition that nobody changed it meanwhile, so what was
decided still holds when it is written; a unit that lost the race starts over with fresh reads. A document read
but not written is refused unless it was read with :meth:`UnitOfWork.peek`, which says that the decision may rest
on a slightly older copy.

Source: cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1#precondition.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from imagesfactory.kit.errors import Contended, Refusal, RetryLater

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference, DocumentSnapshot, WriteBatch

    Snapshot = DocumentSnapshot[DocumentReference]

Answer = TypeVar("Answer")

ATTEMPTS_MAX = 25
_BACKOFF_FIRST_SECONDS = 0.01
_BACKOFF_MAX_SECONDS = 0.64


class UnitOfWork:
    """The reads and writes of one decision. Made by :func:`run`; used inside its body only."""

    def __init__(self, client: Client, attempt: int) -> None:
        self.attempt = attempt
        """0 at first; counts the races this unit has lost."""
        self._client = client
        self._batch: WriteBatch = client.batch()
        self._read: dict[str, datetime | None] = {}
        self._unverified: set[str] = set()
        self._order: list[str] = []
        """Paths in the order of the batch's writes."""
        self._written: dict[str, datetime] = {}

    def read(self, *references: DocumentReference) -> list[Snapshot]:
        """The documents, in the order asked for, in one round trip; each must be written by the same unit if
        the unit writes at all.
        """
        snapshots = self.peek(*references)
        self.tie(*snapshots)
        return snapshots

    def peek(self, *references: DocumentReference) -> list[Snapshot]:
        """The documents, in the order asked for, without tying the commit to their versions."""
        by_path = {snapshot.reference.path: snapshot for snapshot in self._client.get_all(list(references))}
        return [by_path[reference.path] for reference in references]

    def tie(self, *snapshots: Snapshot) -> None:
        """Treat documents peeked at in this unit as read after all, because the decision changes them."""
        for snapshot in snapshots:
            path = snapshot.reference.path
            self._read[path] = snapshot.update_time if snapshot.exists else None
            self._unverified.add(path)

    def assume(self, reference: DocumentReference, version: datetime) -> None:
        """Decide on a copy read earlier, of that update time; the commit is refused if it is not the present one."""
        self._read[reference.path] = version
        self._unverified.add(reference.path)

    def version(self, reference: DocumentReference) -> datetime:
        """The update time of a document after this unit: as written by it, or as read."""
        version = self._written.get(reference.path) or self._read[reference.path]
        if version is None:
            msg = "a document that was not there has no version"
            raise LookupError(msg)
        return version

    def create(self, reference: DocumentReference, document: Mapping[str, Any]) -> None:
        """Write a document that must not exist."""
        self._writing(reference)
        self._batch.create(reference, dict(document))

    def update(self, reference: DocumentReference, fields: Mapping[str, Any]) -> None:
        """Change the named fields (dotted paths allowed) of a document read before in this unit."""
        self._batch.update(reference, dict(fields), option=self._version_option(reference))
        self._writing(reference)

    def delete(self, reference: DocumentReference) -> None:
        """Delete a document read before in this unit."""
        self._batch.delete(reference, option=self._version_option(reference))
        self._writing(reference)

    def was_overtaken(self) -> bool:
        """Whether a document that the decision rests on has changed since it was read."""
        references = [self._client.document(path) for path in self._read]
        present = {found.reference.path: found.update_time for found in self._client.get_all(references)}
        return any(present[path] != version for path, version in self._read.items())

    def commit(self) -> None:
        """Write everything at once, if anything is to be written.

        Raises:
            RuntimeError: a document was read for the decision but its version would not be verified.

        """
        if not self._order:
            return
        if self._unverified:
            msg = f"read but not written, so not verified: {len(self._unverified)} document(s)"
            raise RuntimeError(msg)
        results = self._batch.commit()
        self._written = dict(zip(self._order, (result.update_time for result in results), strict=True))

    def _writing(self, reference: DocumentReference) -> None:
        self._order.append(reference.path)
        self._unverified.discard(reference.path)

    def _version_option(self, reference: DocumentReference) -> Any:
        version = self._read.get(reference.path)
        if version is None:
            msg = "a document is changed only after it was read, and found, in the same unit"
            raise RuntimeError(msg)
        return self._client.write_option(last_update_time=version)


def run(client: Client, body: Callable[[UnitOfWork], Answer]) -> Answer:
    """Run ``body`` and commit what it wrote; again with fresh reads when somebody else was faster.

    A body that fails on documents that have changed since it read them is run again too.

    ``body`` may run several times: nothing in it may have an effect outside. A body that raises commits nothing.

    Raises:
        Contended: others were faster ``ATTEMPTS_MAX`` times in a row.

    """
    from google.api_core import exceptions

    lost_races = (exceptions.FailedPrecondition, exceptions.Conflict, exceptions.NotFound)
    for attempt in range(ATTEMPTS_MAX):
        unit = UnitOfWork(client, attempt)
        try:
            answer = body(unit)
            unit.commit()
        except (Refusal, RetryLater):
            raise
        except lost_races:
            time.sleep(_backoff_seconds(attempt))
        except Exception:
            # Documents read one after the other may contradict each other when somebody commits in between.
            if not unit.was_overtaken():
                raise
        else:
            return answer
    raise Contended


def _backoff_seconds(attempt: int) -> float:
    """Full jitter, so that the losers of one race do not meet again in the next."""
    return random.uniform(0, min(_BACKOFF_MAX_SECONDS, _BACKOFF_FIRST_SECONDS * 2**attempt))
