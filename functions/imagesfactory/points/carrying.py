"""Destroys ledger entries whose period is over without changing a balance: their points are carried forward.

A wallet must equal the sum of its entries, but entries live five years and a member may stay for longer. So the commit
that deletes entries adds their legs to ``wallets/{uid}.carried``: a balance per account, which says nothing of when or
for what.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from imagesfactory.kit.lean_query import AnyRecord
    from imagesfactory.kit.unit_of_work import Snapshot


def carry_forward(client: Client, entries: Sequence[AnyRecord]) -> None:
    """Destroy entries of one wallet, read with their ``legs``, and carry their points forward, in one commit.

    Each entry is deleted as it was read, so that none is ever carried twice. Where the wallet is gone nothing is left
    to carry to.

    Raises:
        google.api_core.exceptions.GoogleAPICallError: nothing was changed.

    """
    from google.cloud import firestore

    batch = client.batch()
    for entry in entries:
        batch.delete(entry.reference, option=client.write_option(last_update_time=entry.update_time))
    wallet = entries[0].reference.parent.parent
    if wallet is not None and wallet.get(()).exists:
        legs: Counter[str] = Counter()
        for entry in entries:
            legs.update(entry.get("legs"))
        batch.update(wallet, {f"carried.{name}": firestore.Increment(points) for name, points in legs.items()})
    batch.commit()


def carried_points(wallet: Snapshot) -> dict[str, int]:
    """Points by account that a wallet carries of entries that were destroyed."""
    document = wallet.to_dict() or {}
    return dict(document.get("carried", {}))
