"""Suspending a member for misuse, and taking it back: the service closes, the rights to one's own data do not.

One commit closes account and wallet and writes the letter. What is outside follows and can be repeated: sessions end,
what nobody has begun is released, what nobody has paid is closed, and the register of misuse keeps the member from
joining a second time. A crash in between is repaired by the sweep, or by asking again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from imagesfactory.accounts.errors import AccountSuspended
from imagesfactory.accounts.profiles import ProfileService
from imagesfactory.accounts.service import AccountService
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.clock import legal_day
from imagesfactory.kit.errors import RetryLater
from imagesfactory.kit.ids import derive_id
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.mail.outbox import Outbox
from imagesfactory.mail.words import AccountReinstated
from imagesfactory.mail.words import AccountSuspended as SuspensionWords
from imagesfactory.officer.errors import SuspendedBefore, SuspensionUnknown
from imagesfactory.officer.model import PATIENCE, ReinstatementRequest, Suspension, SuspensionRequest
from imagesfactory.officer.ports import Directory
from imagesfactory.officer.store import SuspensionStore, suspension_from
from imagesfactory.points.service import PointsService
from imagesfactory.privacy.misuse import Case, MisuseRegister
from imagesfactory.staff.access_log import AccessLog
from imagesfactory.staff.model import Access, Action, StaffMember
from imagesfactory.withdrawal.settling import Settling

if TYPE_CHECKING:
    from google.cloud.firestore import Client

LISTED: Final = "suspended"
"""Why the register of misuse lists somebody who is a member still."""


class SuspensionService:
    """Suspends and reinstates members."""

    def __init__(
        self,
        client: Client,
        *,
        accounts: AccountService,
        profiles: ProfileService,
        points: PointsService,
        settling: Settling,
        misuse: MisuseRegister,
        directory: Directory,
        outbox: Outbox,
        accesses: AccessLog,
    ) -> None:
        self._client = client
        self._store = SuspensionStore(client)
        self._accounts = accounts
        self._profiles = profiles
        self._points = points
        self._settling = settling
        self._misuse = misuse
        self._directory = directory
        self._outbox = outbox
        self._accesses = accesses

    def suspend(self, officer: StaffMember, request: SuspensionRequest, now: datetime) -> str:
        """Suspend an active member; returns the suspension's id, the same for the same request.

        Raises:
            AccountUnknown, AccountNotActive, SuspendedBefore: nothing was changed.
            RetryLater: the member is suspended, and what follows from it is left to the sweep or to asking again.

        """
        work = partial(self._suspend, officer=officer, request=request, now=now)
        suspension = unit_of_work.run(self._client, work)
        if suspension.resume_at is not None:
            log.info("member.suspended", uid=suspension.owner, event_id=suspension.id, code=suspension.category.value)
            self._enforce(suspension, now)
        return suspension.id

    def reinstate(self, officer: StaffMember, request: ReinstatementRequest, now: datetime) -> None:
        """End a suspension: the service is open again, with the points as they are; one that has ended stays so.

        Raises:
            SuspensionUnknown
            AccountNotActive: the member is leaving.

        """
        uid = unit_of_work.run(self._client, partial(self._reinstate, officer=officer, request=request, now=now))
        log.info("member.reinstated", uid=uid, event_id=request.suspension_id)

    def sweep(self, now: datetime, limit: int) -> int:
        """See to suspensions whose function died on the way, at most ``limit``; returns how many there were."""
        due = self._store.due(now, limit)
        for suspension in due:
            try:
                self._enforce(suspension, now)
            except RetryLater as later:
                log.warning("sweep.suspension_postponed", uid=suspension.owner, code=later.reason)
            except Exception as problem:
                log.failure("sweep.suspension_failed", problem, uid=suspension.owner)
        return len(due)

    def _suspend(self, unit: UnitOfWork, officer: StaffMember, request: SuspensionRequest, now: datetime) -> Suspension:
        reference = self._store.reference(derive_id("suspension", request.uid, request.request_id))
        (snapshot,) = unit.peek(reference)
        known = suspension_from(snapshot)
        if known is not None:
            if known.category is not request.category:
                raise SuspendedBefore
            return known
        try:
            self._profiles.suspend(unit, request.uid)
        except AccountSuspended:
            raise SuspendedBefore from None
        self._points.close(unit, request.uid)
        made = Suspension(reference.id, request.uid, request.category, now, resume_at=now + PATIENCE)
        self._store.create(unit, made)
        look = Access(officer, Action.MEMBER_SUSPENDED, (request.uid,), made.id, request.reason)
        self._accesses.note_with(unit, look, now)
        words = SuspensionWords(request.category.value, legal_day(now).isoformat())
        self._outbox.post(unit, f"{made.id}-suspended", request.uid, words, now)
        return made

    def _enforce(self, suspension: Suspension, now: datetime) -> None:
        """All that follows outside the commit, each part as often as it is asked for."""
        self._directory.end_sessions(suspension.owner)
        self._settling.stop(suspension.owner, now)
        identities = self._accounts.identities(suspension.owner)
        work = partial(self._list, suspension_id=suspension.id, identities=identities)
        unit_of_work.run(self._client, work)

    def _list(self, unit: UnitOfWork, suspension_id: str, identities: tuple[str, ...]) -> None:
        """Tied to the suspension: one that was taken back meanwhile lists nobody."""
        (snapshot,) = unit.read(self._store.reference(suspension_id))
        suspension = suspension_from(snapshot)
        if suspension is None or suspension.ended_at is not None:
            return
        self._misuse.list_in(unit, identities, Case(LISTED, suspension.id), suspension.began_at)
        self._store.update(unit, replace(suspension, resume_at=None))

    def _reinstate(self, unit: UnitOfWork, officer: StaffMember, request: ReinstatementRequest, now: datetime) -> str:
        (snapshot,) = unit.read(self._store.reference(request.suspension_id))
        suspension = suspension_from(snapshot)
        if suspension is None:
            raise SuspensionUnknown
        uid = suspension.owner
        if suspension.ended_at is not None:
            return uid
        self._profiles.reinstate(unit, uid)
        self._points.reopen(unit, uid)
        self._misuse.close(unit, Case(LISTED, suspension.id))
        self._store.update(unit, replace(suspension, ended_at=now, resume_at=None))
        look = Access(officer, Action.MEMBER_REINSTATED, (uid,), suspension.id, request.reason)
        self._accesses.note_with(unit, look, now)
        words = AccountReinstated(legal_day(now).isoformat())
        self._outbox.post(unit, f"{suspension.id}-reinstated", uid, words, now)
        return uid
