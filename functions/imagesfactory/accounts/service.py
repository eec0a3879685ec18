"""Use cases of accounts: the gate at sign-up and sign-in, completing a sign-up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.accounts import model
from imagesfactory.accounts.errors import (
    AccountNotActive,
    AccountUnknown,
    SignupCompletedBefore,
    SignupRefused,
    UnderFourteen,
)
from imagesfactory.accounts.model import (
    ConsentKind,
    Identity,
    Language,
    Profile,
    SignupRequest,
    Status,
    VersionsInForce,
)
from imagesfactory.accounts.ports import ConsentLetters, Directory, MisuseRegister, Tombstones, WalletOpener
from imagesfactory.accounts.store import AccountStore, profile_from
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from google.cloud.firestore import Client


@dataclass(frozen=True)
class Visit:
    """One sign-in, for the visit log."""

    event_id: str
    ip_address: str
    user_agent: str


@dataclass(frozen=True)
class Recipient:
    """Where and how to write to a member. ``is_held`` while a correction is pending: nothing may be sent then."""

    address: str
    name: str
    language: Language
    is_held: bool
    agrees_to_marketing_email: bool = False
    """Whether advertising may be sent now; asked at the moment of sending."""
    agrees_to_marketing_push: bool = False
    """The same for advertising that is pushed."""


class AccountService:
    """The gate, the sign-up, and the facts other rooms may know about a member."""

    def __init__(
        self,
        client: Client,
        *,
        misuse: MisuseRegister,
        tombstones: Tombstones,
        directory: Directory,
        wallets: WalletOpener,
        letters: ConsentLetters,
        versions: VersionsInForce,
    ) -> None:
        self._client = client
        self._store = AccountStore(client)
        self._misuse = misuse
        self._tombstones = tombstones
        self._directory = directory
        self._wallets = wallets
        self._letters = letters
        self._versions = versions

    def admit(self, identity: Identity, now: datetime) -> None:
        """Let somebody sign up, before Firebase Authentication stores them.

        Raises:
            SignupRefused, SignInMethodNotOffered: nothing was stored here or there.
            AccountNotActive: the account was withdrawn, and this came late.

        """
        profile = model.begin(identity, now)
        if self._tombstones.is_withdrawn(identity.uid):
            log.warning("signup.after_withdrawal")
            raise AccountNotActive
        if self._misuse.is_listed(identity.names, now):
            log.warning("signup.refused", uid=identity.uid)
            raise SignupRefused
        unit_of_work.run(self._client, partial(self._begin, profile=profile))
        log.info("signup.begun", uid=identity.uid)

    def sign_in(self, identity: Identity, visit: Visit, now: datetime) -> None:
        """Let somebody sign in and note the visit. An account whose beginning was lost is begun again; an address
        that was changed since arrives here.

        Raises:
            AccountNotActive, SignInMethodNotOffered

        """
        profile = self._store.get(identity.uid)
        if profile is None:
            self.admit(identity, now)
        else:
            model.check_may_sign_in(profile)
            if model.readdressed(profile, identity, now) != profile:
                unit_of_work.run(self._client, partial(self._readdress, identity=identity, now=now))
                log.info("account.readdressed", uid=identity.uid)
        self._store.record_visit(visit.event_id, identity.uid, visit.ip_address, visit.user_agent, now)

    def complete_signup(self, uid: str, request: SignupRequest, now: datetime) -> int:
        """Make a member of somebody who signed up; returns the points the member starts with: none for somebody who had
        the sign-up bonus within the year, by whichever spelling of the address.

        Profile, consents, wallet, first ledger entry and the letter that confirms consents to advertising are one
        commit. Asking again with the same statements changes nothing and answers the same.

        Somebody who says to be under 14 is on the way out from then on, and cannot answer anew.

        Raises:
            AccountUnknown, and what :func:`imagesfactory.accounts.model.complete` raises.

        """
        try:
            points = unit_of_work.run(self._client, partial(self._complete, uid=uid, request=request, now=now))
        except SignupCompletedBefore:
            profile = self._store.get(uid)
            if profile is None or profile.signup_digest != request.digest:
                raise
            return self._wallets.signup_points(uid)
        except UnderFourteen:
            unit_of_work.run(self._client, partial(self._turn_away, uid=uid, now=now))
            log.info("signup.turned_away", uid=uid)
            raise
        log.info("signup.completed", uid=uid, points=points)
        return points

    def recipient(self, uid: str, now: datetime) -> Recipient | None:
        """Where to write to a member, and what may be sent now; None for everybody else."""
        profile = self._store.get(uid)
        if profile is None or not profile.is_member:
            return None
        return Recipient(
            profile.email,
            profile.name,
            profile.language,
            profile.is_correction_pending,
            profile.status is Status.ACTIVE and profile.has_consent(ConsentKind.MARKETING_EMAIL, now),
            profile.status is Status.ACTIVE and profile.has_consent(ConsentKind.MARKETING_PUSH, now),
        )

    def leaving_recipient(self, uid: str) -> Recipient | None:
        """Where to say goodbye to somebody whose account is being closed; None for everybody else.

        A correction that is pending holds nothing back here: there will be nothing left to correct.
        """
        profile = self._store.get(uid)
        if profile is None or profile.status is not Status.WITHDRAWING:
            return None
        return Recipient(profile.email, profile.name, profile.language, is_held=False)

    def identities(self, uid: str) -> tuple[str, ...]:
        """The names by which the register of misuse knows a member; empty for somebody who is gone.

        Google's is asked of the directory of sign-ins, for nothing but address, name and photo is kept of a Google
        account (privacy policy, article 1).

        Raises:
            RetryLater: the directory does not answer now.

        """
        profile = self._store.get(uid)
        if profile is None:
            return ()
        return Identity(uid, profile.email, "", google_id=self._directory.google_id(uid)).names

    def _begin(self, unit: UnitOfWork, profile: Profile) -> None:
        (snapshot,) = unit.read(self._store.reference(profile.uid))
        if not snapshot.exists:
            self._store.create(unit, profile)

    def _readdress(self, unit: UnitOfWork, identity: Identity, now: datetime) -> None:
        (snapshot,) = unit.read(self._store.reference(identity.uid))
        profile = profile_from(snapshot)
        if profile is not None:
            self._store.update(unit, model.readdressed(profile, identity, now))

    def _complete(self, unit: UnitOfWork, uid: str, request: SignupRequest, now: datetime) -> int:
        (snapshot,) = unit.read(self._store.reference(uid))
        profile = profile_from(snapshot)
        if profile is None:
            raise AccountUnknown
        member = model.complete(profile, request, self._versions, now)
        self._store.update(unit, member)
        self._store.add_consents(unit, member)
        has_bonus = self._misuse.takes_bonus(unit, f"email:{model.normalised_email(member.email)}", now)
        if member.free_consents:
            self._letters.tell(unit, uid, member.free_consents, now)
        return self._wallets.open_wallet(unit, uid, now, has_bonus=has_bonus)

    def _turn_away(self, unit: UnitOfWork, uid: str, now: datetime) -> None:
        """Whoever said to be under 14 is not asked again; name and photo go at once, the rest with the next sweep."""
        (snapshot,) = unit.read(self._store.reference(uid))
        profile = profile_from(snapshot)
        if profile is not None and profile.status is Status.UNFINISHED:
            self._store.mark_removing(unit, uid, now)
