"""Withdrawals in Firestore: ``withdrawals/{uid}`` under way, ``withdrawn/{subject}`` as what stays."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.policy.retention import destroy_at
from imagesfactory.withdrawal.model import Channel, Step, Withdrawal

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference

    from imagesfactory.kit.unit_of_work import Snapshot

_LISTS = frozenset({"open_orders", "unrefunded_orders", "refunds"})


class WithdrawalStore:
    """Reads and writes withdrawals inside a unit of work."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def reference(self, uid: str) -> DocumentReference:
        """Where a withdrawal under way is."""
        return self._client.collection("withdrawals").document(uid)

    def evidence(self, subject: str) -> DocumentReference:
        """Where what stays of it is: no name, no address, no uid."""
        return self._client.collection("withdrawn").document(subject)

    def get(self, uid: str) -> Withdrawal | None:
        """The withdrawal under way, outside any unit of work."""
        return withdrawal_from(self.reference(uid).get())

    def due(self, now: datetime, limit: int) -> list[str]:
        """Members (uids) whose withdrawal nobody looked after in time, at most ``limit``."""
        return [snapshot.id for snapshot in self._due("withdrawals", now, limit)]

    def due_subjects(self, now: datetime, limit: int) -> list[str]:
        """Subjects whose open money should be looked at, at most ``limit``."""
        return [snapshot.id for snapshot in self._due("withdrawn", now, limit)]

    def create(self, unit: UnitOfWork, withdrawal: Withdrawal) -> None:
        """Write a new withdrawal, and the beginning of what stays of it."""
        unit.create(self.reference(withdrawal.uid), _plain(withdrawal))
        evidence: dict[str, Any] = {
            "channel": withdrawal.channel.value,
            "requested_at": withdrawal.requested_at,
            "completed_at": None,
            "open_orders": [],
            "resume_at": None,
            "destroy_at": destroy_at("contract", withdrawal.requested_at),
        }
        unit.create(self.evidence(withdrawal.subject), evidence)

    def update(self, unit: UnitOfWork, withdrawal: Withdrawal) -> None:
        """Write a withdrawal read in the same unit."""
        unit.update(self.reference(withdrawal.uid), _plain(withdrawal))

    def complete(self, unit: UnitOfWork, withdrawal: Withdrawal, now: datetime) -> None:
        """Keep the counts and forget whose they were; withdrawal and evidence were read in the same unit."""
        unit.delete(self.reference(withdrawal.uid))
        unit.update(
            self.evidence(withdrawal.subject),
            {
                "completed_at": now,
                "archived": withdrawal.archived,
                "erased": withdrawal.erased,
                "processors": withdrawal.processors,
                "unrefunded_orders": list(withdrawal.unrefunded_orders),
                "letter": withdrawal.letter,
                "destroy_at": destroy_at("contract", now),
            },
        )

    def set_open_orders(self, unit: UnitOfWork, subject: str, orders: list[str], resume_at: datetime | None) -> None:
        """Write which orders a provider may still change; the evidence was read in the same unit."""
        unit.update(self.evidence(subject), {"open_orders": sorted(orders), "resume_at": resume_at})

    def _due(self, collection: str, now: datetime, limit: int) -> list[Snapshot]:
        from google.cloud.firestore import FieldFilter

        query = self._client.collection(collection).where(filter=FieldFilter("resume_at", "<=", now))
        return list(query.order_by("resume_at").limit(limit).select(()).stream())


def withdrawal_from(snapshot: Snapshot) -> Withdrawal | None:
    """The withdrawal of a snapshot, or None where there is none."""
    document = snapshot.to_dict()
    if document is None:
        return None
    document |= {"channel": Channel(document["channel"]), "step": Step(document["step"])}
    document |= {name: tuple(document[name]) for name in _LISTS & document.keys()}
    return Withdrawal(**document)


def postponed(withdrawal: Withdrawal, wait: timedelta, now: datetime) -> Withdrawal:
    """The withdrawal after an attempt at its step that came to nothing."""
    return replace(withdrawal, attempts=withdrawal.attempts + 1, resume_at=now + wait)


def _plain(withdrawal: Withdrawal) -> dict[str, Any]:
    document = asdict(withdrawal)
    document |= {"channel": withdrawal.channel.value, "step": withdrawal.step.value}
    return document | {name: list(document[name]) for name in _LISTS}
