"""Lifting a stop of mail: an address that returned a letter is written to again at the word of whoever reads it."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from imagesfactory.accounts.profiles import ProfileService
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.mail.suppression import SuppressionList
from imagesfactory.staff.access_log import AccessLog
from imagesfactory.staff.model import Access, Action, Line, StaffMember
from imagesfactory.support.request import Address

if TYPE_CHECKING:
    from google.cloud.firestore import Client


class MailStopLift(BaseModel):
    """The address that may be written to again, and why: its owner said so by telephone, for example."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    email: Address
    reason: Line


class MailStops:
    """Lifts stops. One that is not there is lifted: asked again, the answer says that nothing was left to do."""

    def __init__(
        self, client: Client, *, profiles: ProfileService, suppressions: SuppressionList, accesses: AccessLog
    ) -> None:
        self._client = client
        self._profiles = profiles
        self._suppressions = suppressions
        self._accesses = accesses

    def lift_own(self, uid: str) -> bool:
        """Let a member be written to again; returns whether there was a stop.

        Raises:
            AccountUnknown, AccountNotActive

        """
        address = self._profiles.member(uid).email
        was_stopped = unit_of_work.run(self._client, partial(self._suppressions.lift, address=address))
        log.info("mail.stop_lifted", uid=uid, count=int(was_stopped))
        return was_stopped

    def lift_for(self, officer: StaffMember, lift: MailStopLift, now: datetime) -> bool:
        """Let somebody be written to again who told the officer, on record; returns whether there was a stop."""
        was_stopped = unit_of_work.run(self._client, partial(self._lift_for, officer=officer, lift=lift, now=now))
        log.info("mail.stop_lifted", uid=officer.uid, count=int(was_stopped))
        return was_stopped

    def _lift_for(self, unit: UnitOfWork, officer: StaffMember, lift: MailStopLift, now: datetime) -> bool:
        was_stopped = self._suppressions.lift(unit, lift.email)
        self._accesses.note_with(unit, Access(officer, Action.MAIL_STOP_LIFTED, (), "", lift.reason), now)
        return was_stopped
