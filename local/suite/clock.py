"""The clock of a running suite: moved forward, it takes the functions, the payment doubles and the schedules along.

What the outside world dates stays honest: sign-ins and their tokens, the signatures of webhooks. The functions compare
those with the machine's clock (``bootstrap.outside_clock``), so a moved suite works on as if the days had passed.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from imagesfactory.kit.clock import ShiftedClock

from local.doubles.control import ControlClient

VARIABLE = "CLOCK_FILE"
"""By which the functions find the file (imagesfactory/kit/settings.py)."""
LOOK_SECONDS = 1.0
"""How soon whoever waits notices that the clock was moved."""


class SuiteClock(ShiftedClock):
    """The functions' clock, with the hand that moves it."""

    def __init__(self, file: Path, doubles: str = "") -> None:
        """``file`` is what the functions read, ``doubles`` the home page of the doubles, if there are any."""
        super().__init__(file)
        self._file = file
        self._doubles = doubles

    @classmethod
    def started(cls, file: Path, doubles: str = "") -> Self:
        """A clock that shows the machine's time."""
        clock = cls(file, doubles)
        clock._write(timedelta())
        return clock

    def move(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
        """Let that much time pass in a moment; returns the new present.

        Work under way loses its lease, as it would in all that time. The payment providers' doubles go along, so that
        what they date agrees; a real provider does not. Raises ValueError for a step back: nothing un-happens.
        """
        by = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        if by < timedelta():
            raise ValueError("a clock goes forward only")
        self._write(self.offset + by)
        if self._doubles:
            ControlClient(self._doubles).advance_clock(by.total_seconds())
        return self.now()

    def wait(self, seconds: float, stopped: threading.Event) -> bool:
        """Wait until that much time has passed on this clock, at most until ``stopped`` is set; whether it was."""
        until = self.now() + timedelta(seconds=seconds)
        while (left := (until - self.now()).total_seconds()) > 0:
            if stopped.wait(min(left, LOOK_SECONDS)):
                return True
        return stopped.is_set()

    def _write(self, offset: timedelta) -> None:
        unfinished = self._file.with_suffix(".unfinished")
        unfinished.write_text(f"{offset.total_seconds()}\n")
        unfinished.replace(self._file)  # at once: a function may be reading
