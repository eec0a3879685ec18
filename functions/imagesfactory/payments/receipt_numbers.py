"""Receipt numbers: every payment gets the next number of its year, in the commit that records it.

One counter for a year would be one document that every purchase of the shop fights for, so there are several lanes,
each a counter of its own: numbers are unique, rise within their lane and have no gaps there. No law asks receipts of
this kind for a single sequence; an auditor adds up the lanes.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Final

from imagesfactory.kit.clock import legal_day
from imagesfactory.policy.retention import destroy_at

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference

    from imagesfactory.kit.unit_of_work import Snapshot, UnitOfWork

LANES: Final = 8


class ReceiptNumbers:
    """Hands out numbers; ``receipt_numbers/{year}-{lane}`` holds the last one of each lane."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def lane(self, order_id: str, now: datetime) -> DocumentReference:
        """The counter that an order takes its number from, to be read together with what else is needed."""
        lane = hashlib.sha256(order_id.encode()).digest()[0] % LANES
        return self._client.collection("receipt_numbers").document(f"{legal_day(now).year}-{lane}")

    def take(self, unit: UnitOfWork, lane: Snapshot, now: datetime) -> str:
        """The next number of a lane peeked at in ``unit``, for example ``2026-3-000042``; taken only if it commits."""
        last = int(lane.get("last")) if lane.exists else 0
        document = {"last": last + 1, "destroy_at": destroy_at("payment", now)}
        if lane.exists:
            unit.tie(lane)
            unit.update(lane.reference, document)
        else:
            unit.create(lane.reference, document)
        return f"{lane.id}-{last + 1:06d}"
