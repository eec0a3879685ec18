"""The trial balance: proves that the ledger sums to zero and that every wallet equals the sum of its entries
and of what it carries of entries whose five years are over.

All sums are computed by the database; memory stays flat however many members and entries there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imagesfactory.points.carrying import carried_points
from imagesfactory.points.model import Account, LotKind
from imagesfactory.points.store import wallet_from

if TYPE_CHECKING:
    from google.cloud.firestore import Client, CollectionReference, Query


@dataclass(frozen=True)
class TrialBalance:
    """What the ledger says. ``total`` must be zero and ``wrong_wallets`` empty."""

    accounts: dict[str, int]
    """Points by account, over all members."""
    wallet_count: int
    wrong_wallets: tuple[str, ...]
    """Members (uids) whose wallet does not equal the sum of its entries."""

    @property
    def total(self) -> int:
        """The sum over all accounts, in points."""
        return sum(self.accounts.values())

    @property
    def is_balanced(self) -> bool:
        """Whether nothing was minted or lost."""
        return self.total == 0 and not self.wrong_wallets


def trial_balance(client: Client) -> TrialBalance:
    """Add up the whole ledger and compare every wallet with its entries."""
    wrong: list[str] = []
    count = 0
    accounts = Counter(_sums(client.collection_group("entries")))
    for uid, matches, carried in _wallets(client):
        count += 1
        accounts.update(carried)
        if not matches:
            wrong.append(uid)
    return TrialBalance(dict(accounts), count, tuple(wrong))


def _wallets(client: Client) -> Iterator[tuple[str, bool, dict[str, int]]]:
    """Each wallet's owner, whether it equals its entries, and what it carries of entries that were destroyed."""
    for snapshot in client.collection("wallets").stream():
        wallet = wallet_from(snapshot)
        if wallet is None:
            continue
        carried = carried_points(snapshot)
        sums = Counter(_sums(snapshot.reference.collection("entries")))
        sums.update(carried)
        available = sum(sums[Account.AVAILABLE.of(kind)] for kind in LotKind)
        held = sum(sums[Account.HELD.of(kind)] for kind in LotKind)
        owed = -sum(sums[Account.DEBT.of(kind)] for kind in LotKind)
        stated = (wallet.available_points, wallet.held_points, wallet.debt_points)
        yield wallet.uid, stated == (available, held, owed), carried


def _sums(entries: Query | CollectionReference) -> dict[str, int]:
    """One query for each account: several sums in one query count only documents that have all of their fields
    (firebase.google.com/docs/firestore/query-data/aggregation-queries, limitations), and an entry has few legs.
    """
    names = [account.of(kind) for account in Account for kind in LotKind]
    return {name: _sum(entries, name) for name in names}


def _sum(entries: Query | CollectionReference, name: str) -> int:
    query: Any = entries
    ((result,),) = query.sum(f"legs.{name}", alias=name).get()
    return int(result.value or 0)
