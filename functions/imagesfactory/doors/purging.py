"""The daily purge: what Cloud Scheduler begins, and what Cloud Tasks goes on with when a run is long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from firebase_functions.https_fn import CallableRequest
from firebase_functions.options import MemoryOption, RateLimits, RetryConfig
from firebase_functions.scheduler_fn import ScheduledEvent, on_schedule
from firebase_functions.tasks_fn import on_task_dispatched

from imagesfactory import bootstrap
from imagesfactory.doors import callers
from imagesfactory.doors.answers import answers
from imagesfactory.doors.options import KEEPER
from imagesfactory.doors.schedules import declared

SCHEDULED_PART: Final = timedelta(minutes=25)
"""A scheduled function may run for half an hour (cloud.google.com/functions/quotas)."""


@on_schedule(**declared("purge"), timeout_sec=1800, max_instances=1, memory=MemoryOption.MB_512, service_account=KEEPER)
@answers
def purge(event: ScheduledEvent) -> None:
    """Destroy whatever is due today, in both databases and in the bucket."""
    bootstrap.purge().run(SCHEDULED_PART)


@on_task_dispatched(
    retry_config=RetryConfig(max_attempts=10, min_backoff_seconds=60, max_backoff_seconds=3600, max_doublings=6),
    rate_limits=RateLimits(max_concurrent_dispatches=1, max_dispatches_per_second=1),
    timeout_sec=600,
    memory=MemoryOption.MB_512,
    service_account=KEEPER,
)
@answers
def purgepage(request: CallableRequest[Any]) -> None:
    """Go on with a run that was too long for one part."""
    callers.our_queue(request)
    from imagesfactory.doors.requests import PurgeTask, parsed

    parsed(PurgeTask, request.data)
    bootstrap.purge().run()
