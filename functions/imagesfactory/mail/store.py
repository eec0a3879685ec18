"""Letters in Firestore: ``mail/{id}``, the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imagesfactory.mail.model import Fate, Mail, State
from imagesfactory.mail.words import from_map, to_map
from imagesfactory.policy.retention import destroy_at

if TYPE_CHECKING:
    from datetime import datetime

    from google.cloud.firestore import Client, DocumentReference, Query

    from imagesfactory.kit.unit_of_work import Snapshot, UnitOfWork

_MAIL = "mail"


class MailStore:
    """Reads and writes letters inside a unit of work."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def reference(self, mail_id: str) -> DocumentReference:
        """Where the letter is."""
        return self._client.collection(_MAIL).document(mail_id)

    def due_for_sweep(self, now: datetime, limit: int) -> list[Mail]:
        """Letters that nobody looked after in time, the longest overdue first, at most ``limit``."""
        from google.cloud.firestore import FieldFilter

        query = (
            self._client.collection(_MAIL)
            .where(filter=FieldFilter("sweep_at", "<=", now))
            .order_by("sweep_at")
            .limit(limit)
        )
        return [mail for mail in map(mail_from, query.stream()) if mail is not None]

    def held_of(self, owner: str, limit: int) -> list[Mail]:
        """Letters of a member that are held back, at most ``limit``."""
        return [mail for mail in map(mail_from, self._held(owner).limit(limit).stream()) if mail is not None]

    def count_held(self, owner: str) -> int:
        """How many there are; counted by the database."""
        query: Any = self._held(owner)
        ((result,),) = query.count().get()
        return int(result.value)

    def create(self, unit: UnitOfWork, mail: Mail, kind: str) -> None:
        """Write a new letter; refused by the database if one with its key exists."""
        document = {
            "owner": mail.owner,
            "kind": kind,
            "created_at": mail.created_at,
            "destroy_at": destroy_at("generated_image", mail.created_at),
            **_moving_fields(mail),
        }
        unit.create(self.reference(mail.id), document)

    def update(self, unit: UnitOfWork, mail: Mail) -> None:
        """Write what can change of a letter read in the same unit."""
        unit.update(self.reference(mail.id), _moving_fields(mail))

    def strengthen_fate(self, mail_id: str, fate: Fate) -> bool:
        """Keep ``fate`` unless a stronger one is known, in one write without a read; False if there is no letter."""
        from google.api_core.exceptions import NotFound
        from google.cloud.firestore import Maximum

        try:
            self.reference(mail_id).update({"fate": Maximum(fate.rank)})
        except NotFound:
            return False
        return True

    def _held(self, owner: str) -> Query:
        from google.cloud.firestore import FieldFilter

        mine = self._client.collection(_MAIL).where(filter=FieldFilter("owner", "==", owner))
        return mine.where(filter=FieldFilter("is_held", "==", True))


def mail_from(snapshot: Snapshot) -> Mail | None:
    """The letter of a snapshot, or None where there is none."""
    document = snapshot.to_dict()
    if document is None:
        return None
    words = document["words"]
    return Mail(
        id=snapshot.id,
        owner=document["owner"],
        words=None if words is None else from_map(document["kind"], words),
        created_at=document["created_at"],
        due_at=document["due_at"],
        state=State(document["state"]),
        attempts=document["attempts"],
        claim=document["claim"],
        lease_until=document["lease_until"],
        carrier_id=document["carrier_id"],
        failure=document["failure"],
        is_held=document["is_held"],
        fate=list(Fate)[document["fate"]],
    )


def _moving_fields(mail: Mail) -> dict[str, Any]:
    return {
        "words": None if mail.words is None else to_map(mail.words),
        "due_at": mail.due_at,
        "state": mail.state.value,
        "attempts": mail.attempts,
        "claim": mail.claim,
        "lease_until": mail.lease_until,
        "carrier_id": mail.carrier_id,
        "failure": mail.failure,
        "is_held": mail.is_held,
        "fate": mail.fate.rank,
        "sweep_at": mail.sweep_at(),
    }
