"""The one clock: instants are UTC-aware, legal days are days in Seoul."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")


class Clock(Protocol):
    """Whoever can say what time it is."""

    def now(self) -> datetime:
        """The present instant, UTC-aware."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, UTC-aware."""
        return datetime.now(UTC)


def legal_day(instant: datetime) -> date:
    """The calendar day in Asia/Seoul on which ``instant`` (aware) falls."""
    return instant.astimezone(SEOUL).date()


def start_of_legal_day(day: date) -> datetime:
    """The first instant of ``day`` in Asia/Seoul, given in UTC."""
    return datetime.combine(day, time.min, tzinfo=SEOUL).astimezone(UTC)
