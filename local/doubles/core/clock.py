"""The clock of the payment doubles: the machine's time, moved forward on request so that things can expire, or a time
that stands still wherever a simulation puts it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class MovableClock:
    """Real time plus an offset that only grows, or a stand that only moves forward. Used from the doubles' one event
    loop only.
    """

    def __init__(self) -> None:
        self._offset = timedelta()
        self._stand: datetime | None = None

    def now(self) -> datetime:
        """The moment that the doubles take for the present, in UTC."""
        return self._stand or datetime.now(UTC) + self._offset

    def advance(self, seconds: float) -> None:
        """Go forward by so many seconds. Raises ValueError for a step back: nothing that happened un-happens."""
        if not seconds >= 0:
            raise ValueError("a clock goes forward only")
        self._offset += timedelta(seconds=seconds)
        if self._stand is not None:
            self._stand += timedelta(seconds=seconds)

    def stand_at(self, instant: datetime) -> None:
        """Stand still at ``instant`` (aware), wherever the machine's time is; the first stand may be in the past.

        Raises:
            ValueError: the clock stands later than that.

        """
        if self._stand is not None and instant < self._stand:
            raise ValueError("a clock goes forward only")
        self._stand = instant

    def reset(self) -> None:
        """Back to the machine's time."""
        self._offset = timedelta()
        self._stand = None
