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
    from google.cloud.firestore import Client

    from imagesfactory.kit.unit_of_work import UnitOfWork

LANES: Final = 8


class ReceiptNumbers:
    """Hands out numbers; ``receipt_numbers/{year}-{lane}`` holds the last one of each lane."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def next(self, unit: UnitOfWork, order_id: str, now: datetime) -> str:
        """The next number for an order, for example ``2026-3-000042``; taken only if ``unit`` commits."""
        year = legal_day(now).year
        lane = hashlib.sha256(order_id.encode()).digest()[0] % LANES
        reference = self._client.collection("receipt_numbers").document(f"{year}-{lane}")
        (snapshot,) = unit.read(reference)
        last = int(snapshot.get("last")) if snapshot.exists else 0
        document = {"last": last + 1, "destroy_at": destroy_at("payment", now)}
        if snapshot.exists:
            unit.update(reference, document)
        else:
            unit.create(reference, document)
        return f"{year}-{lane}-{last + 1:06d}"
