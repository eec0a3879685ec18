"""Accounts in Firestore: ``users/{uid}``, ``users/{uid}/consents/{id}`` and the visit log ``visits/{id}``."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from imagesfactory.accounts.model import Consent, ConsentKind, Profile, Status
from imagesfactory.kit.ids import derive_id
from imagesfactory.policy.retention import destroy_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.cloud.firestore import Client, DocumentReference

    from imagesfactory.kit.unit_of_work import Snapshot, UnitOfWork

_USERS = "users"
_VISITS = "visits"


class AccountStore:
    """Reads and writes accounts inside a unit of work."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def reference(self, uid: str) -> DocumentReference:
        """Where the account is."""
        return self._client.collection(_USERS).document(uid)

    def get(self, uid: str) -> Profile | None:
        """The account as it is now, outside any unit of work."""
        return profile_from(self.reference(uid).get())

    def overdue(self, now: datetime, limit: int) -> list[str]:
        """Accounts (uids) whose sign-up was not completed in time, at most ``limit``."""
        return self._due("destroy_at", now, limit)

    def to_be_asked(self, now: datetime, limit: int) -> list[str]:
        """Members (uids) who are to be asked to confirm consents, the longest due first, at most ``limit``."""
        return self._due("confirmation_due_at", now, limit)

    def copies_due(self, now: datetime, limit: int) -> list[str]:
        """Accounts (uids) of whose changes others are to be told, the longest due first, at most ``limit``."""
        return self._due("copies_due_at", now, limit)

    def create(self, unit: UnitOfWork, profile: Profile) -> None:
        """Write a new account."""
        unit.create(self.reference(profile.uid), _to_document(profile))

    def update(self, unit: UnitOfWork, profile: Profile) -> None:
        """Write an account read in the same unit; from when on one is to be removed stays as it was marked."""
        document = _to_document(profile)
        if profile.status is Status.REMOVING:
            del document["destroy_at"]
        unit.update(self.reference(profile.uid), document)

    def mark_removing(self, unit: UnitOfWork, uid: str, now: datetime) -> None:
        """Let nobody complete a sign-up, read in the same unit, any more: it is to be removed from ``now`` on."""
        gone = {"status": Status.REMOVING.value, "name": "", "photo_url": "", "destroy_at": now}
        unit.update(self.reference(uid), gone)

    def add_consents(self, unit: UnitOfWork, profile: Profile) -> None:
        """Append the present consents to the history."""
        self.append_consents(unit, profile.uid, profile.consents)

    def append_consents(self, unit: UnitOfWork, uid: str, consents: tuple[Consent, ...]) -> None:
        """Append statements to the history, which nothing ever changes."""
        history = self.reference(uid).collection("consents")
        for consent in consents:
            said = (consent.kind.value, str(consent.is_granted), consent.version, consent.channel)
            key = derive_id("consent", *said, consent.at.isoformat())
            unit.create(history.document(key), {"uid": uid, **_consent_to_map(consent)})

    def find_by_email(self, address: str) -> str | None:
        """The account (uid) with exactly this address, if there is one."""
        from google.cloud.firestore import FieldFilter

        query = self._client.collection(_USERS).where(filter=FieldFilter("email", "==", address)).limit(1)
        return next((snapshot.id for snapshot in query.select(()).stream()), None)

    def range_of(self, start: str, end: str | None) -> Iterator[Profile]:
        """Accounts whose uid is from ``start`` up to, and without, ``end`` (None: to the last), by uid."""
        from google.cloud.firestore import FieldFilter

        users = self._client.collection(_USERS)
        query = users.order_by("__name__")
        if start:
            query = query.where(filter=FieldFilter("__name__", ">=", users.document(start)))
        if end is not None:
            query = query.where(filter=FieldFilter("__name__", "<", users.document(end)))
        for snapshot in query.stream():
            profile = profile_from(snapshot)
            if profile is not None:
                yield profile

    def record_visit(self, event_id: str, uid: str, address: str, device: str, now: datetime) -> None:
        """Write one line of the visit log; the same event writes the same line."""
        line = {
            "owner": uid,
            "ip_address": address,
            "user_agent": device[:512],
            "at": now,
            "destroy_at": destroy_at("visit", now),
        }
        self._client.collection(_VISITS).document(derive_id("visit", event_id)).set(line)

    def _due(self, instant: str, now: datetime, limit: int) -> list[str]:
        from google.cloud.firestore import FieldFilter

        due = self._client.collection(_USERS).where(filter=FieldFilter(instant, "<=", now)).order_by(instant)
        return [snapshot.id for snapshot in due.limit(limit).select(()).stream()]


def profile_from(snapshot: Snapshot) -> Profile | None:
    """The account of a snapshot, or None where there is none.

    One written before consents had to be confirmed says nothing of it: until when its consents hold follows from when
    they were given, nobody was asked to confirm them, and the sweep finds it once it has been written again.
    """
    document = snapshot.to_dict()
    if document is None:
        return None
    return Profile(
        uid=document["uid"],
        email=document["email"],
        status=Status(document["status"]),
        created_at=document["created_at"],
        name=document["name"],
        photo_url=document["photo_url"],
        language=document["language"],
        stated_over_fourteen_at=document["stated_over_fourteen_at"],
        signup_digest=document["signup_digest"],
        is_correction_pending=document["is_correction_pending"],
        consents=tuple(_consent_from(kind, fields) for kind, fields in document["consents"].items()),
        asked_to_confirm_at=document.get("asked_to_confirm_at"),
        copies_due_at=document.get("copies_due_at"),
        copies_open_since=document.get("copies_open_since"),
        is_address_corrected=document.get("is_address_corrected", False),
        former_emails=tuple(document.get("former_emails", ())),
    )


def _to_document(profile: Profile) -> dict[str, Any]:
    is_unfinished = profile.status is Status.UNFINISHED
    return {
        "uid": profile.uid,
        "email": profile.email,
        "status": profile.status.value,
        "created_at": profile.created_at,
        "name": profile.name,
        "photo_url": profile.photo_url,
        "language": profile.language,
        "stated_over_fourteen_at": profile.stated_over_fourteen_at,
        "signup_digest": profile.signup_digest,
        "is_correction_pending": profile.is_correction_pending,
        "consents": {consent.kind.value: _consent_to_map(consent) for consent in profile.consents},
        "asked_to_confirm_at": profile.asked_to_confirm_at,
        "copies_due_at": profile.copies_due_at,
        "copies_open_since": profile.copies_open_since,
        "is_address_corrected": profile.is_address_corrected,
        "former_emails": list(profile.former_emails),
        "confirmation_due_at": min(profile.confirmations.values(), default=None),
        "destroy_at": destroy_at("unfinished_signup", profile.created_at) if is_unfinished else None,
    }


def _consent_to_map(consent: Consent) -> dict[str, Any]:
    return {
        "kind": consent.kind.value,
        "is_granted": consent.is_granted,
        "version": consent.version,
        "at": consent.at,
        "channel": consent.channel,
        "lapses_at": consent.lapses_at,
    }


def _consent_from(kind: str, fields: dict[str, Any]) -> Consent:
    return Consent(ConsentKind(kind), fields["is_granted"], fields["version"], fields["at"], fields["channel"])
