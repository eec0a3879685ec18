"""A sign-up that was never completed is removed: sign-in, account, and the visits, which a law makes us keep apart.

Source: privacy policy, articles 4.1 and 11, and the 24 hours of retention.yaml. Every step can be repeated.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.accounts.model import Status
from imagesfactory.accounts.ports import Directory, LeftRecords
from imagesfactory.accounts.store import AccountStore, profile_from
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from google.cloud.firestore import Client


class UnfinishedSignups:
    """Removes accounts whose sign-up was not completed."""

    def __init__(self, client: Client, *, directory: Directory, left: LeftRecords) -> None:
        self._client = client
        self._store = AccountStore(client)
        self._directory = directory
        self._left = left

    def remove(self, now: datetime, limit: int) -> int:
        """Remove those that were not completed within their day, or were begun by somebody under 14, at most ``limit``;
        returns how many.
        """
        return sum(self._was_removed(uid, now) for uid in self._store.overdue(now, limit))

    def _was_removed(self, uid: str, now: datetime) -> bool:
        try:
            return self._remove(uid, now)
        except Exception as problem:
            log.failure("signup.removal_failed", problem, uid=uid)
            return False

    def _remove(self, uid: str, now: datetime) -> bool:
        # Marked first, so that nobody completes the sign-up while it is being removed.
        if not unit_of_work.run(self._client, partial(self._mark, uid=uid, now=now)):
            return False
        self._directory.delete(uid)
        self._left.part(uid, now)
        unit_of_work.run(self._client, partial(self._delete, uid=uid))
        log.info("signup.removed", uid=uid)
        return True

    def _mark(self, unit: UnitOfWork, uid: str, now: datetime) -> bool:
        (snapshot,) = unit.read(self._store.reference(uid))
        profile = profile_from(snapshot)
        if profile is None or profile.status not in {Status.UNFINISHED, Status.REMOVING}:
            return False
        if profile.status is Status.UNFINISHED:  # once: a removal that keeps failing is late from its beginning
            self._store.mark_removing(unit, uid, now)
        return True

    def _delete(self, unit: UnitOfWork, uid: str) -> None:
        (snapshot,) = unit.read(self._store.reference(uid))
        if snapshot.exists:
            unit.delete(self._store.reference(uid))
