"""Business days in Korea: weekends and public holidays, with their substitutes, are not counted.

The `holidays` package knows the public holidays (관공서의 공휴일에 관한 규정), lunar ones included. A holiday that the
government declares at short notice is missing until the package is updated.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from imagesfactory.kit.clock import legal_day, start_of_legal_day

_SATURDAY = 5


def end_of_business_days(count: int, started: datetime) -> datetime:
    """The first instant (UTC) after ``count`` business days; the day of ``started`` is not counted."""
    day = legal_day(started)
    while count:
        day += timedelta(days=1)
        count -= is_business_day(day)
    return start_of_legal_day(day + timedelta(days=1))


def end_of_days(count: int, started: datetime) -> datetime:
    """The first instant (UTC) after ``count`` days in which somebody may act.

    The day of ``started`` is not counted, and a period that would end on a Saturday or a holiday ends on the next day
    that is neither (Korean Civil Act, articles 157 and 161).
    """
    day = legal_day(started) + timedelta(days=count)
    while not is_business_day(day):
        day += timedelta(days=1)
    return start_of_legal_day(day + timedelta(days=1))


def is_business_day(day: date) -> bool:
    """Whether banks and offices work on ``day`` (Asia/Seoul)."""
    return day.weekday() < _SATURDAY and day not in _holidays(day.year)


@cache
def _holidays(year: int) -> Any:
    from holidays.countries.south_korea import SouthKorea

    calendar: Any = SouthKorea
    return calendar(years=year)
