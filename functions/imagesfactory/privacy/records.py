"""One member's records, wherever the registry says they are: read the same way for my page, export and erasure.

A place of the registry with ``{uid}`` in its path holds records of that member only; any other names its owner in a
field. A place below another record (``inquiries/{id}/messages/{id}``) is asked as a collection group.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from imagesfactory.policy.retention import Place, place_of, retention

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference, Query

    from imagesfactory.kit.unit_of_work import Snapshot

PAGE: Final = 200
_OWNER_IN_PATH: Final = "{uid}"


@dataclass(frozen=True)
class OwnedPlace:
    """A place of the registry whose records belong to members; ``path`` is its template there."""

    path: str
    place: Place

    @property
    def is_one_document(self) -> bool:
        """Whether a member has exactly one record here: the path ends with the member's id."""
        return self.path.endswith("/" + _OWNER_IN_PATH)

    @property
    def is_archived(self) -> bool:
        """Whether a law keeps its records after a withdrawal."""
        return retention().classes[self.place.record_class].archived


@dataclass(frozen=True)
class Summary:
    """How many records there are, and the first and last instant at which one of them dies; None where no clock has
    started yet, where an event decides, and where there are too many to look at each.
    """

    count: int
    first_end: datetime | None = None
    last_end: datetime | None = None


def owned_places() -> tuple[OwnedPlace, ...]:
    """Every place of the default database whose records belong to members, in the registry's order."""
    return tuple(OwnedPlace(path, place) for path, place in retention().collections.items() if place.owner)


class MemberRecords:
    """Reads the records of one member after another."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def pages(self, where: OwnedPlace, owner: str, size: int = PAGE) -> Iterator[list[Snapshot]]:
        """The member's records in one place, ``size`` at a time, each read when it is asked for."""
        after: Snapshot | None = None
        while page := self.page(where, owner, after, size):
            yield page
            if len(page) < size or where.is_one_document:
                return
            after = page[-1]

    def page(self, where: OwnedPlace, owner: str, after: Snapshot | None, size: int = PAGE) -> list[Snapshot]:
        """At most ``size`` records that follow ``after`` (the first ones if None)."""
        if where.is_one_document:
            snapshot = self._client.document(where.path.replace(_OWNER_IN_PATH, owner)).get()
            return [snapshot] if snapshot.exists and after is None else []
        query = self._query(where, owner).order_by("__name__").limit(size)
        return list((query.start_after(after) if after is not None else query).stream())

    def after(self, path: str, where: OwnedPlace, owner: str) -> Snapshot | None:
        """The member's own record at ``path``, as the end of a page; None when it is not one of this place."""
        if place_of(path) != where.path:
            return None
        snapshot = self._client.document(path).get()
        named = (snapshot.to_dict() or {}).get(where.place.owner or "")
        return snapshot if named == owner else None

    def count(self, where: OwnedPlace, owner: str) -> int:
        """How many records the member has there; counted by the database."""
        if where.is_one_document:
            return len(self.page(where, owner, None))
        query: Any = self._query(where, owner)
        ((result,),) = query.count().get()
        return int(result.value)

    def summary(self, where: OwnedPlace, owner: str) -> Summary:
        """How many records the member has there and between which instants they end; one query as long as they are
        few, then a count by the database alone.
        """
        if where.is_one_document:
            ends = [snapshot.to_dict() or {} for snapshot in self.page(where, owner, None)]
        else:
            query = self._query(where, owner).select(["destroy_at"]).limit(PAGE + 1)
            ends = [snapshot.to_dict() or {} for snapshot in query.stream()]
        if len(ends) > PAGE:
            return Summary(self.count(where, owner))
        known = [one["destroy_at"] for one in ends if one.get("destroy_at") is not None]
        return Summary(len(ends), min(known, default=None), max(known, default=None))

    def _query(self, where: OwnedPlace, owner: str) -> Query:
        from google.cloud.firestore import FieldFilter

        *_, name, _last = where.path.split("/")
        if _OWNER_IN_PATH in where.path:
            collection: Any = self._client.collection(where.path.replace(_OWNER_IN_PATH, owner).rsplit("/", 1)[0])
            return collection  # type: ignore[no-any-return]
        nested = where.path.count("/") > 1
        whole: Any = self._client.collection_group(name) if nested else self._client.collection(name)
        query: Query = whole.where(filter=FieldFilter(where.place.owner or "", "==", owner))
        return query


def shown(where: OwnedPlace, document: Mapping[str, Any]) -> dict[str, Any]:
    """What of a record is the member's own: without the machinery's fields."""
    hidden = set(where.place.unexported)
    return {name: value for name, value in document.items() if name not in hidden}


def archived_reference(client: Client, where: OwnedPlace, source: DocumentReference, subject: str) -> DocumentReference:
    """Where a record goes in the archive: the same path, with the subject in the member's place."""
    template, parts = where.path.split("/"), source.path.split("/")
    moved = [subject if name == _OWNER_IN_PATH else part for name, part in zip(template, parts, strict=True)]
    return client.document("/".join(moved))
