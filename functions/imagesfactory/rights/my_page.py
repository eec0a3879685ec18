"""My page: everything that is held about a member, by purpose and retention, taken from the registry itself.

What is not in the registry cannot be written (a test sees to that), so what is shown here is everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imagesfactory.accounts.model import Profile
from imagesfactory.accounts.profiles import ProfileService
from imagesfactory.policy.retention import retention
from imagesfactory.privacy.records import MemberRecords, OwnedPlace, owned_places, shown
from imagesfactory.rights.errors import PlaceUnknown

if TYPE_CHECKING:
    from google.cloud.firestore import Client

RECORDS_PER_PAGE = 25


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


@dataclass(frozen=True)
class Overview:
    """The first screen of my page."""

    profile: Profile
    held: tuple[Held, ...]


class MyPage:
    """Shows members what is held about them. It writes nothing."""

    def __init__(self, client: Client, profiles: ProfileService) -> None:
        self._records = MemberRecords(client)
        self._profiles = profiles

    def overview(self, uid: str) -> Overview:
        """The member's profile and consents, and every kind of record with its count, also where it is zero.

        Raises:
            AccountUnknown, AccountNotActive

        """
        profile = self._profiles.active(uid)
        return Overview(profile, tuple(_held(where, self._records.count(where, uid)) for where in owned_places()))

    def records(self, uid: str, path: str, cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
        """A page of the member's records of one place, and the cursor of the next page if there may be one.

        Raises:
            AccountUnknown, AccountNotActive, PlaceUnknown

        """
        self._profiles.active(uid)
        where = next((one for one in owned_places() if one.path == path), None)
        if where is None:
            raise PlaceUnknown
        after = self._records.after(cursor, where, uid) if cursor else None
        if cursor and after is None:
            raise PlaceUnknown
        page = self._records.page(where, uid, after, RECORDS_PER_PAGE)
        found = [{"id": one.id, **shown(where, one.to_dict() or {})} for one in page]
        return found, page[-1].reference.path if len(page) == RECORDS_PER_PAGE else None


def _held(where: OwnedPlace, count: int) -> Held:
    record_class = retention().classes[where.place.record_class]
    return Held(
        place=where.path,
        purpose=where.place.purpose,
        record_class=where.place.record_class,
        count=count,
        period=record_class.period.model_dump(exclude_none=True) if record_class.period else None,
        until=record_class.until,
        clock=record_class.clock,
        basis_ko=record_class.basis.ko,
        basis_en=record_class.basis.en,
    )
