"""Allowances in Firestore: ``allowances/{hash}``, one instant each under a keyed hash that names nobody."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.kit import unit_of_work
from imagesfactory.kit.ids import keyed_hash
from imagesfactory.kit.rate import Rate, take
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.limits.model import Subject
from imagesfactory.policy.retention import destroy_at

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference

    from imagesfactory.kit.unit_of_work import Snapshot


class AllowanceStore:
    """Takes from allowances, in a unit of work of another room or in one of its own."""

    def __init__(self, client: Client, pseudonym_key: str) -> None:
        self._client = client
        self._key = pseudonym_key

    def reference(self, subject: Subject) -> DocumentReference:
        """Where the allowance is."""
        name = keyed_hash(self._key, "allowance", subject.purpose, subject.kind, subject.name)
        return self._client.collection("allowances").document(name)

    def take_in(self, unit: UnitOfWork, snapshot: Snapshot, rate: Rate, now: datetime) -> None:
        """Take one call from an allowance peeked at in this unit.

        Raises:
            TooManyRequests: it is used up; the unit may go on without it.

        """
        before: datetime | None = snapshot.get("whole_at") if snapshot.exists else None
        after = take(before, rate, now)
        fields = {"whole_at": after, "destroy_at": destroy_at("allowance", now)}
        unit.tie(snapshot)
        if snapshot.exists:
            unit.update(snapshot.reference, fields)
        else:
            unit.create(snapshot.reference, fields)

    def take(self, rates: dict[Subject, Rate], now: datetime) -> None:
        """Take one call from each allowance, or from none: one read and one commit.

        Raises:
            TooManyRequests: one of them is used up.

        """
        unit_of_work.run(self._client, partial(self._take, rates=rates, now=now))

    def _take(self, unit: UnitOfWork, rates: dict[Subject, Rate], now: datetime) -> None:
        for snapshot, rate in zip(unit.peek(*map(self.reference, rates)), rates.values(), strict=True):
            self.take_in(unit, snapshot, rate, now)
