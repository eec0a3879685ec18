"""Pure words of the officer: suspensions and their reasons, and what members ask for who cannot help themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from imagesfactory.payments.request import AccountWanted, RequestId
from imagesfactory.staff.model import Id, Line
from imagesfactory.support.request import Address, InquiryId

PATIENCE = timedelta(minutes=5)
"""When the sweep looks after a suspension whose function may have died."""

SuspensionId = Annotated[str, StringConstraints(pattern=r"^[a-z2-7]{24}$")]


class Category(StrEnum):
    """What kind of reason a member is told; the letter has words for each."""

    PROHIBITED_CONTENT = "prohibited-content"
    PAYMENT_ABUSE = "payment-abuse"
    AUTOMATED_USE = "automated-use"
    ACCOUNT_MISUSE = "account-misuse"
    TERMS_BREACH = "terms-breach"


class SuspensionRequest(BaseModel):
    """Whom to suspend, for what kind of reason, and the officer's own words, which stand in the access log alone."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    request_id: RequestId
    uid: Id
    category: Annotated[Category, Field(strict=False)]
    reason: Line


class ReinstatementRequest(BaseModel):
    """Which suspension to end, and why. It ends once, so its id makes a repetition the same act."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    suspension_id: SuspensionId
    reason: Line


class MemberDemand(BaseModel):
    """Whose account, by id or by its address; the inquiry in which the member asks; how the officer checked who asks,
    for the access log.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    inquiry_id: InquiryId
    uid: Id | None = None
    account_email: Address | None = None
    reason: Line

    @model_validator(mode="after")
    def _one_account(self) -> Self:
        if (self.uid is None) == (self.account_email is None):
            msg = "an account is named either by id or by address"
            raise ValueError(msg)
        return self


class WithdrawalDemand(MemberDemand):
    """A withdrawal that the member asks for; the account is for money of a virtual account, if they named one."""

    refund_account: AccountWanted | None = None


@dataclass(frozen=True)
class Suspension:
    """One suspension of a member."""

    id: str
    owner: str
    category: Category
    began_at: datetime
    ended_at: datetime | None = None
    resume_at: datetime | None = None
    """When somebody should see to what follows from it; None: it is done."""
