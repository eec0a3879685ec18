"""What mail needs from outsiders: somebody who sends, somebody who pushes, and the files that go with a letter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imagesfactory.accounts.devices import PushAddress
    from imagesfactory.accounts.service import Recipient


@dataclass(frozen=True)
class Attachment:
    """A picture that travels with a mail: shown in it where ``content_id`` is referred to."""

    filename: str
    content_type: str
    content_id: str
    content: bytes


@dataclass(frozen=True)
class Letter:
    """A mail ready to go."""

    mail_id: str
    """Our opaque id; comes back in the sender's events. Never anything personal."""
    kind: str
    to_address: str
    from_address: str
    from_name: str
    reply_to: str
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...] = ()
    unsubscribe_url: str = ""
    """Where one click refuses letters of this kind (RFC 8058); empty for letters that cannot be refused."""


@dataclass(frozen=True)
class Push:
    """A notification ready to go."""

    title: str
    text: str
    replaces: str
    """The same for every attempt, 24 letters and digits: a device shows the latest in place of those before it."""
    data: Mapping[str, str]
    """For the app, which opens what it is about: opaque ids of ours, and an address."""
    lives_for: timedelta
    """How long it waits for a device that cannot be reached now; zero: not at all."""


class SenderBusy(Exception):
    """Not accepted now (rate limit, outage, timeout); later may work. A timeout may mean it was accepted."""

    def __init__(self, delay: timedelta = timedelta(0)) -> None:
        super().__init__("sender busy")
        self.delay = delay


class LetterRefused(Exception):
    """The sender will never accept this letter."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Sender(Protocol):
    """Whoever carries mail."""

    def send(self, letter: Letter) -> str:
        """Hand over the letter, exactly one attempt; returns the carrier's own message id once it is accepted.

        Raises:
            SenderBusy, LetterRefused: see there.

        """


class AddressGone(Exception):
    """No app is reached at this push address any more."""


class Pusher(Protocol):
    """Whoever carries notifications to devices."""

    def push(self, push: Push, address: PushAddress) -> str:
        """Hand over the notification, exactly one attempt; returns the carrier's own id once it is accepted.

        Raises:
            AddressGone, SenderBusy, LetterRefused: see there.

        """


class Outsiders(Protocol):
    """Whoever knows where to answer people without an account."""

    def recipient(self, inquiry_id: str) -> Recipient | None:
        """Who made that inquiry; None when nothing can be sent to them."""


class Files(Protocol):
    """Where the pictures that go with a letter are."""

    def get(self, name: str) -> bytes:
        """The bytes stored under ``name``.

        Raises:
            FileNotFoundError: nothing is stored there.

        """
