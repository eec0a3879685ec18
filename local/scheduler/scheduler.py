"""Fires schedules when they are due, in the background, or at once when asked."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from local.scheduler.clock import Clock, SystemClock
from local.scheduler.firing import Caller, Firing, RunFailed
from local.scheduler.schedules import Schedule
from local.scheduler.targets import Targets

STOP_SECONDS = 10.0
log = logging.getLogger(__name__)


class Scheduler:
    """The schedules of one suite; a context manager around the time in which they fire by themselves.

    Each schedule has a thread of its own: a slow run delays no other, and no run of one schedule overlaps the next.
    """

    def __init__(self, schedules: Iterable[Schedule], targets: Targets, clock: Clock | None = None) -> None:
        self._schedules = {schedule.name: schedule for schedule in schedules}
        self._clock = clock or SystemClock()
        self._stopped = threading.Event()
        self._caller = Caller(targets, self._clock, self._stopped)
        self._threads: list[threading.Thread] = []

    def fire_now(self, name: str) -> Firing:
        """Run a schedule at once; KeyError for an unknown name, RunFailed when all attempts fail."""
        return self._caller.run(self._schedules[name], self._clock.now())

    def start(self) -> None:
        """Begin to fire schedules as they fall due."""
        for schedule in self._schedules.values():
            thread = threading.Thread(
                target=self._keep_firing, args=(schedule,), name=f"schedule {schedule.name}", daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Fire no more and wait for the runs under way."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(STOP_SECONDS)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _keep_firing(self, schedule: Schedule) -> None:
        while True:
            due = schedule.next_after(self._clock.now())
            if self._clock.wait((due - self._clock.now()).total_seconds(), self._stopped):
                return
            try:
                self._caller.run(schedule, due)
            except RunFailed as error:
                log.error("schedule.gave_up name=%s reason=%s", schedule.name, error)
