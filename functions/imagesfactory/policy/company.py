"""The company's legal facts, as one validated object."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Annotated, Self

from pydantic import StringConstraints, model_validator

from imagesfactory.policy.reader import Bilingual, Record, read

Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class ReliefBody(Record):
    """A public body a member can turn to about personal data."""

    name: Bilingual
    telephone: str


class Company(Record):
    """The whole file."""

    name: Bilingual
    service: Bilingual
    business_number: str
    mail_order_number: str
    support_address: str
    sender_address: str
    relief_bodies: tuple[ReliefBody, ...]
    first_version: Day
    """What the service began with; nobody was there to announce it to."""
    terms_version: Day
    privacy_policy_version: Day
    next_terms_version: Day | Annotated[str, StringConstraints(max_length=0)]
    next_privacy_policy_version: Day | Annotated[str, StringConstraints(max_length=0)]
    """What comes into force on its day; "" for nothing."""

    @model_validator(mode="after")
    def _next_ones_follow(self) -> Self:
        pairs = (
            (self.terms_version, self.next_terms_version),
            (self.privacy_policy_version, self.next_privacy_policy_version),
        )
        if any(coming and coming <= present for present, coming in pairs):
            msg = "the next version begins after the present one"
            raise ValueError(msg)
        return self

    def terms_on(self, day: date) -> str:
        """The version of the terms in force on a day of Seoul."""
        return _latest(self.terms_version, self.next_terms_version, day)

    def privacy_policy_on(self, day: date) -> str:
        """The version of the privacy policy in force on a day of Seoul."""
        return _latest(self.privacy_policy_version, self.next_privacy_policy_version, day)


@cache
def company() -> Company:
    """The company, read once."""
    return read("company.yaml", Company)


def _latest(present: str, coming: str, day: date) -> str:
    return coming if coming and coming <= day.isoformat() else present
