"""Pure decisions about accounts: who may join, what completes a sign-up, who may be written to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, StringConstraints

from imagesfactory.accounts.changes import Amendment, ConsentRequest
from imagesfactory.accounts.errors import (
    AccountNotActive,
    AccountSuspended,
    AccountUnknown,
    ConsentMissing,
    NameInvalid,
    PolicyVersionOutdated,
    SignInMethodNotOffered,
    SignupCompletedBefore,
    UnderFourteen,
)
from imagesfactory.kit.ids import digest_of
from imagesfactory.policy.consents import advertising_consent

NAME_CHARACTERS_MAX = 50
SIGN_IN_METHODS = frozenset({"password", "google.com"})
Language = Literal["ko", "en"]


class Status(StrEnum):
    """Where an account stands."""

    UNFINISHED = "unfinished"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    """A member to whom the service is closed. The rights to one's own data and money stay, and so does signing in."""
    WITHDRAWING = "withdrawing"
    REMOVING = "removing"
    """A sign-up that was never completed, on its way out."""


class ConsentKind(StrEnum):
    """What a member can agree to; the first two are the contract, the others are free (policy, article 2)."""

    TERMS = "terms"
    PRIVACY = "privacy"
    MARKETING_EMAIL = "marketing_email"
    MARKETING_PUSH = "marketing_push"
    PERSONALISED_ADS = "personalised_ads"


REQUIRED_CONSENTS = (ConsentKind.TERMS, ConsentKind.PRIVACY)
ADVERTISING_CONSENTS = frozenset({ConsentKind.MARKETING_EMAIL, ConsentKind.MARKETING_PUSH})
"""Those to advertising messages, which lapse unless they are confirmed (policy/consents.yaml)."""


@dataclass(frozen=True)
class Identity:
    """Somebody at the door, as Firebase Authentication describes them."""

    uid: str
    email: str
    method: str
    """``password`` or ``google.com``."""
    google_id: str = ""
    display_name: str = ""
    photo_url: str = ""
    is_email_verified: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The identity as the misuse register knows it: normalised, one name for each way to recognise somebody."""
        found = [f"email:{normalised_email(self.email)}"] if self.email else []
        if self.google_id:
            found.append(f"google:{self.google_id}")
        return tuple(found)


@dataclass(frozen=True)
class Consent:
    """One statement about one consent; history is append-only."""

    kind: ConsentKind
    is_granted: bool
    version: str
    at: datetime
    """When it was said, or confirmed."""
    channel: str

    @property
    def asked_from(self) -> datetime | None:
        """From when on it can be confirmed, and the member is asked to; None where no confirmation is needed."""
        return advertising_consent().asked_from(self.at) if self._may_lapse else None

    @property
    def lapses_at(self) -> datetime | None:
        """From when on it counts no more unless it is confirmed; None where only the member can end it."""
        return advertising_consent().lapses_at(self.at) if self._may_lapse else None

    def holds(self, now: datetime) -> bool:
        """Whether it counts: it was given, and has not lapsed."""
        return self.is_granted and (self.lapses_at is None or now < self.lapses_at)

    @property
    def _may_lapse(self) -> bool:
        return self.is_granted and self.kind in ADVERTISING_CONSENTS


@dataclass(frozen=True)
class SignInFacts:
    """What Firebase Authentication has a copy of; ``email`` None: its own address is the newer one."""

    name: str
    photo_url: str
    email: str | None


@dataclass(frozen=True)
class Profile:
    """A member, or somebody on the way to become one."""

    uid: str
    email: str
    status: Status
    created_at: datetime
    name: str = ""
    photo_url: str = ""
    language: Language = "ko"
    stated_over_fourteen_at: datetime | None = None
    signup_digest: str = ""
    """Of the statements that completed the sign-up, so that a retry is recognised."""
    is_correction_pending: bool = False
    consents: tuple[Consent, ...] = ()
    """The present ones, one of each kind."""
    asked_to_confirm_at: datetime | None = None
    """When the member was last asked to confirm consents to advertising, or it was found to be too late for that."""
    copies_due_at: datetime | None = None
    """From when on the sweep tells those who have copies what was changed; None where their copies are right."""
    copies_open_since: datetime | None = None
    """When the first change was made that they were not told yet; no try that failed moves it."""
    is_address_corrected: bool = False
    """Staff corrected the address and Firebase Authentication was not told yet: until then ours is the newer one."""
    former_emails: tuple[str, ...] = ()
    """Addresses from before, kept only until the mail carrier was told to forget them."""

    @property
    def sign_in_facts(self) -> SignInFacts:
        """What Firebase Authentication's copies must say."""
        return SignInFacts(self.name, self.photo_url, self.email if self.is_address_corrected else None)

    def consent(self, kind: ConsentKind) -> Consent | None:
        """What the member said of this last; None for nothing."""
        return next((consent for consent in self.consents if consent.kind is kind), None)

    def has_consent(self, kind: ConsentKind, now: datetime) -> bool:
        """Whether the member agrees to this, and the consent has not lapsed."""
        consent = self.consent(kind)
        return consent is not None and consent.holds(now)

    @property
    def is_member(self) -> bool:
        """Whether this is a member, suspended or not, with all rights of one."""
        return self.status in {Status.ACTIVE, Status.SUSPENDED}

    @property
    def free_consents(self) -> tuple[Consent, ...]:
        """What the member agrees to without having to."""
        return tuple(one for one in self.consents if one.is_granted and one.kind not in REQUIRED_CONSENTS)

    @property
    def confirmations(self) -> dict[Consent, datetime]:
        """Which consents the member is still to be asked to confirm, and from when on; nobody is who is leaving.

        One question covers all that is due, and a consent that is said or confirmed later is asked for anew.
        """
        asked, is_active = self.asked_to_confirm_at, self.status is Status.ACTIVE
        due = {consent: consent.asked_from for consent in self.consents if is_active}
        return {consent: at for consent, at in due.items() if at is not None and (asked is None or asked < at)}


