"""The one clock: instants are UTC-aware, legal days are days in Seoul."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
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


class ShiftedClock:
    """The machine's clock plus what a file says, in seconds: on a laptop, where years have to pass in a moment."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> datetime:
        """The present instant, UTC-aware. Raises OSError or ValueError when the file does not say how far."""
        return datetime.now(UTC) + self.offset

    @property
    def offset(self) -> timedelta:
        """How far it is ahead of the machine's clock; read every time, for whoever moves it is another process."""
        return timedelta(seconds=float(self._file.read_text()))


def legal_day(instant: datetime) -> date:
    """The calendar day in Asia/Seoul on which ``instant`` (aware) falls."""
    return instant.astimezone(SEOUL).date()


def start_of_legal_day(day: date) -> datetime:
    """The first instant of ``day`` in Asia/Seoul, given in UTC."""
    return datetime.combine(day, time.min, tzinfo=SEOUL).astimezone(UTC)
