"""Members who ask the officer instead of using my page, or who cannot sign in any more: looked up, exported, withdrawn.

Every act belongs to an inquiry, in which the officer has checked who asks, and is on the access log before anything is
shown. A signed-in member's own inquiry opens no other account. Source: privacy policy, article 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from imagesfactory.accounts.errors import AccountUnknown
from imagesfactory.accounts.model import Profile
from imagesfactory.accounts.profiles import ProfileService
from imagesfactory.kit import unit_of_work
from imagesfactory.kit.errors import Text
from imagesfactory.kit.ids import new_id
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.officer.model import MemberDemand, Suspension, WithdrawalDemand
from imagesfactory.officer.store import SuspensionStore
from imagesfactory.rights.export import ExportService
from imagesfactory.rights.export_model import Export
from imagesfactory.staff.access_log import AccessLog
from imagesfactory.staff.model import Access, Action, StaffMember
from imagesfactory.support.desk import SupportDesk
from imagesfactory.withdrawal.model import Channel
from imagesfactory.withdrawal.service import WithdrawalService

if TYPE_CHECKING:
    from google.cloud.firestore import Client

ANSWER: Final = Text(
    "본인임을 확인하여 요청하신 탈퇴를 처리하고 있습니다. 법령이 보존을 요구하는 기록은 이름 없이 따로 보관한 뒤 "
    "기간이 끝나면 파기합니다. 처리 결과는 가입하신 이메일 주소로 알립니다.",
    "We checked that it is you and are carrying out the withdrawal you asked for. Records that a law makes us keep are "
    "kept apart without a name and destroyed when their period ends. The account's own address is told the outcome.",
)


@dataclass(frozen=True)
class MemberShown:
    """The least that is needed to tell whether it is the person who asks, and to act for them."""

    profile: Profile
    suspension: Suspension | None
    """The one under way."""


class MemberDesk:
    """Acts for members who ask."""

    def __init__(
        self,
        client: Client,
        *,
        profiles: ProfileService,
        exports: ExportService,
        withdrawals: WithdrawalService,
        desk: SupportDesk,
        accesses: AccessLog,
    ) -> None:
        self._client = client
        self._suspensions = SuspensionStore(client)
        self._profiles = profiles
        self._exports = exports
        self._withdrawals = withdrawals
        self._desk = desk
        self._accesses = accesses

    def read(self, officer: StaffMember, demand: MemberDemand, now: datetime) -> MemberShown:
        """Look a member up. The look is logged whether there is such a member or not.

        Raises:
            InquiryNotFound, InquirySettled, NotTheirInquiry: nobody was looked up.
            AccountUnknown

        """
        uid = self._found(officer, Action.MEMBER_READ, demand, now)
        profile = self._profiles.any_of(uid)
        if profile is None:
            raise AccountUnknown
        return MemberShown(profile, self._suspensions.open_of(uid))

    def export(self, officer: StaffMember, demand: MemberDemand, now: datetime) -> Export:
        """Have everything that is held put into a file, which the officer may fetch to hand it over.

        Asking again on the same day answers how far it is.

        Raises:
            InquiryNotFound, InquirySettled, NotTheirInquiry
            AccountUnknown, AccountNotActive

        """
        uid = self._found(officer, Action.MEMBER_EXPORTED, demand, now)
        return self._exports.request(uid, now, handed_to=officer.uid)

    def withdraw(self, officer: StaffMember, demand: WithdrawalDemand, now: datetime) -> None:
        """Begin the member's withdrawal, answer and settle the inquiry, and log who did it: in one commit.

        Raises:
            InquiryNotFound, InquirySettled, NotTheirInquiry
            AccountUnknown, AccountNotActive: nothing was changed.

        """
        uid = self._uid(demand)
        if uid is None:
            raise AccountUnknown
        unit_of_work.run(self._client, partial(self._withdraw, officer=officer, demand=demand, uid=uid, now=now))
        self._withdrawals.begun(uid, Channel.OFFICER)

    def _withdraw(
        self, unit: UnitOfWork, officer: StaffMember, demand: WithdrawalDemand, uid: str, now: datetime
    ) -> None:
        self._desk.conclude_for_member(unit, demand.inquiry_id, uid, ANSWER, now)
        self._withdrawals.begin_in(unit, uid, new_id(), Channel.OFFICER, now, demand.refund_account)
        look = Access(officer, Action.MEMBER_WITHDRAWN, (uid,), demand.inquiry_id, demand.reason)
        self._accesses.note_with(unit, look, now)

    def _found(self, officer: StaffMember, action: Action, demand: MemberDemand, now: datetime) -> str:
        uid = self._uid(demand)
        self._desk.check_asks(demand.inquiry_id, uid or "")
        self._accesses.note(Access(officer, action, (uid,) if uid else (), demand.inquiry_id, demand.reason), now)
        if uid is None:
            raise AccountUnknown
        return uid

    def _uid(self, demand: MemberDemand) -> str | None:
        if demand.uid is not None:
            return demand.uid
        return self._profiles.find_by_email((demand.account_email or "").lower())
