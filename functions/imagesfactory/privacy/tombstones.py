"""Tombstones: that an account was withdrawn, as a keyed hash, so that nothing late brings its profile back.

``tombstones/{hash}`` is written in the commit that begins a withdrawal and outlives everything that could still arrive
for the account: ID tokens (one hour), tasks (31 days at most), webhooks (days), and a restored backup, whose withdrawn
members are recognised by it and erased again.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from imagesfactory.kit.ids import keyed_hash
from imagesfactory.policy.retention import destroy_at

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference

    from imagesfactory.kit.unit_of_work import UnitOfWork


class Tombstones:
    """Marks and recognises withdrawn accounts."""

    def __init__(self, client: Client, pseudonym_key: str) -> None:
        self._client = client
        self._key = pseudonym_key

    def reference(self, uid: str) -> DocumentReference:
        """Where the mark of ``uid`` is, or would be."""
        return self._client.collection("tombstones").document(keyed_hash(self._key, "withdrawn", uid))

    def mark(self, unit: UnitOfWork, uid: str, now: datetime) -> None:
        """Mark the account in the commit that begins its withdrawal; it must not be marked yet."""
        unit.create(self.reference(uid), {"withdrawn_at": now, "destroy_at": destroy_at("withdrawal_mark", now)})

    def is_withdrawn(self, uid: str) -> bool:
        """Whether the account was withdrawn."""
        return bool(self.reference(uid).get(()).exists)
