"""The calendar that the checker counts by: written apart from the backend's, with no library of periods or time zones.

The law counts days, not instants: the day on which a clock starts is not counted, a period of months ends on the day of
the same number, or on the last day of a month that has no such day, and a record may be there through that day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

AHEAD_OF_UTC = timedelta(hours=9)
"""Korea has had no daylight saving time since 1988."""
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True)
class Span:
    """A length of time as the privacy policy states it."""

    count: int
    unit: Literal["days", "months"]


def days(count: int) -> Span:
    """So many days."""
    return Span(count, "days")


def months(count: int) -> Span:
    """So many months."""
    return Span(count, "months")


def years(count: int) -> Span:
    """So many years, which are twelve months each."""
    return Span(12 * count, "months")


def day_of(instant: datetime) -> date:
    """The day in Seoul on which an instant falls."""
    return (instant.astimezone(UTC) + AHEAD_OF_UTC).date()


def begin_of(day: date) -> datetime:
    """The instant (UTC) at which a day begins in Seoul."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - AHEAD_OF_UTC


def last_day(started: date, span: Span) -> date:
    """The last day on which a record may, and must, be there whose clock started on ``started``."""
    if span.unit == "days":
        return date.fromordinal(started.toordinal() + span.count)
    year, month = started.year, started.month
    for _ in range(span.count):  # leaf by leaf, as on a calendar on the wall
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return date(year, month, min(started.day, length_of(year, month)))


def length_of(year: int, month: int) -> int:
    """How many days a month has."""
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return _LENGTHS[month - 1] + (1 if is_leap and month == 2 else 0)
