"""How long a consent to advertising messages holds without a confirmation, as one validated object."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Annotated, Self

from pydantic import Field, model_validator

from imagesfactory.kit.clock import legal_day, start_of_legal_day
from imagesfactory.policy.reader import Bilingual, Record, read

Months = Annotated[int, Field(ge=1)]


class AdvertisingConsent(Record):
    """The rule. Both instants are counted from the consent, or from its last confirmation."""

    basis: Bilingual
    asked_after_months: Months
    lapses_after_months: Months

    @model_validator(mode="after")
    def _is_asked_before_it_lapses(self) -> Self:
        if self.asked_after_months >= self.lapses_after_months:
            msg = "a confirmation is asked for before the consent lapses"
            raise ValueError(msg)
        return self

    def asked_from(self, said_at: datetime) -> datetime:
        """The first instant (UTC) at which the member is asked to confirm what was said at ``said_at`` (aware)."""
        return _months_later(said_at, self.asked_after_months)

    def lapses_at(self, said_at: datetime) -> datetime:
        """The first instant (UTC) at which what was said at ``said_at`` (aware) counts no more."""
        return _months_later(said_at, self.lapses_after_months)


class Consents(Record):
    """The whole file."""

    advertising: AdvertisingConsent


@cache
def advertising_consent() -> AdvertisingConsent:
    """The rule in force, read once."""
    return read("consents.yaml", Consents).advertising


def _months_later(said_at: datetime, months: int) -> datetime:
    """The start, in Seoul, of the day of the same date so many months later, or of the last day of its month."""
    from dateutil.relativedelta import relativedelta

    return start_of_legal_day(legal_day(said_at) + relativedelta(months=months))
