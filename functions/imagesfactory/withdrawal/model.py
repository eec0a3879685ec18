"""The words of a withdrawal: its steps in their order, what it wrote down, and what the member is shown before."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from imagesfactory.kit.ids import digest_of
from imagesfactory.payments.request import AccountWanted

SIGN_IN_MINUTES_MAX = 5
"""How long ago somebody who withdraws may have signed in."""
ENQUEUE_GRACE = timedelta(minutes=2)
"""How long the sweep leaves a withdrawal to its task."""
BACKOFF_FIRST = timedelta(minutes=1)
BACKOFF_MAX = timedelta(hours=6)
LAST_LOOK_AFTER = timedelta(minutes=15)
"""When nothing that began before the withdrawal can still write: functions and leases end before that."""


class Step(StrEnum):
    """What is done next, in this order. Each can be repeated from its beginning."""

    END_JOBS = "end-jobs"
    SETTLE_MONEY = "settle-money"
    FORFEIT_POINTS = "forfeit-points"
    PART_OPEN_MONEY = "part-open-money"
    ARCHIVE = "archive"
    ERASE_RECORDS = "erase-records"
    ERASE_FILES = "erase-files"
    TELL_MEMBER = "tell-member"
    """While there is an address; the carrier forgets it in the next step."""
    ERASE_AT_PROCESSORS = "erase-at-processors"
    ERASE_PROFILE = "erase-profile"
    REMOVE_SIGN_IN = "remove-sign-in"
    LOOK_AGAIN = "look-again"
    COMPLETE = "complete"

    @property
    def next(self) -> Step:
        """The step after this one."""
        steps = list(Step)
        return steps[steps.index(self) + 1]


class Channel(StrEnum):
    """On whose word an account is closed."""

    MEMBER = "member"
    GUARDIAN = "guardian"
    OFFICER = "officer"
    """The member's own, told to the officer."""
    OUTSIDE = "deleted-outside"
    """Its sign-in was removed in the console or by the client SDK."""


@dataclass(frozen=True)
class Withdrawal:
    """One withdrawal under way: the only place where member and ``subject`` stand together. It goes at its end."""

    uid: str
    subject: str
    """The opaque, random name under which the law's records are kept."""
    channel: Channel
    was_suspended: bool
    requested_at: datetime
    step: Step = Step.END_JOBS
    attempts: int = 0
    resume_at: datetime | None = None
    account: dict[str, str] | None = field(default=None, repr=False)
    """Where a virtual account's money goes back to; forgotten with the profile."""
    archived: dict[str, int] = field(default_factory=dict)
    """Records by place of the registry; a place without any says zero."""
    erased: dict[str, int] = field(default_factory=dict)
    processors: dict[str, str] = field(default_factory=dict)
    """What each processor said to our request to forget: its own reference of the erasure."""
    open_orders: tuple[str, ...] = ()
    unrefunded_orders: tuple[str, ...] = ()
    """Whose money a person has to pay back: its buyer could not be asked where to, or the provider refused."""
    refunds: tuple[str, ...] = ()
    """Amounts that went back because of the withdrawal, as people read them."""
    lost_points: int = 0
    letter: str = ""
    """What became of the last letter: ``sent``, or why not."""


@dataclass(frozen=True)
class RefundShown:
    """Money that will go back; ``amount`` and ``fee`` in the smallest unit of ``currency``."""

    order_id: str
    points: int
    amount: int
    fee: int
    currency: str
    needs_account: bool


@dataclass(frozen=True)
class KeptShown:
    """Records that a law keeps: how many, for how long and why."""

    place: str
    record_class: str
    count: int
    period: dict[str, int]
    basis_ko: str
    basis_en: str


@dataclass(frozen=True)
class Preview:
    """What a withdrawal will do."""

    lost_points: int
    """All that is neither refunded nor spent: bonuses, and what no refund is due for."""
    unfinished_jobs: int
    refunds: tuple[RefundShown, ...]
    kept: tuple[KeptShown, ...]
    erased: dict[str, int]
    """Records by place of the registry."""

    @property
    def digest(self) -> str:
        """The same as long as the member would lose and get back the same."""
        refunds: list[Any] = [[one.order_id, one.points, one.amount, one.currency] for one in self.refunds]
        return digest_of([self.lost_points, refunds])


class WithdrawRequest(BaseModel):
    """Ask what a withdrawal would do; with ``confirmed`` (the digest that was shown), withdraw."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    confirmed: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    refund_account: AccountWanted | None = None


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many failed attempts."""
    return min(BACKOFF_FIRST * (1 << min(attempts, 12)), BACKOFF_MAX)
