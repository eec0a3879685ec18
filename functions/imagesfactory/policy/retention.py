"""How long records live: the one place that computes the day a record dies.

Privacy policy articles 3 and 5.3. The day on which a clock starts is not counted and a period ends with its last
day (Korean Civil Act articles 157, 159 and 160); a period of months or years that has no such day ends on the last
day of its month. A record dies at the start of the following day in Asia/Seoul.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from imagesfactory.kit.clock import legal_day, start_of_legal_day
from imagesfactory.policy.reader import Bilingual, Record, read

Amount = Annotated[int, Field(ge=1)]
Purpose = Literal["service", "payment", "improvement", "marketing", "law"]
"""What data is used for (privacy policy, article 2), or a duty to keep it."""


class Period(Record):
    """One length of time, in exactly one unit."""

    years: Amount | None = None
    months: Amount | None = None
    days: Amount | None = None
    hours: Amount | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        if len(self.model_dump(exclude_none=True)) != 1:
            msg = "a period has exactly one unit"
            raise ValueError(msg)
        return self


class RetentionClass(Record):
    """One row of the retention table."""

    basis: Bilingual
    clock: str
    period: Period | None = None
    until: Literal["withdrawal"] | None = None
    archived: bool = False
    """Whether a law keeps its records after a withdrawal: they move to the archive database for the rest of their
    period, under an opaque subject id."""

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if (self.period is None) == (self.until is None):
            msg = "a class has either a period or an event that ends it"
            raise ValueError(msg)
        return self


class Place(Record):
    """A collection or bucket prefix: what class its records have and which field names their owner."""

    record_class: Annotated[str, Field(alias="class")]
    owner: str | None = None
    purpose: Purpose = "service"
    unexported: tuple[str, ...] = ()
    """Fields that are the machinery's, not the member's: left out of what a member sees and exports."""
    unarchived: tuple[str, ...] = ()
    """Fields that no law asks for: left out of the archive."""


class Retention(Record):
    """The whole file."""

    classes: dict[str, RetentionClass]
    collections: dict[str, Place]
    buckets: dict[str, Place]

    @model_validator(mode="after")
    def _known_classes(self) -> Self:
        places = {**self.collections, **self.buckets}
        unknown = {place.record_class for place in places.values()} - self.classes.keys()
        if unknown:
            msg = f"classes that do not exist: {sorted(unknown)}"
            raise ValueError(msg)
        return self


@cache
def retention() -> Retention:
    """The retention table and the registry of places, read once."""
    return read("retention.yaml", Retention)


def destroy_at(record_class: str, clock_started: datetime) -> datetime | None:
    """The instant (UTC) from which a record of ``record_class`` must be gone, or None if an event decides.

    Args:
        record_class: a class of retention.yaml.
        clock_started: when its clock started, aware.

    Raises:
        KeyError: there is no such class.

    """
    period = retention().classes[record_class].period
    return None if period is None else end_of(period, clock_started)


def end_of(period: Period, clock_started: datetime) -> datetime:
    """The first instant (UTC) after ``period``; hours run from the instant, all else by the Seoul calendar."""
    from dateutil.relativedelta import relativedelta

    if period.hours is not None:
        return clock_started + timedelta(hours=period.hours)
    step = relativedelta(years=period.years or 0, months=period.months or 0, days=period.days or 0)
    last_day = legal_day(clock_started) + step
    return start_of_legal_day(last_day + timedelta(days=1))
