"""The hand that moves the suite's clock."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from imagesfactory.kit.clock import ShiftedClock

from local.suite.clock import SuiteClock


def test_moves_add_up_and_the_functions_see_them(tmp_path: Path) -> None:
    clock = SuiteClock.started(tmp_path / "clock")
    seen = ShiftedClock(tmp_path / "clock")
    assert seen.offset == timedelta()
    clock.move(days=90)
    now = clock.move(days=1, hours=2)
    assert seen.offset == timedelta(days=91, hours=2)
    assert abs(now - datetime.now(UTC) - seen.offset) < timedelta(hours=1)
    assert [path.name for path in tmp_path.iterdir()] == ["clock"]


def test_it_goes_forward_only(tmp_path: Path) -> None:
    clock = SuiteClock.started(tmp_path / "clock")
    with pytest.raises(ValueError, match="forward"):
        clock.move(days=-1)
    assert clock.offset == timedelta()


class _MovedMeanwhile(threading.Event):
    """Nobody stops the wait; somebody moves the clock during it."""

    def __init__(self, clock: SuiteClock) -> None:
        super().__init__()
        self._clock = clock
        self.looks = 0

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        assert timeout <= 1, "it looks often"
        self.looks += 1
        self._clock.move(hours=23 if self.looks == 1 else 1)
        return False


def test_whoever_waits_notices_that_it_was_moved(tmp_path: Path) -> None:
    clock = SuiteClock.started(tmp_path / "clock")
    stopped = _MovedMeanwhile(clock)
    assert not clock.wait(timedelta(days=1).total_seconds(), stopped)
    assert stopped.looks == 2


def test_a_wait_ends_when_it_is_told_to(tmp_path: Path) -> None:
    stopped = threading.Event()
    stopped.set()
    assert SuiteClock.started(tmp_path / "clock").wait(timedelta(days=1).total_seconds(), stopped)
