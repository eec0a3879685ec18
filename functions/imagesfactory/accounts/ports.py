"""What accounts need from others: the directory of sign-ins, the register of misuse, and somebody to open wallets."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from imagesfactory.accounts.model import Consent, SignInFacts
from imagesfactory.kit.unit_of_work import UnitOfWork


class Directory(Protocol):
    """Firebase Authentication's user directory."""

    def delete(self, uid: str) -> None:
        """Remove the sign-in of ``uid``; nobody there is fine."""

    def google_id(self, uid: str) -> str:
        """How Google names whoever signs in as ``uid`` with it; empty where nobody does.

        Raises:
            RetryLater: the directory does not answer now.

        """


class SignInCopies(Protocol):
    """What Firebase Authentication says of members beside how they sign in."""

    def correct(self, uid: str, facts: SignInFacts) -> None:
        """Have its copies say ``facts``; what it does not hold is not added, and nobody there is fine."""


class LeftRecords(Protocol):
    """What a law keeps of somebody who never became a member."""

    def part(self, uid: str, now: datetime) -> int:
        """Move it to where it names nobody; returns how many records there were. Calling again is fine."""


class MailCarrier(Protocol):
    """Who carries letters, and keeps whom it carried them to."""

    def forget(self, address: str) -> str:
        """Have everything about this address erased, and return its reference; asking twice is fine."""


class MisuseRegister(Protocol):
    """Identities that may not join (again)."""

    def is_listed(self, identities: tuple[str, ...], now: datetime) -> bool:
        """Whether any of these identities (``email:...``, ``google:...``) is on the register."""

    def takes_bonus(self, unit: UnitOfWork, identity: str, now: datetime) -> bool:
        """Whether the identity may have the sign-up bonus, which it then has had, from the commit of ``unit`` on."""


class Tombstones(Protocol):
    """Accounts that were withdrawn."""

    def is_withdrawn(self, uid: str) -> bool:
        """Whether nothing may bring this account back."""


class ConsentLetters(Protocol):
    """Tells members of consents to advertising: given or taken back (Network Act article 50(7)), or about to lapse."""

    def tell(self, unit: UnitOfWork, uid: str, changed: tuple[Consent, ...], now: datetime) -> None:
        """Write the letter in the unit that records the change."""

    def ask_to_confirm(self, unit: UnitOfWork, uid: str, due: tuple[Consent, ...], now: datetime) -> None:
        """Write the letter that asks to confirm consents, in the unit that notes it (article 50(8))."""


class WalletOpener(Protocol):
    """Opens the wallet of a new member."""

    def signup_points(self, uid: str) -> int:
        """The points that the member started with."""

    def open_wallet(self, unit: UnitOfWork, uid: str, now: datetime, *, has_bonus: bool) -> int:
        """Open a wallet, with the sign-up bonus or empty, in the unit of the sign-up; returns its points."""
