"""What Cloud Tasks calls to carry out what members ask about their data."""

from __future__ import annotations

from typing import Any

from firebase_functions.https_fn import CallableRequest
from firebase_functions.options import MemoryOption, RateLimits, RetryConfig
from firebase_functions.tasks_fn import on_task_dispatched

from imagesfactory import bootstrap_rights as rights
from imagesfactory.doors import callers
from imagesfactory.doors.answers import answers
from imagesfactory.doors.callables_privacy import ALL_SECRETS
from imagesfactory.doors.options import KEEPER


@on_task_dispatched(
    retry_config=RetryConfig(max_attempts=12, min_backoff_seconds=10, max_backoff_seconds=3600, max_doublings=9),
    rate_limits=RateLimits(max_concurrent_dispatches=10, max_dispatches_per_second=5),
    timeout_sec=540,
    memory=MemoryOption.GB_1,
    concurrency=4,
    service_account=KEEPER,
    secrets=ALL_SECRETS,
)
@answers
def withdrawmember(request: CallableRequest[Any]) -> None:
    """Go on with the withdrawal of one member."""
    callers.our_queue(request)
    from imagesfactory.doors.requests import MemberTask, parsed

    rights.withdrawal_process().proceed(parsed(MemberTask, request.data).uid)


@on_task_dispatched(
    retry_config=RetryConfig(max_attempts=8, min_backoff_seconds=30, max_backoff_seconds=1800, max_doublings=6),
    rate_limits=RateLimits(max_concurrent_dispatches=10, max_dispatches_per_second=5),
    timeout_sec=540,
    memory=MemoryOption.GB_1,
    concurrency=2,
)
@answers
def exportdata(request: CallableRequest[Any]) -> None:
    """Make the file of everything that is held about one member."""
    callers.our_queue(request)
    from imagesfactory.doors.requests import ExportTask, parsed

    rights.exports().perform(parsed(ExportTask, request.data).export_id)
