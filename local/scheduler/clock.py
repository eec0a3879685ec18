"""The time as the local scheduler sees it; a test passes its own."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits for it."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        ...

    def wait(self, seconds: float, stopped: threading.Event) -> bool:
        """Wait, at most until ``stopped`` is set; whether it was."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        return datetime.now(UTC)

    def wait(self, seconds: float, stopped: threading.Event) -> bool:
        """Wait, at most until ``stopped`` is set; whether it was."""
        return stopped.wait(max(0.0, seconds))