class SignupRequest(BaseModel):
    """What completes a sign-up."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, StringConstraints(max_length=1000)]
    is_over_fourteen: bool
    language: Language = "ko"
    terms_version: Annotated[str, StringConstraints(max_length=32)]
    privacy_version: Annotated[str, StringConstraints(max_length=32)]
    agrees_to_terms: bool
    agrees_to_privacy: bool
    agrees_to_marketing_email: bool = False
    agrees_to_marketing_push: bool = False
    agrees_to_personalised_ads: bool = False

    @property
    def digest(self) -> str:
        """The same for the same statements."""
        return digest_of(self.model_dump())


class VersionsInForce(Protocol):
    """The versions of the terms and of the privacy policy in force, whenever they are asked for."""

    @property
    def terms(self) -> str:
        """The version of the terms."""

    @property
    def privacy(self) -> str:
        """The version of the privacy policy."""


@dataclass(frozen=True)
class Versions:
    """Versions that stay in force."""

    terms: str
    privacy: str


def begin(identity: Identity, now: datetime) -> Profile:
    """The account of somebody who just signed up and has stated nothing yet.

    Raises:
        SignInMethodNotOffered: no e-mail address, or a way to sign in that we do not offer.

    """
    if identity.method not in SIGN_IN_METHODS or "@" not in identity.email:
        raise SignInMethodNotOffered
    is_google = identity.method == "google.com"
    return Profile(
        uid=identity.uid,
        email=identity.email,
        status=Status.UNFINISHED,
        created_at=now,
        name=_clean(identity.display_name)[:NAME_CHARACTERS_MAX] if is_google else "",
        photo_url=identity.photo_url if is_google else "",
    )


def complete(profile: Profile, request: SignupRequest, versions: VersionsInForce, now: datetime) -> Profile:
    """The member after the statements that complete the sign-up.

    Raises:
        AccountNotActive, SignupCompletedBefore, UnderFourteen, ConsentMissing, PolicyVersionOutdated, NameInvalid

    """
    if profile.is_member:
        raise SignupCompletedBefore
    if profile.status is not Status.UNFINISHED:
        raise AccountNotActive
    if not request.is_over_fourteen:
        raise UnderFourteen
    consents = _consents(request, now)
    for kind in REQUIRED_CONSENTS:
        if not any(consent.kind is kind and consent.is_granted for consent in consents):
            raise ConsentMissing(consent=kind.value)
    if (request.terms_version, request.privacy_version) != (versions.terms, versions.privacy):
        raise PolicyVersionOutdated(current_terms=versions.terms, current_privacy=versions.privacy)
    return replace(
        profile,
        status=Status.ACTIVE,
        name=_checked_name(request.name),
        language=request.language,
        stated_over_fourteen_at=now,
        signup_digest=request.digest,
        consents=consents,
    )


def amended(profile: Profile, amendment: Amendment, now: datetime) -> Profile:
    """The profile with the facts of ``amendment`` in it; what is copied elsewhere is due to be told from ``now`` on.

    Raises:
        NameInvalid

    """
    email = amendment.email or profile.email
    after = replace(
        _moved(profile, email, now),
        name=profile.name if amendment.name is None else _checked_name(amendment.name),
        language=amendment.language or profile.language,
        photo_url="" if amendment.removes_photo else profile.photo_url,
        is_address_corrected=profile.is_address_corrected or email != profile.email,
    )
    return after if after.sign_in_facts == profile.sign_in_facts else _to_be_told(after, now)


def readdressed(profile: Profile, identity: Identity, now: datetime) -> Profile:
    """The profile with the address that its member signs in with by now; as it was unless that one is verified.

    Members change their address in Firebase Authentication, which asks the new mailbox.
    """
    is_newer = identity.is_email_verified and "@" in identity.email and not profile.is_address_corrected
    return _moved(profile, identity.email, now) if is_newer else profile


def changed_consents(
    profile: Profile, request: ConsentRequest, versions: VersionsInForce, now: datetime
) -> tuple[Consent, ...]:
    """The new statements of ``request``: what differs from what was said last, and what confirms it.

    A consent that is said again from the day on which the member is asked to confirm it is confirmed; said again
    earlier, it is the same request once more. The two consents that are the contract cannot be taken back here: that is
    a withdrawal.

    Raises:
        PolicyVersionOutdated: said under a version that is not in force.

    """
    if request.version != versions.privacy:
        raise PolicyVersionOutdated(current_terms=versions.terms, current_privacy=versions.privacy)
    wanted = {
        ConsentKind.MARKETING_EMAIL: request.marketing_email,
        ConsentKind.MARKETING_PUSH: request.marketing_push,
        ConsentKind.PERSONALISED_ADS: request.personalised_ads,
    }
    return tuple(
        Consent(kind, is_granted, request.version, now, request.channel)
        for kind, is_granted in wanted.items()
        if is_granted is not None and _is_statement(profile.consent(kind), now, is_granted=is_granted)
    )


def check_may_sign_in(profile: Profile) -> None:
    """Raise AccountNotActive unless the account is a member's or on its way to be; a suspended member signs in to use
    the rights to their own data (privacy policy, article 6).
    """
    if not profile.is_member and profile.status is not Status.UNFINISHED:
        raise AccountNotActive


def member(profile: Profile | None) -> Profile:
    """The account, if it is a member's, suspended or not: for what a member has a right to.

    Raises:
        AccountUnknown, AccountNotActive

    """
    if profile is None:
        raise AccountUnknown
    if not profile.is_member:
        raise AccountNotActive
    return profile


def active(profile: Profile | None) -> Profile:
    """The account, if its member may use the service.

    Raises:
        AccountUnknown, AccountNotActive, AccountSuspended

    """
    whole = member(profile)
    if whole.status is Status.SUSPENDED:
        raise AccountSuspended
    return whole


def normalised_email(address: str) -> str:
    """One spelling for all that reach the same mailbox in practice: case, ``+tag``, and Gmail's dots are ignored."""
    local, _, domain = address.strip().lower().rpartition("@")
    local = local.split("+", 1)[0]
    if domain in {"gmail.com", "googlemail.com"}:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def _moved(profile: Profile, email: str, now: datetime) -> Profile:
    if email == profile.email:
        return profile
    former = tuple(one for one in (*profile.former_emails, profile.email) if one != email)
    return _to_be_told(replace(profile, email=email, former_emails=former), now)


