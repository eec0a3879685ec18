"""Pure decisions about letters: who may send one, when to try again, when to give up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from imagesfactory.mail.words import Words

LEASE = timedelta(minutes=3)
"""How long a claim on a letter protects its worker: longer than reading the images and one call to the carrier."""
ATTEMPTS_MAX = 12
"""Failed attempts before a letter is given up, which takes about five hours in all."""
BACKOFF_FIRST = timedelta(seconds=10)
BACKOFF_MAX = timedelta(hours=2)
HELD_RECHECK = timedelta(hours=1)
"""How often a letter that is held back, because a correction is pending, is looked at again."""
ENQUEUE_GRACE = timedelta(minutes=2)
"""How long the sweep leaves a new letter to the trigger and the queue."""


class State(StrEnum):
    """Where a letter stands. ``SENT`` means accepted by the carrier, not delivered."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


class Fate(StrEnum):
    """What became of a letter after the carrier took it, from weak to strong: events come in any order, and more
    than once, and the strongest stays.
    """

    UNKNOWN = ""
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    BLOCKED = "blocked"
    """Refused this time; another letter may get through."""
    BOUNCED = "bounced"
    """The address does not take mail."""
    SPAM = "spam"
    """The recipient does not want it, which ends the address, or of an advertisement the consent to it alone."""

    @property
    def rank(self) -> int:
        """Its place from weak to strong, as it is stored: the database itself keeps the strongest."""
        return list(Fate).index(self)

    @property
    def ends_address(self) -> bool:
        """Whether nothing more like it may be sent to the address."""
        return self in {Fate.BOUNCED, Fate.SPAM}


@dataclass(frozen=True)
class MailEvent:
    """One verified event: which letter, which address, what became of it."""

    mail_id: str
    address: str
    fate: Fate


@dataclass(frozen=True)
class Mail:
    """One letter of the outbox; its id is its dedupe key."""

    id: str
    owner: str
    words: Words | None
    """None once the letter was accepted or given up: then nothing of it is kept."""
    created_at: datetime
    due_at: datetime
    """When it should be tried (again)."""
    state: State = State.QUEUED
    attempts: int = 0
    claim: str = ""
    lease_until: datetime | None = None
    carrier_id: str = ""
    failure: str = ""
    is_held: bool = False
    fate: Fate = Fate.UNKNOWN

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to do."""
        return self.state in {State.SENT, State.FAILED}

    def sweep_at(self) -> datetime | None:
        """When the sweep should look at it if nobody else does; None once it is settled."""
        return None if self.is_settled else (self.lease_until or self.due_at + ENQUEUE_GRACE)


def wait_before_claim(mail: Mail, now: datetime) -> timedelta:
    """How long a worker must wait until it may have the letter; zero when it is free."""
    if mail.state is State.SENDING and mail.lease_until is not None:
        return max(mail.lease_until - now, timedelta(0))
    return max(mail.due_at - now, timedelta(0))


def claim(mail: Mail, token: str, now: datetime) -> Mail:
    """Let the worker ``token`` have the letter under a lease."""
    return replace(mail, state=State.SENDING, claim=token, lease_until=now + LEASE)


def holds_claim(mail: Mail, token: str) -> bool:
    """Whether the worker ``token`` still has the letter."""
    return mail.state is State.SENDING and mail.claim == token


def sent(mail: Mail, carrier_id: str) -> Mail:
    """Accepted by the carrier: the words are forgotten."""
    return replace(mail, state=State.SENT, words=None, carrier_id=carrier_id, claim="", lease_until=None, is_held=False)


def failed(mail: Mail, failure: str) -> Mail:
    """Given up: the words are forgotten."""
    return replace(mail, state=State.FAILED, words=None, failure=failure, claim="", lease_until=None, is_held=False)


def held(mail: Mail, now: datetime) -> Mail:
    """Held back while a correction is pending; that is no failed attempt."""
    return replace(mail, state=State.QUEUED, due_at=now + HELD_RECHECK, claim="", lease_until=None, is_held=True)


def stronger_fate(before: Fate, told: Fate) -> Fate:
    """The fate after an event: whatever order events come in, the end is the same."""
    return max(before, told, key=lambda fate: fate.rank)


def waits(mail: Mail, until: datetime) -> Mail:
    """Held back until a time of day at which it may be sent; that is no failed attempt."""
    return replace(mail, state=State.QUEUED, due_at=until, claim="", lease_until=None, is_held=True)


def try_again(mail: Mail, delay: timedelta, now: datetime) -> Mail:
    """After a failed attempt: later, at least after ``delay``, or never if it failed too often."""
    attempts = mail.attempts + 1
    if attempts >= ATTEMPTS_MAX:
        return replace(failed(mail, "carrier-unavailable"), attempts=attempts)
    backoff = min(BACKOFF_FIRST * 2 ** (attempts - 1), BACKOFF_MAX)
    return replace(
        mail,
        state=State.QUEUED,
        attempts=attempts,
        due_at=now + max(backoff, delay),
        claim="",
        lease_until=None,
        is_held=False,
    )
