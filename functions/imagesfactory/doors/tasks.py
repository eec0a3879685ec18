"""What Cloud Tasks calls. A task function has no underscore in its name: its queue is named after it.

A handler that returns is done; one that raises is called again, with the backoff given here.
"""

from __future__ import annotations

from typing import Any

from firebase_functions.https_fn import CallableRequest
from firebase_functions.options import MemoryOption, RateLimits, RetryConfig
from firebase_functions.tasks_fn import on_task_dispatched

from imagesfactory import bootstrap
from imagesfactory.doors import callers
from imagesfactory.doors.answers import answers
from imagesfactory.doors.options import KEEPER
from imagesfactory.kit.settings import (
    SECRETS_OF_IDENTITY,
    SECRETS_OF_IMAGE_PROVIDERS,
    SECRETS_OF_MAIL,
    SECRETS_OF_PAYMENTS,
)


@on_task_dispatched(
    retry_config=RetryConfig(max_attempts=15, min_backoff_seconds=2, max_backoff_seconds=240, max_doublings=7),
    rate_limits=RateLimits(max_concurrent_dispatches=800, max_dispatches_per_second=100),
    timeout_sec=300,
    memory=MemoryOption.GB_1,
    concurrency=8,
    secrets=[*SECRETS_OF_IMAGE_PROVIDERS, *SECRETS_OF_IDENTITY],
)
@answers
def generate(request: CallableRequest[Any]) -> None:
    """Make one image of one job."""
    callers.our_queue(request)
    from imagesfactory.doors.requests import ImageTask, parsed

    task = parsed(ImageTask, request.data)
    bootstrap.image_work().perform(task.job_id, task.image, task.occasion)


@on_task_dispatched(
    retry_config=RetryConfig(max_attempts=20, min_backoff_seconds=10, max_backoff_seconds=3600, max_doublings=9),
    rate_limits=RateLimits(max_concurrent_dispatches=50, max_dispatches_per_second=50),
    timeout_sec=120,
    memory=MemoryOption.GB_1,
    concurrency=8,
    secrets=[*SECRETS_OF_MAIL, *SECRETS_OF_IDENTITY],
)
@answers
def deliver(request: CallableRequest[Any]) -> None:
    """Send one letter."""
    callers.our_queue(request)
    from imagesfactory.doors.requests import MailTask, parsed

    bootstrap.mail().deliver(parsed(MailTask, request.data).mail_id)


@on_task_dispatched(
    retry_config=RetryConfig(max_attempts=8, min_backoff_seconds=5, max_backoff_seconds=600, max_doublings=7),
    rate_limits=RateLimits(max_concurrent_dispatches=50, max_dispatches_per_second=50),
    timeout_sec=120,
    concurrency=8,
    secrets=[*SECRETS_OF_PAYMENTS, *SECRETS_OF_IDENTITY],
    service_account=KEEPER,  # news of an order whose member left brings it back from the archive
)
@answers
def processevent(request: CallableRequest[Any]) -> None:
    """Act on one event of the inbox."""
    callers.our_queue(request)
    from imagesfactory.doors.requests import EventTask, parsed

    bootstrap.inbox().process(parsed(EventTask, request.data).event_id, bootstrap.clock().now())