def _to_be_told(profile: Profile, now: datetime) -> Profile:
    return replace(profile, copies_due_at=now, copies_open_since=profile.copies_open_since or now)


def _is_statement(last: Consent | None, now: datetime, *, is_granted: bool) -> bool:
    """Whether it says something that ``last`` does not."""
    if last is None or last.is_granted is not is_granted:
        return is_granted or last is not None
    return last.asked_from is not None and last.asked_from <= now


def _consents(request: SignupRequest, now: datetime) -> tuple[Consent, ...]:
    answers = {
        ConsentKind.TERMS: (request.agrees_to_terms, request.terms_version),
        ConsentKind.PRIVACY: (request.agrees_to_privacy, request.privacy_version),
        ConsentKind.MARKETING_EMAIL: (request.agrees_to_marketing_email, request.privacy_version),
        ConsentKind.MARKETING_PUSH: (request.agrees_to_marketing_push, request.privacy_version),
        ConsentKind.PERSONALISED_ADS: (request.agrees_to_personalised_ads, request.privacy_version),
    }
    return tuple(Consent(kind, granted, version, now, "signup") for kind, (granted, version) in answers.items())


def _checked_name(name: str) -> str:
    cleaned = _clean(name)
    if not cleaned or len(cleaned) > NAME_CHARACTERS_MAX or cleaned != " ".join(name.split()):
        raise NameInvalid(maximum=NAME_CHARACTERS_MAX)
    return cleaned


def _clean(name: str) -> str:
    """Without control characters, with single spaces."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())
