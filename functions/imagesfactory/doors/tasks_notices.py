"""The tasks that write to members, a page at a time: of a change, or of something advertised."""

from __future__ import annotations

from typing import Any

from firebase_functions.https_fn import CallableRequest
from firebase_functions.options import RateLimits, RetryConfig
from firebase_functions.tasks_fn import on_task_dispatched

from imagesfactory import bootstrap
from imagesfactory import bootstrap_office as office
from imagesfactory.doors import callers
from imagesfactory.doors.answers import answers
from imagesfactory.kit.settings import SECRETS_OF_IDENTITY


@on_task_dispatched(
    retry_config=RetryConfig(max_attempts=15, min_backoff_seconds=10, max_backoff_seconds=600, max_doublings=6),
    rate_limits=RateLimits(max_concurrent_dispatches=1, max_dispatches_per_second=1),
    timeout_sec=120,
)
@answers
def tellmembers(request: CallableRequest[Any]) -> None:
    """Write the letters of one page of members. One page a second: mail goes out no faster anyway."""
    callers.our_queue(request)
    from imagesfactory.doors.requests import ChangeTask, parsed

    office.notices().tell(parsed(ChangeTask, request.data).change_id, bootstrap.clock().now())


@on_task_dispatched(
    retry_config=RetryConfig(max_attempts=15, min_backoff_seconds=10, max_backoff_seconds=600, max_doublings=6),
    rate_limits=RateLimits(max_concurrent_dispatches=1, max_dispatches_per_second=1),
    timeout_sec=120,
    secrets=list(SECRETS_OF_IDENTITY),
)
@answers
def advertise(request: CallableRequest[Any]) -> None:
    """Write the letters of one page of a campaign."""
    callers.our_queue(request)
    from imagesfactory.doors.requests import CampaignTask, parsed

    office.campaigns().proceed(parsed(CampaignTask, request.data).campaign_id, bootstrap.clock().now())
