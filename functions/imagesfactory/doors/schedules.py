"""What Cloud Scheduler calls, declared from scheduler.yaml: the local scheduler fires by the same file."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from firebase_functions.options import Timezone
from firebase_functions.scheduler_fn import ScheduledEvent, on_schedule

from imagesfactory import bootstrap
from imagesfactory import bootstrap_office as office
from imagesfactory import bootstrap_rights as rights
from imagesfactory.doors.answers import answers
from imagesfactory.doors.options import KEEPER
from imagesfactory.kit import log
from imagesfactory.kit.errors import RetryLater
from imagesfactory.kit.settings import (
    SECRETS_OF_IDENTITY,
    SECRETS_OF_IMAGE_PROVIDERS,
    SECRETS_OF_MAIL,
    SECRETS_OF_PAYMENTS,
)
from imagesfactory.kit.turns import Part, first_at, take_turns
from imagesfactory.kit.yaml_text import parse

SWEEP_PAGE: Final = 200
"""How many records of a kind are looked at in one turn."""
SWEEP_SLOT: Final = timedelta(minutes=5)
"""The rhythm of scheduler.yaml: each sweep begins with another kind."""
SWEEP_TIME: Final = timedelta(seconds=200)
"""How long turns begin; the rest of the function's time is for the one that is under way."""

_FILE: Final = Path(__file__).parents[2] / "scheduler.yaml"


def declared(function: str) -> dict[str, Any]:
    """What scheduler.yaml says of one function, as the arguments of its decorator."""
    (entry,) = (entry for entry in _entries() if entry["function"] == function)
    retry = entry["retry"]
    return {
        "schedule": entry["cron"],
        "timezone": Timezone(entry["time_zone"]),
        "retry_count": retry["count"],
        "min_backoff_seconds": retry["min_backoff_seconds"],
        "max_backoff_seconds": retry["max_backoff_seconds"],
        "max_doublings": retry["max_doublings"],
    }


@cache
def _entries() -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = parse(_FILE.read_text(encoding="utf-8"))["schedules"]
    return entries


@on_schedule(
    **declared("sweep"),
    timeout_sec=300,
    max_instances=1,
    service_account=KEEPER,
    secrets=[*SECRETS_OF_IMAGE_PROVIDERS, *SECRETS_OF_MAIL, *SECRETS_OF_IDENTITY, *SECRETS_OF_PAYMENTS],
)
@answers
def sweep(event: ScheduledEvent) -> None:
    """Bring to its end whatever is past its deadline: jobs, letters, points, payments, accounts.

    Every kind gets its turn, whichever other one fails; Cloud Scheduler fires again what failed.
    """
    begun = bootstrap.outside_clock().now()
    parts = _parts(bootstrap.clock().now())
    first = first_at(begun, SWEEP_SLOT, len(parts))
    result = take_turns(parts, first, lambda: bootstrap.outside_clock().now() < begun + SWEEP_TIME)
    for kind, count in result.counts.items():
        log.info("sweep.done", code=kind, count=count)
    for kind in result.missed:
        log.warning("sweep.no_time_left", code=kind)
    if result.failed:
        raise RetryLater("sweep-incomplete")


def _parts(now: datetime) -> list[Part]:
    """What a sweep looks at. Repeated are those whose things are done when a page has ended, not when a task has."""
    once = {
        "jobs": lambda: bootstrap.job_sweep().run(now, SWEEP_PAGE),
        "letters": lambda: bootstrap.mail().sweep(now, SWEEP_PAGE),
        "payments": lambda: bootstrap.payment_sweep().run(now, SWEEP_PAGE),
        "events": lambda: bootstrap.inbox().sweep(now, SWEEP_PAGE),
        "announcements": lambda: office.notices().sweep(now, SWEEP_PAGE),
        "campaigns": lambda: office.campaigns().sweep(now, SWEEP_PAGE),
        "exports": lambda: rights.exports().sweep(now, SWEEP_PAGE),
        "suspensions": lambda: rights.suspensions().sweep(now, SWEEP_PAGE),
        "withdrawals": lambda: rights.withdrawal_sweep().run(now, SWEEP_PAGE),
        "deleted sign-ins": lambda: rights.withdrawal_sweep().find_deleted(now),
        "missed nights": lambda: office.truth_page().nights_missed(now),
    }
    repeated = {
        "consents": lambda: bootstrap.profiles().ask_to_confirm(now, SWEEP_PAGE),
        "copies": lambda: rights.copies().tell(now, SWEEP_PAGE),
        "sign-ups": lambda: rights.unfinished_signups().remove(now, SWEEP_PAGE),
        "expiries": lambda: bootstrap.points().post_expiries(now, SWEEP_PAGE),
        "inquiries": lambda: office.support().sweep(now, SWEEP_PAGE),
        "contacts": lambda: office.contact_erasure().sweep(now, SWEEP_PAGE),
    }
    return [Part(kind, work) for kind, work in once.items()] + [
        Part(kind, work, is_repeated=True) for kind, work in repeated.items()
    ]


@on_schedule(
    **declared("settle"),
    timeout_sec=1800,
    max_instances=1,
    service_account=KEEPER,  # the books of members who left are in the archive
    secrets=[*SECRETS_OF_PAYMENTS, *SECRETS_OF_IDENTITY],
)
@answers
def settle(event: ScheduledEvent) -> None:
    """Compare yesterday's books of each payment provider with ours, and those of days that were missed.

    Then look at the truth page, so that what is red is in the log (alerts.yaml) though nobody opens it.
    """
    bootstrap.settlements().run_due(bootstrap.clock().now())
    office.truth_page().look(bootstrap.clock().now())
