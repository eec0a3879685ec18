"""A child's account goes on the word of a parent or guardian, after staff has checked who they are.

Source: privacy policy, article 11; Personal Information Protection Act articles 22-2 and 38(2).
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict

from imagesfactory.accounts.errors import AccountUnknown
from imagesfactory.accounts.profiles import ProfileService
from imagesfactory.kit import unit_of_work
from imagesfactory.kit.errors import Text
from imagesfactory.kit.ids import new_id
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.staff.access_log import AccessLog
from imagesfactory.staff.model import Access, Action, Line, StaffMember
from imagesfactory.support.desk import SupportDesk
from imagesfactory.support.request import Address, InquiryId
from imagesfactory.withdrawal.model import Channel
from imagesfactory.withdrawal.service import WithdrawalService

if TYPE_CHECKING:
    from google.cloud.firestore import Client

ANSWER: Final = Text(
    "법정대리인임을 확인하여 요청하신 아동의 계정을 닫고 개인정보를 파기하고 있습니다. "
    "법령이 보존을 요구하는 기록은 이름 없이 따로 보관한 뒤 기간이 끝나면 파기합니다. "
    "처리 결과는 아동의 이메일 주소로도 알립니다.",
    "We checked that you are the guardian, have closed the child's account and are erasing its data. Records that a "
    "law makes us keep are kept apart without a name and destroyed when their period ends. The child's own address "
    "is told the outcome as well.",
)


class GuardianDemand(BaseModel):
    """The guardian's demand that staff has checked, and once more the address of the account it is for."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    inquiry_id: InquiryId
    account_email: Address
    reason: Line
    """How the guardian was checked; it stands in the access log."""


class GuardianDesk:
    """Closes accounts for guardians."""

    def __init__(
        self,
        client: Client,
        *,
        profiles: ProfileService,
        withdrawals: WithdrawalService,
        desk: SupportDesk,
        accesses: AccessLog,
    ) -> None:
        self._client = client
        self._profiles = profiles
        self._withdrawals = withdrawals
        self._desk = desk
        self._accesses = accesses

    def close(self, officer: StaffMember, demand: GuardianDemand, now: datetime) -> None:
        """Begin the child's withdrawal, answer and settle the demand, and log who did it: in one commit.

        Raises:
            AccountUnknown, AccountNotActive
            InquiryNotFound, InquirySettled, NotAGuardiansInquiry: nothing was changed.

        """
        uid = self._profiles.find_by_email(demand.account_email.lower())
        if uid is None:
            raise AccountUnknown
        unit_of_work.run(self._client, partial(self._close, officer=officer, demand=demand, uid=uid, now=now))
        self._withdrawals.begun(uid, Channel.GUARDIAN)

    def _close(self, unit: UnitOfWork, officer: StaffMember, demand: GuardianDemand, uid: str, now: datetime) -> None:
        self._desk.conclude_for_guardian(unit, demand.inquiry_id, demand.account_email, ANSWER, now)
        self._withdrawals.begin_in(unit, uid, new_id(), Channel.GUARDIAN, now)
        look = Access(officer, Action.ACCOUNT_CLOSED_FOR_GUARDIAN, (uid,), demand.inquiry_id, demand.reason)
        self._accesses.note_with(unit, look, now)
