"""Suspensions in Firestore: ``suspensions/{id}``. One that ended is kept as long as a record of misuse."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from imagesfactory.officer.model import Category, Suspension
from imagesfactory.policy.retention import destroy_at

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference

    from imagesfactory.kit.unit_of_work import Snapshot, UnitOfWork

_SUSPENSIONS = "suspensions"


class SuspensionStore:
    """Reads and writes suspensions inside a unit of work."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def reference(self, suspension_id: str) -> DocumentReference:
        """Where the suspension is."""
        return self._client.collection(_SUSPENSIONS).document(suspension_id)

    def due(self, now: datetime, limit: int) -> list[Suspension]:
        """Suspensions that nobody saw to in time, at most ``limit``."""
        from google.cloud.firestore import FieldFilter

        due = self._client.collection(_SUSPENSIONS).where(filter=FieldFilter("resume_at", "<=", now))
        found = map(suspension_from, due.order_by("resume_at").limit(limit).stream())
        return [suspension for suspension in found if suspension is not None]

    def open_of(self, uid: str) -> Suspension | None:
        """The suspension of a member that is under way, if there is one."""
        from google.cloud.firestore import FieldFilter

        mine = self._client.collection(_SUSPENSIONS).where(filter=FieldFilter("owner", "==", uid))
        found = map(suspension_from, mine.where(filter=FieldFilter("ended_at", "==", None)).limit(1).stream())
        return next(found, None)

    def create(self, unit: UnitOfWork, suspension: Suspension) -> None:
        """Write a new suspension."""
        unit.create(self.reference(suspension.id), _document(suspension))

    def update(self, unit: UnitOfWork, suspension: Suspension) -> None:
        """Write a suspension read in the same unit."""
        unit.update(self.reference(suspension.id), _document(suspension))


def suspension_from(snapshot: Snapshot) -> Suspension | None:
    """The suspension of a snapshot, or None where there is none."""
    document = snapshot.to_dict()
    if document is None:
        return None
    return Suspension(
        id=snapshot.id,
        owner=document["owner"],
        category=Category(document["category"]),
        began_at=document["began_at"],
        ended_at=document["ended_at"],
        resume_at=document["resume_at"],
    )


def _document(suspension: Suspension) -> dict[str, Any]:
    return {
        "owner": suspension.owner,
        "category": suspension.category.value,
        "began_at": suspension.began_at,
        "ended_at": suspension.ended_at,
        "resume_at": suspension.resume_at,
        "destroy_at": destroy_at("misuse", suspension.ended_at) if suspension.ended_at else None,
    }
