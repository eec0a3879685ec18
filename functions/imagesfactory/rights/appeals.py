"""Appeals of people whom the register of misuse keeps out: granted by the officer, who says why.

Somebody who is refused at sign-up appeals by an inquiry without an account (support.create_open) and is answered by
mail; the register knows them by hash alone, so lifting it takes the address they wrote from.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from imagesfactory.accounts.model import normalised_email
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.privacy.misuse import MisuseRegister
from imagesfactory.rights.errors import NotListed
from imagesfactory.staff.access_log import AccessLog
from imagesfactory.staff.model import Access, Action, Line, StaffMember
from imagesfactory.support.request import Address, InquiryId

if TYPE_CHECKING:
    from google.cloud.firestore import Client


class AppealGrant(BaseModel):
    """Let somebody join again: the address they want to join with, the inquiry in which they appealed, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    email: Address
    inquiry_id: InquiryId
    reason: Line


class AppealService:
    """Grants appeals."""

    def __init__(self, client: Client, *, misuse: MisuseRegister, accesses: AccessLog) -> None:
        self._client = client
        self._misuse = misuse
        self._accesses = accesses

    def grant(self, officer: StaffMember, grant: AppealGrant, now: datetime) -> int:
        """Take the identity off the register, with those listed with it; returns how many entries went.

        Raises:
            NotListed: nothing was changed.

        """
        count = unit_of_work.run(self._client, partial(self._grant, officer=officer, grant=grant, now=now))
        log.info("misuse.lifted", uid=officer.uid, count=count)
        return count

    def _grant(self, unit: UnitOfWork, officer: StaffMember, grant: AppealGrant, now: datetime) -> int:
        count = self._misuse.lift(unit, f"email:{normalised_email(grant.email)}")
        if not count:
            raise NotListed
        access = Access(officer, Action.APPEAL_GRANTED, (), grant.inquiry_id, grant.reason)
        self._accesses.note_with(unit, access, now)
        return count
