"""Erasing what is held about a member: records, files, and the copies that processors have."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from imagesfactory.policy.retention import retention
from imagesfactory.privacy.records import MemberRecords, OwnedPlace, owned_places
from imagesfactory.withdrawal.archive import Archive
from imagesfactory.withdrawal.ports import Files, Processor

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from imagesfactory.kit.unit_of_work import Snapshot

KEPT_TO_THE_END: Final = frozenset({"users/{uid}", "withdrawals/{uid}"})
"""The profile goes after the processors, which need its address; the withdrawal itself is the last."""


class Erasure:
    """Erases by the registry; what a law keeps only once it is in the archive."""

    def __init__(self, client: Client, *, archive: Archive, files: Files, processors: Mapping[str, Processor]) -> None:
        self._client = client
        self._records = MemberRecords(client)
        self._archive = archive
        self._files = files
        self._processors = processors

    def records(self, uid: str, subject: str, now: datetime) -> dict[str, int]:
        """Erase the member's records, all but the profile; returns how many of each place."""
        places = [where for where in owned_places() if where.path not in KEPT_TO_THE_END]
        return {where.path: self.place(where, uid, subject, now) for where in places}

    def place(self, where: OwnedPlace, uid: str, subject: str, now: datetime) -> int:
        """Erase the member's records of one place; returns how many.

        The first page again, until there is none: what was read is deleted only if nobody changed it since.
        """
        count = 0
        while page := self._records.page(where, uid, None):
            if where.is_archived:
                self._archive.keep(where, page, uid, subject, now)
            count += self._delete(page)
        return count

    def files(self, uid: str) -> dict[str, int]:
        """Erase the member's files; returns how many of each folder."""
        counts: dict[str, int] = {}
        for template in retention().buckets:
            names = list(self._files.names(_folder(template, uid)))
            for name in names:
                self._files.delete(name)
            counts[template] = len(names)
        return counts

    def at_processors(self, address: str, *former: str) -> dict[str, str]:
        """Have every processor forget the member, also by addresses from before; returns each one's reference of the
        erasure.

        Raises:
            RetryLater, ProcessorUnusable: not every one has.

        """
        for processor in self._processors.values():
            for one in former:
                processor.forget(one)
        return {name: processor.forget(address) for name, processor in self._processors.items()}

    def _delete(self, page: list[Snapshot]) -> int:
        from google.api_core.exceptions import FailedPrecondition, NotFound

        batch = self._client.batch()
        for snapshot in page:
            batch.delete(snapshot.reference, option=self._client.write_option(last_update_time=snapshot.update_time))
        try:
            batch.commit()
        except (FailedPrecondition, NotFound):
            return 0  # somebody was faster: the page is read again
        return len(page)


def _folder(template: str, uid: str) -> str:
    """The part of a bucket place that is the member's alone, with its final slash: ``ab`` is no part of ``abc``."""
    return template.split("{uid}", maxsplit=1)[0] + uid + "/"
