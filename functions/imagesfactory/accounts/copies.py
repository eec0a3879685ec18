"""Others have copies of what a profile says, and are told what was changed.

Firebase Authentication has name, photo and address; the mail carrier remembers addresses it wrote to. The change is
marked in its own commit and told by the sweep, which runs as the one account that may change sign-ins: nothing is lost
to a crash, and an outsider that is down delays nobody. What Google says of its own account stays Google's.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from imagesfactory.accounts.model import Profile
from imagesfactory.accounts.ports import MailCarrier, SignInCopies
from imagesfactory.accounts.store import AccountStore, profile_from
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from google.cloud.firestore import Client

RETRY_AFTER: Final = timedelta(hours=1)
"""How long one that failed lets the others go first."""


class Copies:
    """Sees to it that copies say what profiles say."""

    def __init__(self, client: Client, *, sign_ins: SignInCopies, carrier: MailCarrier) -> None:
        self._client = client
        self._sign_ins = sign_ins
        self._carrier = carrier
        self._store = AccountStore(client)

    def tell(self, now: datetime, limit: int) -> int:
        """Tell all that is due, of at most ``limit`` members; returns how many were told."""
        return sum(self._was_told(uid, now) for uid in self._store.copies_due(now, limit))

    def _was_told(self, uid: str, now: datetime) -> bool:
        try:
            self._tell(uid)
        except Exception as problem:
            log.failure("copies.telling_failed", problem, uid=uid)
            unit_of_work.run(self._client, partial(self._postpone, uid=uid, until=now + RETRY_AFTER))
            return False
        return True

    def _tell(self, uid: str) -> None:
        profile = self._store.get(uid)
        if profile is None:
            return
        # First: an erasure does not wait for a directory that refuses the new address.
        for address in profile.former_emails:
            self._carrier.forget(address)
        self._sign_ins.correct(uid, profile.sign_in_facts)
        unit_of_work.run(self._client, partial(self._note, uid=uid, told=profile))

    def _note(self, unit: UnitOfWork, uid: str, told: Profile) -> None:
        """What was changed while it was told stays due."""
        (snapshot,) = unit.read(self._store.reference(uid))
        profile = profile_from(snapshot)
        if profile is None or profile.sign_in_facts != told.sign_in_facts:
            return
        if profile.former_emails == told.former_emails:
            known = replace(profile, is_address_corrected=False, former_emails=())
            self._store.update(unit, replace(known, copies_due_at=None, copies_open_since=None))

    def _postpone(self, unit: UnitOfWork, uid: str, until: datetime) -> None:
        (snapshot,) = unit.read(self._store.reference(uid))
        profile = profile_from(snapshot)
        if profile is not None and profile.copies_due_at is not None:
            since = profile.copies_open_since or profile.copies_due_at
            self._store.update(unit, replace(profile, copies_due_at=until, copies_open_since=since))
