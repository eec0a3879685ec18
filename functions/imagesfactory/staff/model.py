"""Pure words about staff: roles, what a look at personal data was for, what was disclosed to whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from imagesfactory.kit.errors import Outcome, Refusal, Text


class Role(StrEnum):
    """What somebody of the company may do (privacy policy, article 8.3); the claim ``roles`` holds them."""

    OFFICER = "officer"
    SUPPORT = "support"
    FINANCE = "finance"
    OPERATOR = "operator"


class Action(StrEnum):
    """What was done with personal data."""

    INQUIRIES_LISTED = "inquiries-listed"
    INQUIRY_READ = "inquiry-read"
    INQUIRY_ANSWERED = "inquiry-answered"
    INQUIRY_SETTLED = "inquiry-settled"
    MEMBER_READ = "member-read"
    CORRECTIONS_LISTED = "corrections-listed"
    CORRECTION_DECIDED = "correction-decided"
    APPEAL_GRANTED = "appeal-granted"
    MAIL_STOP_LIFTED = "mail-stop-lifted"
    SETTLEMENT_READ = "settlement-read"
    REFUND_RECORDED = "refund-recorded"
    ACCOUNT_CLOSED_FOR_GUARDIAN = "account-closed-for-guardian"
    MEMBER_EXPORTED = "member-exported"
    MEMBER_WITHDRAWN = "member-withdrawn"
    MEMBER_SUSPENDED = "member-suspended"
    MEMBER_REINSTATED = "member-reinstated"
    DISCLOSURE_RECORDED = "disclosure-recorded"
    DISCLOSURES_READ = "disclosures-read"
    ACCESSES_READ = "accesses-read"
    TRUTH_READ = "truth-read"


@dataclass(frozen=True)
class StaffMember:
    """Somebody of the company at work: who, in which role, from where."""

    uid: str
    role: Role
    ip_address: str


@dataclass(frozen=True)
class Access:
    """One look: who, from where, whose data, what was done, and why (safety standard, article 8)."""

    staff: StaffMember
    action: Action
    subjects: tuple[str, ...] = ()
    """The members (uid) whose data was seen."""
    record: str = ""
    """The id of the one record that was seen, if it was one."""
    reason: str = ""


Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class DisclosureRequest(BaseModel):
    """What was handed to an authority on a lawful demand, written down before it is handed over."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    request_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
    subject: Id
    authority: Line
    """Who demands it."""
    legal_basis: Line
    """The article and the number of the warrant or letter."""
    items: Annotated[tuple[Line, ...], Field(min_length=1, max_length=30, strict=False)]
    """What kinds of data, not the data."""
    purpose: Line


@dataclass(frozen=True)
class Disclosure:
    """A disclosure as it is on record."""

    id: str
    request: DisclosureRequest
    recorded_by: str
    recorded_at: datetime


class DisclosureRecordedBefore(Refusal):
    """The request id was used for another disclosure."""

    outcome = Outcome.ALREADY_EXISTS
    code = "disclosure-recorded-before"
    text = Text("이미 기록된 제공 내역입니다.", "This disclosure is on record already, with other facts.")
