"""Points outstanding: what members could still spend, by kind and by the age of the lot. Paid ones are a liability."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

from imagesfactory.points.paging import paged
from imagesfactory.points.store import WALLET_FIELDS, wallet_from

if TYPE_CHECKING:
    from google.cloud.firestore import Client

AGES_DAYS = (30, 90, 365)
"""Upper bounds of the age groups; what is older is in the last group."""


def outstanding(client: Client, now: datetime) -> dict[str, int]:
    """Points by kind and age, for example ``paid_up_to_30_days``; held ones count as well, and ``owed`` is debts.

    Reads every wallet once, a page at a time.
    """
    totals: Counter[str] = Counter()
    for snapshot in paged(client.collection("wallets"), WALLET_FIELDS):
        wallet = wallet_from(snapshot)
        if wallet is None:
            continue
        held: Counter[str] = Counter()
        for hold in wallet.holds:
            for part in hold.allocations:
                held[part.lot_id] += part.points
        for lot in wallet.lots:
            totals[f"{lot.kind.value}_{_age_group((now - lot.acquired_at).days)}"] += (
                lot.remaining_points + held[lot.id]
            )
        totals["owed"] += wallet.debt_points
    return dict(totals)


def _age_group(days: int) -> str:
    bound = next((bound for bound in AGES_DAYS if days <= bound), None)
    return f"over_{AGES_DAYS[-1]}_days" if bound is None else f"up_to_{bound}_days"
