"""Use cases of a member's own data: profile, consents, and the hold while a correction is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.accounts import model
from imagesfactory.accounts.changes import Amendment, ConsentRequest, ProfileRequest
from imagesfactory.accounts.errors import AccountUnknown, AddressTaken
from imagesfactory.accounts.model import Consent, ConsentKind, Profile, Status, VersionsInForce
from imagesfactory.accounts.ports import ConsentLetters
from imagesfactory.accounts.store import AccountStore, profile_from
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from google.cloud.firestore import Client


class ProfileService:
    """Changes what is held about a member, at the member's wish."""

    def __init__(self, client: Client, versions: VersionsInForce, letters: ConsentLetters) -> None:
        self._client = client
        self._letters = letters
        self._store = AccountStore(client)
        self._versions = versions

    def active(self, uid: str) -> Profile:
        """The account of a member who may use the service.

        Raises:
            AccountUnknown, AccountNotActive, AccountSuspended

        """
        return model.active(self._store.get(uid))

    def member(self, uid: str) -> Profile:
        """The account of a member, suspended or not.

        Raises:
            AccountUnknown, AccountNotActive

        """
        return model.member(self._store.get(uid))

    def any_of(self, uid: str) -> Profile | None:
        """The account in whatever state; None where there is none."""
        return self._store.get(uid)

    def find_by_email(self, address: str) -> str | None:
        """The member (uid) who signs in with exactly this address, if there is one."""
        return self._store.find_by_email(address)

    def update(self, uid: str, request: ProfileRequest, now: datetime) -> Profile:
        """Change name, language or photo; returns the profile after.

        Raises:
            AccountUnknown, AccountNotActive, NameInvalid

        """
        return unit_of_work.run(self._client, partial(self._update, uid=uid, request=request, now=now))

    def set_consents(self, uid: str, request: ConsentRequest, now: datetime) -> Profile:
        """Record what the member agrees to from now on, or confirms; what stays as it was makes no new line of the
        history.

        Raises:
            AccountUnknown, AccountNotActive, PolicyVersionOutdated

        """
        profile = unit_of_work.run(self._client, partial(self._set_consents, uid=uid, request=request, now=now))
        log.info("consents.changed", uid=uid)
        return profile

    def unsubscribe(self, uid: str, kind: ConsentKind, now: datetime) -> None:
        """Take back a consent to advertising by the link in a message; nobody there, or nothing agreed to, is fine."""
        work = partial(self.refuse_advertising, uid=uid, kind=kind, channel="web", now=now)
        unit_of_work.run(self._client, work)

    def refuse_advertising(self, unit: UnitOfWork, uid: str, kind: ConsentKind, channel: str, now: datetime) -> None:
        """Take back a consent to advertising, in the unit that learns by ``channel`` that the member wants none;
        whoever did not agree, or is leaving, stays as they are.
        """
        (snapshot,) = unit.peek(self._store.reference(uid))
        profile = profile_from(snapshot)
        if profile is None or profile.status not in {Status.ACTIVE, Status.SUSPENDED}:
            return
        said = profile.consent(kind)
        if said is not None and said.is_granted:
            unit.tie(snapshot)
            refusal = Consent(said.kind, is_granted=False, version=self._versions.privacy, at=now, channel=channel)
            self._record(unit, profile, (refusal,), now)

    def ask_to_confirm(self, now: datetime, limit: int) -> int:
        """Ask members by letter, once for each period, to confirm the consents that lapse otherwise, at most ``limit``
        members; returns how many.

        Source: Network Act article 50(8); the months are those of policy/consents.yaml.
        """
        return sum(self._was_asked(uid, now) for uid in self._store.to_be_asked(now, limit))

    def _was_asked(self, uid: str, now: datetime) -> bool:
        try:
            return unit_of_work.run(self._client, partial(self._ask_to_confirm, uid=uid, now=now))
        except Exception as problem:
            log.failure("consents.asking_failed", problem, uid=uid)
            return False

    def hold(self, unit: UnitOfWork, uid: str) -> Profile:
        """Mark a correction as pending, in the unit that records it: from then on the data is not used.

        Raises:
            AccountUnknown, AccountNotActive

        """
        profile = self._read(unit, uid)
        self._store.update(unit, replace(profile, is_correction_pending=True))
        return profile

    def end_hold(self, unit: UnitOfWork, uid: str, amendment: Amendment, now: datetime) -> None:
        """Write what was corrected, in the unit that decides the correction, and let the data be used again.

        Raises:
            AccountUnknown, NameInvalid, AddressTaken

        """
        (snapshot,) = unit.read(self._store.reference(uid))
        profile = profile_from(snapshot)
        if profile is None:
            raise AccountUnknown
        if amendment.email and self._store.find_by_email(amendment.email) not in {None, uid}:
            raise AddressTaken
        self._store.update(unit, replace(model.amended(profile, amendment, now), is_correction_pending=False))

    def suspend(self, unit: UnitOfWork, uid: str) -> None:
        """Close the service to an active member, in the unit that records why.

        Raises:
            AccountUnknown, AccountNotActive, AccountSuspended

        """
        self._store.update(unit, replace(model.active(self._read(unit, uid)), status=Status.SUSPENDED))

    def reinstate(self, unit: UnitOfWork, uid: str) -> Profile:
        """Open the service to a suspended member again, in the unit that records why; returns the profile after.

        Raises:
            AccountUnknown, AccountNotActive: there is no member any more.

        """
        profile = replace(self._read(unit, uid), status=Status.ACTIVE)
        self._store.update(unit, profile)
        return profile

    def begin_withdrawal(self, unit: UnitOfWork, uid: str) -> Profile:
        """Close the account in the unit that begins its withdrawal; returns it as it was before.

        Raises:
            AccountUnknown: there is none.
            AccountNotActive: it is being closed already, or its sign-up was never completed.

        """
        profile = self._read(unit, uid)
        self._store.update(unit, replace(profile, status=Status.WITHDRAWING))
        return profile

    def erase(self, unit: UnitOfWork, uid: str) -> None:
        """Erase the account itself, at the end of its withdrawal; nobody there is fine."""
        (snapshot,) = unit.read(self._store.reference(uid))
        if snapshot.exists:
            unit.delete(self._store.reference(uid))

    def _read(self, unit: UnitOfWork, uid: str) -> Profile:
        (snapshot,) = unit.read(self._store.reference(uid))
        return model.member(profile_from(snapshot))

    def _update(self, unit: UnitOfWork, uid: str, request: ProfileRequest, now: datetime) -> Profile:
        amendment = Amendment(request.name, request.language, removes_photo=request.removes_photo)
        profile = model.amended(self._read(unit, uid), amendment, now)
        self._store.update(unit, profile)
        return profile

    def _set_consents(self, unit: UnitOfWork, uid: str, request: ConsentRequest, now: datetime) -> Profile:
        profile = self._read(unit, uid)
        return self._record(unit, profile, model.changed_consents(profile, request, self._versions, now), now)

    def _record(self, unit: UnitOfWork, profile: Profile, changed: tuple[Consent, ...], now: datetime) -> Profile:
        kinds = {consent.kind for consent in changed}
        kept: tuple[Consent, ...] = tuple(consent for consent in profile.consents if consent.kind not in kinds)
        after = replace(profile, consents=(*kept, *changed))
        self._store.update(unit, after)
        self._store.append_consents(unit, profile.uid, changed)
        if changed:
            self._letters.tell(unit, profile.uid, changed, now)
        return after

    def _ask_to_confirm(self, unit: UnitOfWork, uid: str, now: datetime) -> bool:
        (snapshot,) = unit.read(self._store.reference(uid))
        profile = profile_from(snapshot)
        if profile is None:
            return False
        due = tuple(consent for consent, at in profile.confirmations.items() if at <= now)
        # Written in any case: where the months were changed meanwhile, the day that the sweep goes by is counted anew.
        self._store.update(unit, replace(profile, asked_to_confirm_at=now) if due else profile)
        # What lapsed before anybody asked cannot be confirmed any more, only given anew: no letter names a day gone by.
        open_still = tuple(consent for consent in due if consent.holds(now))
        if open_still:
            self._letters.ask_to_confirm(unit, uid, open_still, now)
        return bool(open_still)
