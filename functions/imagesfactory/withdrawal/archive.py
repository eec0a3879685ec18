"""What laws make us keep moves to the archive database: copied under the subject, read back, compared, then erased.

The archive has the same paths as the default database; nameless.py says what of a record is copied.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from imagesfactory.privacy.records import MemberRecords, OwnedPlace, archived_reference, owned_places
from imagesfactory.withdrawal.nameless import nameless

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from imagesfactory.kit.unit_of_work import Snapshot

_Wanted = dict[str, dict[str, Any]]
"""Records by their path in the archive."""


class ArchiveUnequal(Exception):
    """What was read back from the archive is not what was copied."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place


class Archive:
    """Writes to the archive, and believes nothing that was not read back."""

    def __init__(self, client: Client, archive: Client) -> None:
        self._archive = archive
        self._records = MemberRecords(client)

    def copy(self, uid: str, subject: str, now: datetime) -> dict[str, int]:
        """Copy everything of the member that a law keeps; returns how many records of each place.

        Raises:
            MemberStillNamed, ArchiveUnequal: nothing may be erased.

        """
        counts: dict[str, int] = {}
        for where in owned_places():
            if where.is_archived:
                pages = self._records.pages(where, uid)
                counts[where.path] = sum(self.keep(where, page, uid, subject, now) for page in pages)
        return counts

    def keep(self, where: OwnedPlace, page: Iterable[Snapshot], uid: str, subject: str, now: datetime) -> int:
        """Copy these records and read them back; returns how many there are. Those there already are compared only.

        Raises:
            MemberStillNamed, ArchiveUnequal: these may not be erased.

        """
        wanted: _Wanted = {}
        for snapshot in page:
            reference = archived_reference(self._archive, where, snapshot.reference, subject)
            wanted[reference.path] = nameless(where, snapshot.to_dict() or {}, uid, subject, now)
        lacking = self._lacking(wanted)
        if lacking:
            self._write(lacking)
            if self._lacking(lacking):
                raise ArchiveUnequal(where.path)
        return len(wanted)

    def _lacking(self, wanted: _Wanted) -> _Wanted:
        """What is not in the archive exactly as it should be."""
        there = self._archive.get_all([self._archive.document(path) for path in wanted])
        found = {snapshot.reference.path: snapshot.to_dict() for snapshot in there}
        return {path: document for path, document in wanted.items() if found.get(path) != document}

    def _write(self, wanted: _Wanted) -> None:
        batch = self._archive.batch()
        for path, document in wanted.items():
            batch.set(self._archive.document(path), document)
        batch.commit()
