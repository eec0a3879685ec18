"""One run of a scheduled function: the call that Cloud Scheduler makes, and its retries."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import requests

from local.scheduler.clock import Clock
from local.scheduler.schedules import Schedule
from local.scheduler.targets import TargetMissing, Targets

ATTEMPT_SECONDS = 180.0
"""Cloud Scheduler's usual deadline of one attempt (Job.attempt_deadline)."""
log = logging.getLogger(__name__)


class RunFailed(Exception):
    """Every attempt of a run failed."""


@dataclass(frozen=True)
class Firing:
    """A run that succeeded."""

    schedule: str
    scheduled_at: datetime
    attempts: int


@dataclass(frozen=True)
class Caller:
    """Calls scheduled functions over HTTP."""

    targets: Targets
    clock: Clock
    stopped: threading.Event

    def run(self, schedule: Schedule, scheduled_at: datetime) -> Firing:
        """Call until it succeeds or the retries are used up (then RunFailed, with the last reason)."""
        for attempt in range(1, schedule.retry.count + 2):
            failure = self._attempt(schedule, scheduled_at)
            if not failure:
                log.info("schedule.ran name=%s attempts=%d", schedule.name, attempt)
                return Firing(schedule.name, scheduled_at, attempt)
            log.warning("schedule.failed name=%s attempt=%d reason=%s", schedule.name, attempt, failure)
            is_last = attempt > schedule.retry.count
            if is_last or self.clock.wait(schedule.retry.backoff_seconds(attempt), self.stopped):
                break
        raise RunFailed(f"The schedule {schedule.name} failed {attempt} times; the last time: {failure}.")

    def _attempt(self, schedule: Schedule, scheduled_at: datetime) -> str:
        """Call once; the reason of the failure, or nothing."""
        headers = {
            "X-CloudScheduler": "true",
            "X-CloudScheduler-JobName": schedule.name,
            "X-CloudScheduler-ScheduleTime": scheduled_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return _reason_of(lambda: self._post(self.targets.url_of(schedule.function), headers))

    def _post(self, url: str, headers: dict[str, str]) -> int:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(url, headers=headers, timeout=ATTEMPT_SECONDS, allow_redirects=False)
        # 204 is how the emulator says that this generation of the function is switched off.
        return 503 if answer.status_code == 204 else answer.status_code


def _reason_of(call: Callable[[], int]) -> str:
    try:
        status = call()
    except TargetMissing as error:
        return str(error)
    except requests.RequestException as error:
        return type(error).__name__
    return "" if 200 <= status < 300 else f"HTTP {status}"
