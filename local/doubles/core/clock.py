"""The clock of the payment doubles: the machine's time, moved forward on request so that things can expire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class MovableClock:
    """Real time plus an offset that only grows. Used from the doubles' one event loop only."""

    def __init__(self) -> None:
        self._offset = timedelta()

    def now(self) -> datetime:
        """The moment that the doubles take for the present, in UTC."""
        return datetime.now(UTC) + self._offset

    def advance(self, seconds: float) -> None:
        """Go forward by so many seconds. Raises ValueError for a step back: nothing that happened un-happens."""
        if not seconds >= 0:
            raise ValueError("a clock goes forward only")
        self._offset += timedelta(seconds=seconds)

    def reset(self) -> None:
        """Back to the machine's time."""
        self._offset = timedelta()
