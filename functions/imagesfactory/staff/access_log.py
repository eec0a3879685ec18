"""The access log: one line in ``accesses/{id}`` for every look at personal data, written before the data is shown.

Lines are only ever created; rules give clients no way in. Who, when, from where, whose data, what was done.
Source: standard of safety measures for personal data, article 8; privacy policy, articles 8.3 and 9.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from imagesfactory.kit.ids import new_id
from imagesfactory.policy.retention import destroy_at
from imagesfactory.staff.model import Access, Action, StaffMember

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from imagesfactory.kit.unit_of_work import UnitOfWork

ACCESSES = "accesses"
PAGE = 100


class AccessLog:
    """Writes lines, and shows them to the officer."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def note(self, access: Access, now: datetime) -> None:
        """Write a line now; whoever wants to show data does so after this has returned."""
        self._client.collection(ACCESSES).document(new_id()).create(_to_document(access, now))

    def note_with(self, unit: UnitOfWork, access: Access, now: datetime) -> None:
        """Write a line in the commit of what staff changes."""
        unit.create(self._client.collection(ACCESSES).document(new_id()), _to_document(access, now))

    def read(self, officer: StaffMember, subject: str | None, now: datetime) -> list[dict[str, Any]]:
        """The newest lines, of one member (uid) or of all; looking at the log is itself on the log."""
        from google.cloud.firestore import FieldFilter

        self.note(Access(officer, Action.ACCESSES_READ, (subject,) if subject else ()), now)
        query = self._client.collection(ACCESSES).order_by("at", direction="DESCENDING").limit(PAGE)
        if subject:
            query = query.where(filter=FieldFilter("subjects", "array_contains", subject))
        return [line for line in (snapshot.to_dict() for snapshot in query.stream()) if line is not None]


def _to_document(access: Access, now: datetime) -> dict[str, Any]:
    return {
        "staff": access.staff.uid,
        "role": access.staff.role.value,
        "ip_address": access.staff.ip_address,
        "action": access.action.value,
        "subjects": list(access.subjects),
        "record": access.record,
        "reason": access.reason,
        "at": now,
        "destroy_at": destroy_at("access_log", now),
    }
