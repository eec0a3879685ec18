"""My page: everything that is held about a member, by purpose and retention, taken from the registry itself.

What is not in the registry cannot be written (a test sees to that), so what is shown here is everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from imagesfactory.accounts.model import Profile
from imagesfactory.accounts.profiles import ProfileService
from imagesfactory.policy.retention import retention
from imagesfactory.privacy.records import MemberRecords, OwnedPlace, Summary, owned_places, shown
from imagesfactory.rights.correction import CorrectionService, Pending
from imagesfactory.rights.errors import PlaceUnknown
from imagesfactory.rights.ports import SignIn, SignIns

if TYPE_CHECKING:
    from google.cloud.firestore import Client

RECORDS_PER_PAGE = 25
VISITS_SHOWN = 10
DEVICES = "users/{uid}/devices/{id}"


@dataclass(frozen=True)
class Held:
    """One kind of record that is held: how many, what for, how long, and why."""

    place: str
    purpose: str
    record_class: str
    count: int
    period: dict[str, int] | None
    """None: until the event named by ``until``."""
    until: str | None
    clock: str
    basis_ko: str
    basis_en: str
    first_end: datetime | None
    """When the first of them dies; None where no clock has started or an event decides."""
    last_end: datetime | None


@dataclass(frozen=True)
class Overview:
    """The first screen of my page."""

    profile: Profile
    held: tuple[Held, ...]
    pending: Pending | None
    """The correction for which the data is held back now."""
    sign_in: SignIn | None
    devices: tuple[dict[str, Any], ...]
    visits: tuple[dict[str, Any], ...]
    """The latest, the newest first."""


class MyPage:
    """Shows members what is held about them. It writes nothing."""

    def __init__(
        self, client: Client, *, profiles: ProfileService, corrections: CorrectionService, sign_ins: SignIns
    ) -> None:
        self._client = client
        self._corrections = corrections
        self._sign_ins = sign_ins
        self._records = MemberRecords(client)
        self._profiles = profiles

    def overview(self, uid: str) -> Overview:
        """The member's profile and consents, and every kind of record with its count, also where it is zero; what is
        held back, from where and with what the member signs in.

        Raises:
            AccountUnknown, AccountNotActive

        """
        profile = self._profiles.member(uid)
        return Overview(
            profile=profile,
            held=tuple(_held(where, self._records.summary(where, uid)) for where in owned_places()),
            pending=self._corrections.pending_of(uid) if profile.is_correction_pending else None,
            sign_in=self._sign_ins.sign_in(uid),
            devices=tuple(self.records(uid, DEVICES, None)[0]),
            visits=tuple(self._visits(uid)),
        )

    def records(self, uid: str, path: str, cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
        """A page of the member's records of one place, and the cursor of the next page if there may be one.

        Raises:
            AccountUnknown, AccountNotActive, PlaceUnknown

        """
        self._profiles.member(uid)
        where = next((one for one in owned_places() if one.path == path), None)
        if where is None:
            raise PlaceUnknown
        after = self._records.after(cursor, where, uid) if cursor else None
        if cursor and after is None:
            raise PlaceUnknown
        page = self._records.page(where, uid, after, RECORDS_PER_PAGE)
        found = [{"id": one.id, **shown(where, one.to_dict() or {})} for one in page]
        return found, page[-1].reference.path if len(page) == RECORDS_PER_PAGE else None

    def _visits(self, uid: str) -> Iterator[dict[str, Any]]:
        from google.cloud.firestore import FieldFilter, Query

        mine = self._client.collection("visits").where(filter=FieldFilter("owner", "==", uid))
        for visit in mine.order_by("at", direction=Query.DESCENDING).limit(VISITS_SHOWN).stream():
            yield visit.to_dict() or {}


def _held(where: OwnedPlace, summary: Summary) -> Held:
    record_class = retention().classes[where.place.record_class]
    return Held(
        place=where.path,
        purpose=where.place.purpose,
        record_class=where.place.record_class,
        count=summary.count,
        first_end=summary.first_end,
        last_end=summary.last_end,
        period=record_class.period.model_dump(exclude_none=True) if record_class.period else None,
        until=record_class.until,
        clock=record_class.clock,
        basis_ko=record_class.basis.ko,
        basis_en=record_class.basis.en,
    )
