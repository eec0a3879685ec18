"""Addresses that must not be written to any more, as keyed hashes in ``suppressions/{hash}``.

An address comes here when it bounces, or when its owner reports a letter as spam that is no advertisement. A hash is
enough: we only ever ask about an address that we are about to use.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from imagesfactory.kit.ids import keyed_hash
from imagesfactory.mail.model import Fate
from imagesfactory.policy.retention import destroy_at

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference

    from imagesfactory.kit.unit_of_work import UnitOfWork


class SuppressionList:
    """Lists and recognises addresses."""

    def __init__(self, client: Client, pseudonym_key: str) -> None:
        self._client = client
        self._key = pseudonym_key

    def reference(self, address: str) -> DocumentReference:
        """Where the address is listed, or would be. Letters of either case reach the same mailbox."""
        name = keyed_hash(self._key, "suppression", address.strip().lower())
        return self._client.collection("suppressions").document(name)

    def add(self, unit: UnitOfWork, address: str, fate: Fate, now: datetime) -> None:
        """List an address; one that is listed stays as it is."""
        (snapshot,) = unit.peek(self.reference(address))
        if snapshot.exists:
            return
        unit.tie(snapshot)
        unit.create(
            snapshot.reference,
            {"reason": fate.value, "recorded_at": now, "destroy_at": destroy_at("suppression", now)},
        )

    def lift(self, unit: UnitOfWork, address: str) -> bool:
        """Take an address off the list; returns whether it was on it."""
        (snapshot,) = unit.peek(self.reference(address))
        if snapshot.exists:
            unit.tie(snapshot)
            unit.delete(snapshot.reference)
        return bool(snapshot.exists)

    def is_listed(self, address: str, now: datetime) -> bool:
        """Whether nothing may be sent to the address now."""
        snapshot = self.reference(address).get()
        return bool(snapshot.exists) and bool(snapshot.get("destroy_at") > now)
