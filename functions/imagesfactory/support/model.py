"""Pure decisions about inquiries: who may write, and when one is settled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from imagesfactory.support.errors import InquiryFull, InquirySettled

MESSAGES_MAX = 100
QUIET_AFTER = timedelta(days=30)
"""An answered inquiry that its owner leaves alone so long is settled: else its record would never die."""
FORGET_AFTER = timedelta(days=1)
"""How long after an inquiry without an account was settled the carrier forgets its contact: the last letter is out."""


class Topic(StrEnum):
    """What an inquiry is about. ``appeal``: against a refused sign-up. ``guardian``: a child's account shall go."""

    SERVICE = "service"
    PAYMENT = "payment"
    REFUND = "refund"
    PRIVACY = "privacy"
    APPEAL = "appeal"
    GUARDIAN = "guardian"
    OTHER = "other"


class State(StrEnum):
    """Where an inquiry stands. ``OPEN`` waits for staff, ``ANSWERED`` for its owner."""

    OPEN = "open"
    ANSWERED = "answered"
    SETTLED = "settled"


class Author(StrEnum):
    """Who wrote a message. Which person of the staff is in the access log, not here."""

    MEMBER = "member"
    STAFF = "staff"


@dataclass(frozen=True)
class Message:
    """One message."""

    id: str
    author: Author
    text: str
    at: datetime


@dataclass(frozen=True)
class Inquiry:
    """One inquiry. ``owner`` is empty when it came without an account."""

    id: str
    owner: str
    topic: Topic
    contact_email: str
    contact_telephone: str
    language: Literal["ko", "en"]
    request_digest: str
    created_at: datetime
    changed_at: datetime
    message_ids: tuple[str, ...]
    """In the order in which they were written."""
    state: State = State.OPEN
    settled_at: datetime | None = None
    forget_contact_at: datetime | None = None
    """When the mail carrier is to forget the address; None for members, and once it was told to."""
    about_account: str = ""
    """The address of the child's account that a guardian wants deleted; forgotten when the inquiry is settled."""

    @property
    def settles_at(self) -> datetime | None:
        """When it is settled if nobody writes any more; None while staff has to answer, and afterwards."""
        return self.changed_at + QUIET_AFTER if self.state is State.ANSWERED else None


def with_message(inquiry: Inquiry, message: Message) -> Inquiry:
    """The inquiry after one more message: the owner's opens it for staff, the staff's waits for the owner.

    Raises:
        InquirySettled: its three years have begun; a new inquiry has a clock of its own.
        InquiryFull

    """
    if inquiry.state is State.SETTLED:
        raise InquirySettled
    if len(inquiry.message_ids) >= MESSAGES_MAX:
        raise InquiryFull(maximum=MESSAGES_MAX)
    return replace(
        inquiry,
        state=State.ANSWERED if message.author is Author.STAFF else State.OPEN,
        changed_at=message.at,
        message_ids=(*inquiry.message_ids, message.id),
    )


def settled(inquiry: Inquiry, now: datetime) -> Inquiry:
    """The inquiry after it was settled, from when its record has three years; once settled it stays so."""
    if inquiry.state is State.SETTLED:
        return inquiry
    forget_at = now + FORGET_AFTER if inquiry.contact_email and not inquiry.owner else None
    return replace(
        inquiry, state=State.SETTLED, settled_at=now, changed_at=now, about_account="", forget_contact_at=forget_at
    )


def forgotten(inquiry: Inquiry) -> Inquiry:
    """The inquiry after the carrier was told to forget who made it."""
    return replace(inquiry, forget_contact_at=None)
