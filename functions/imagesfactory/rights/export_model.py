"""Pure decisions about exports: who may work on one, when to try again, when to give up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

LEASE = timedelta(minutes=10)
"""How long a claim protects its worker; longer than its function may run."""
ATTEMPTS_MAX = 5
BACKOFF_FIRST = timedelta(minutes=1)
ENQUEUE_GRACE = timedelta(minutes=2)


class ExportState(StrEnum):
    """Where an export stands."""

    REQUESTED = "requested"
    BUILDING = "building"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True)
class Export:
    """One export. ``file`` is named once the stored file was read back; it goes with the record at ``expires_at``."""

    id: str
    owner: str
    requested_at: datetime
    expires_at: datetime
    state: ExportState = ExportState.REQUESTED
    attempts: int = 0
    claim: str = ""
    resume_at: datetime | None = None
    file: str = ""
    ready_at: datetime | None = None
    handed_to: str = ""
    """The officer (uid) who may fetch the file too, for a member who asked them."""
    counts: dict[str, Any] = field(default_factory=dict)
    """Records by place of the registry, and ``images``."""

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to do."""
        return self.state in {ExportState.READY, ExportState.FAILED}

    @property
    def file_name(self) -> str:
        """The one name of its file in the bucket."""
        return f"exports/{self.owner}/{self.id}/imagesfactory.zip"


def wait_before_claim(export: Export, now: datetime) -> timedelta:
    """How long a worker must wait until it may have the export; zero when it is free."""
    if export.state is ExportState.BUILDING and export.resume_at is not None:
        return max(export.resume_at - now, timedelta(0))
    return timedelta(0)


def claim(export: Export, token: str, now: datetime) -> Export:
    """Let the worker ``token`` have it under a lease; taking over from a dead one counts as an attempt.

    One whose workers all died (out of time or memory, say) has failed: nobody was left to record it.
    """
    if export.attempts >= ATTEMPTS_MAX:
        return _failed(export)
    return replace(
        export,
        state=ExportState.BUILDING,
        claim=token,
        attempts=export.attempts + 1,
        resume_at=now + LEASE,
    )


def holds_claim(export: Export, token: str) -> bool:
    """Whether the worker ``token`` still has it."""
    return export.state is ExportState.BUILDING and export.claim == token


def ready(export: Export, counts: dict[str, Any], now: datetime) -> Export:
    """The stored file was read back."""
    done = replace(export, state=ExportState.READY, file=export.file_name, counts=counts)
    return replace(done, claim="", resume_at=None, ready_at=now)


def try_again(export: Export, now: datetime) -> Export:
    """After a failed attempt: later, or never if it failed too often."""
    if export.attempts >= ATTEMPTS_MAX:
        return _failed(export)
    wait = BACKOFF_FIRST * (1 << export.attempts)
    return replace(export, state=ExportState.REQUESTED, claim="", resume_at=now + wait)


def _failed(export: Export) -> Export:
    return replace(export, state=ExportState.FAILED, claim="", resume_at=None)
