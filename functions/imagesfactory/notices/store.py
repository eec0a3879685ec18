"""Announced changes in Firestore: ``policies/{document-version}``, and ``notices/{id}`` that members read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imagesfactory.notices.model import Change, ChangeRequest
from imagesfactory.policy.retention import destroy_at

if TYPE_CHECKING:
    from datetime import datetime

    from google.cloud.firestore import Client, DocumentReference

    from imagesfactory.kit.unit_of_work import Snapshot, UnitOfWork


class NoticeStore:
    """Reads and writes changes inside a unit of work."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def reference(self, change_id: str) -> DocumentReference:
        """Where the change is."""
        return self._client.collection("policies").document(change_id)

    def since(self, version: str) -> list[Change]:
        """Changes whose version is later than ``version``, the earliest first."""
        from google.cloud.firestore import FieldFilter

        later = self._client.collection("policies").where(filter=FieldFilter("effective_on", ">", version))
        found = map(change_from, later.order_by("effective_on").stream())
        return [change for change in found if change is not None]

    def untold(self, now: datetime, limit: int) -> list[str]:
        """Changes (ids) of which nobody told members any further in time."""
        from google.cloud.firestore import FieldFilter

        due = self._client.collection("policies").where(filter=FieldFilter("resume_at", "<=", now))
        return [snapshot.id for snapshot in due.order_by("resume_at").limit(limit).select(()).stream()]

    def missing(self, change_ids: list[str]) -> list[str]:
        """Those of the changes that were never announced; what is announced is announced in time."""
        snapshots = self._client.get_all([self.reference(change_id) for change_id in change_ids]) if change_ids else ()
        return sorted(snapshot.id for snapshot in snapshots if not snapshot.exists)

    def create(self, unit: UnitOfWork, change: Change) -> None:
        """Write a change read as missing in the same unit, and the notice of it that members read."""
        ends = destroy_at("announcement", change.announced_at)
        fixed = {
            **change.request.model_dump(mode="json"),
            "announced_at": change.announced_at,
            "announced_by": change.announced_by,
            "destroy_at": ends,
        }
        unit.create(self.reference(change.request.id), {**fixed, **_moving(change)})
        notice = {
            "state": "published",
            "kind": "policy-change",
            "document": change.request.document.value,
            "effective_on": change.request.version,
            "ko": change.request.summary_ko,
            "en": change.request.summary_en,
            "published_at": change.announced_at,
            "destroy_at": ends,
        }
        unit.create(self._client.collection("notices").document(change.request.id), notice)

    def update(self, unit: UnitOfWork, change: Change) -> None:
        """Write how far members were told, of a change read in the same unit."""
        unit.update(self.reference(change.request.id), _moving(change))


def change_from(snapshot: Snapshot) -> Change | None:
    """The change of a snapshot, or None where there is none."""
    document = snapshot.to_dict()
    if document is None:
        return None
    return Change(
        request=ChangeRequest.model_validate({name: document[name] for name in ChangeRequest.model_fields}),
        announced_at=document["announced_at"],
        announced_by=document["announced_by"],
        told_after=document["told_after"],
        told_count=document["told_count"],
        resume_at=document["resume_at"],
    )


def _moving(change: Change) -> dict[str, Any]:
    return {"told_after": change.told_after, "told_count": change.told_count, "resume_at": change.resume_at}
