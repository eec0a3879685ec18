"""Pure decisions about changes of the terms and the policy: when one may take effect, who must agree anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from imagesfactory.accounts.model import ConsentKind, Profile
from imagesfactory.kit.clock import legal_day, start_of_legal_day
from imagesfactory.notices.errors import EffectiveTooEarly
from imagesfactory.policy.company import Company
from imagesfactory.policy.retention import Period, end_of

NOTICE = Period(days=7)
NOTICE_FOR_RIGHTS = Period(days=30)
LOOKED_AT = timedelta(days=365)
"""For so long after its first day it is looked whether a version was announced; the record of that lives longer."""


class Document(StrEnum):
    """What members agreed to; the values are those of the consents."""

    TERMS = "terms"
    PRIVACY = "privacy"


Summary = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class ChangeRequest(BaseModel):
    """A change to announce. Its version is the day on which it takes effect."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    document: Annotated[Document, Field(strict=False)]
    effective_on: Annotated[date, Field(strict=False)]
    touches_rights: bool
    """Whether members' rights change, which takes 30 days."""
    needs_consent: bool
    """Whether members must agree anew."""
    summary_ko: Summary
    summary_en: Summary

    @property
    def version(self) -> str:
        """The version that the change begins."""
        return self.effective_on.isoformat()

    @property
    def id(self) -> str:
        """One change of a document a day."""
        return f"{self.document.value}-{self.version}"


class AgreementRequest(BaseModel):
    """A member agrees to the version in force."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    document: Annotated[Document, Field(strict=False)]
    version: Annotated[str, StringConstraints(max_length=32)]
    channel: Literal["web", "ios", "android"]


@dataclass(frozen=True)
class Change:
    """An announced change, and how far members were told."""

    request: ChangeRequest
    announced_at: datetime
    announced_by: str
    told_after: str = ""
    """The last member (uid) who was told, while telling goes on; members are told in the order of their ids."""
    told_count: int = 0
    resume_at: datetime | None = None
    """When the sweep sees that telling goes on; None once everybody was told."""


def check_notice(request: ChangeRequest, now: datetime) -> None:
    """Raise EffectiveTooEarly unless the whole notice lies between the announcement and the change.

    Days are Seoul's and the day of the announcement does not count (Civil Act articles 157 and 159): what is announced
    on the 1st takes effect on the 9th at the earliest, or 31 days later if it touches rights.
    Source: privacy policy, article 12.
    """
    earliest = end_of(NOTICE_FOR_RIGHTS if request.touches_rights else NOTICE, now)
    if start_of_legal_day(request.effective_on) < earliest:
        raise EffectiveTooEarly(earliest=legal_day(earliest).isoformat())


def announcements_due(facts: Company, now: datetime) -> list[str]:
    """Changes (ids) that must have been announced by now: their version is in force since at most a year, or begins so
    soon that an announcement would be too late.
    """
    versions = (
        (Document.TERMS, facts.terms_version),
        (Document.TERMS, facts.next_terms_version),
        (Document.PRIVACY, facts.privacy_policy_version),
        (Document.PRIVACY, facts.next_privacy_policy_version),
    )
    return [
        f"{document.value}-{version}"
        for document, version in versions
        if version not in {"", facts.first_version} and _is_due(start_of_legal_day(date.fromisoformat(version)), now)
    ]


def _is_due(begins: datetime, now: datetime) -> bool:
    return end_of(NOTICE, now) > begins > now - LOOKED_AT


def agreed_version(profile: Profile, document: Document) -> str:
    """The version of the document that the member agreed to last; "" for none."""
    kind = ConsentKind(document.value)
    return next((one.version for one in profile.consents if one.kind is kind and one.is_granted), "")


def consents_due(profile: Profile, in_force: dict[Document, str], changes: Iterable[Change]) -> list[Document]:
    """The documents that the member must agree to anew: one that asked for consent came into force since."""
    asking = [change.request for change in changes if change.request.needs_consent]
    return [
        document
        for document, version in in_force.items()
        if any(
            one.document is document and agreed_version(profile, document) < one.version <= version for one in asking
        )
    ]
