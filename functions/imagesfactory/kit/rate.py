"""A token bucket as one instant: how often something may be done, decided without a timer and without a counter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from imagesfactory.kit.errors import Outcome, Refusal, Text


class TooManyRequests(Refusal):
    """An allowance of requests is used up for the moment; details: ``retry_after_seconds``."""

    outcome = Outcome.RESOURCE_EXHAUSTED
    code = "too-many-requests"
    text = Text(
        "요청이 너무 많습니다. 잠시 후 다시 시도해 주세요.",
        "Too many requests. Please try again in a moment.",
    )


@dataclass(frozen=True)
class Rate:
    """A token bucket: ``burst`` requests at once, then one more every ``refill``."""

    burst: int
    refill: timedelta


def take(whole_at: datetime | None, rate: Rate, now: datetime) -> datetime:
    """Take one request from an allowance.

    The allowance is kept as the instant at which it is whole again (the generic cell rate algorithm).
    Source: ITU-T I.371.

    Args:
        whole_at: when it would be whole again before this request, UTC; None: it is.
        rate: how large it is and how fast it recovers.
        now: when, UTC.

    Returns:
        When it will be whole again, UTC.

    Raises:
        TooManyRequests: it is used up.

    """
    after = max(whole_at or now, now) + rate.refill
    excess = after - now - rate.burst * rate.refill
    if excess > timedelta(0):
        raise TooManyRequests(retry_after_seconds=-(-excess // timedelta(seconds=1)))
    return after
