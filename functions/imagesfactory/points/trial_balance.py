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


def ledger_accounts(client: Client) -> dict[str, int]:
    """Points by account over all members, those that wallets carry of destroyed entries included."""
    accounts = Counter(_sums(client.collection_group("entries"), "legs"))
    accounts.update(_sums(client.collection("wallets"), "carried"))
    return dict(accounts)


def trial_balance(client: Client) -> TrialBalance:
    """Add up the whole ledger and compare every wallet with its entries."""
    wrong: list[str] = []
    count = 0
    accounts = ledger_accounts(client)
    for uid, matches in _wallets(client):
        count += 1
        if not matches:
            wrong.append(uid)
    return TrialBalance(accounts, count, tuple(wrong))


def _wallets(client: Client) -> Iterator[tuple[str, bool]]:
    """Each wallet's owner, and whether it equals its entries and what it carries of entries that were destroyed."""
    for snapshot in client.collection("wallets").stream():
        wallet = wallet_from(snapshot)
        if wallet is None:
            continue
        sums = Counter(_sums(snapshot.reference.collection("entries"), "legs"))
        sums.update(carried_points(snapshot))
        available = sum(sums[Account.AVAILABLE.of(kind)] for kind in LotKind)
        held = sum(sums[Account.HELD.of(kind)] for kind in LotKind)
        owed = -sum(sums[Account.DEBT.of(kind)] for kind in LotKind)
        stated = (wallet.available_points, wallet.held_points, wallet.debt_points)
        yield wallet.uid, stated == (available, held, owed)


def _sums(documents: Query | CollectionReference, field: str) -> dict[str, int]:
    """The sums of a map of points by account. One query for each account: several sums in one query count only
    documents that have all of their fields (firebase.google.com/docs/firestore/query-data/aggregation-queries,
    limitations), and an entry has few legs.
    """
    names = [account.of(kind) for account in Account for kind in LotKind]
    return {name: _sum(documents, f"{field}.{name}") for name in names}


def _sum(documents: Query | CollectionReference, path: str) -> int:
    query: Any = documents
    ((result,),) = query.sum(path, alias="sum").get()
    return int(result.value or 0)
