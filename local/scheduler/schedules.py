"""The schedules as data: reads and checks scheduler.yaml, and works out times and waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from cronsim import CronSim, CronSimError

RETRIES_MOST = 5
"""Cloud Scheduler's own bound (RetryConfig.retry_count, cloud.google.com/scheduler/docs/reference/rest)."""


class ScheduleInvalid(Exception):
    """scheduler.yaml says something that cannot be scheduled."""


@dataclass(frozen=True)
class Retry:
    """What happens when a run fails, in the words of Cloud Scheduler's RetryConfig."""

    count: int
    min_backoff_seconds: float
    max_backoff_seconds: float
    max_doublings: int

    def backoff_seconds(self, retry: int) -> float:
        """How long to wait before the ``retry``-th retry (1 is the first).

        The wait doubles ``max_doublings`` times, then grows by the last step, and never passes the longest wait.
        """
        doublings = min(retry - 1, self.max_doublings)
        step = self.min_backoff_seconds * float(2**doublings)
        return min(step * (1 + max(0, retry - 1 - self.max_doublings)), self.max_backoff_seconds)


@dataclass(frozen=True)
class Schedule:
    """One entry of scheduler.yaml."""

    name: str
    function: str
    cron: str
    time_zone: ZoneInfo
    retry: Retry

    def next_after(self, moment: datetime) -> datetime:
        """The next time it is due after ``moment`` (aware), in UTC."""
        upcoming: datetime = next(CronSim(self.cron, moment.astimezone(self.time_zone)))
        return upcoming.astimezone(UTC)


def read_schedules(path: Path) -> tuple[Schedule, ...]:
    """All entries of a scheduler.yaml, in its order. Raises ScheduleInvalid naming the entry."""
    document = yaml.safe_load(path.read_text())
    if not isinstance(document, Mapping) or not isinstance(document.get("schedules"), list):
        raise ScheduleInvalid(f"{path.name}: expected a list under `schedules`")
    schedules = tuple(_schedule(entry, path.name) for entry in document["schedules"])
    names = [schedule.name for schedule in schedules]
    if len(set(names)) < len(names):
        raise ScheduleInvalid(f"{path.name}: two schedules have one name")
    return schedules


def _schedule(entry: Any, file: str) -> Schedule:
    try:
        retry = Retry(**entry["retry"])
        name, function, cron, zone = (_text(entry, key) for key in ("name", "function", "cron", "time_zone"))
        schedule = Schedule(name, function, cron, ZoneInfo(zone), retry)
        schedule.next_after(datetime(2025, 11, 23, tzinfo=UTC))
    except (KeyError, TypeError, ValueError, ZoneInfoNotFoundError, CronSimError, StopIteration) as error:
        raise ScheduleInvalid(f"{file}: {entry!r}: {error}") from error
    if not 0 <= retry.count <= RETRIES_MOST or not 0 < retry.min_backoff_seconds <= retry.max_backoff_seconds:
        raise ScheduleInvalid(f"{file}: {schedule.name}: retry is out of bounds")
    return schedule


def _text(entry: Mapping[str, object], key: str) -> str:
    value = entry[key]
    if not isinstance(value, str) or not value:
        raise TypeError(f"{key} is no text")
    return value
