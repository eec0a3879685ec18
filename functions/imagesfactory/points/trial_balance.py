"""The trial balance: proves that the ledger sums to zero and that every wallet equals the sum of its entries
and of what it carries of entries whose five years are over.

:func:`trial_balance` reads every entry and every wallet once, a page at a time and side by side, so that memory stays
flat. An entry is read whole, and a wallet that seems wrong is looked at again at one instant: what changes meanwhile
is no difference. A ledger that is too large for one night is walked in several: every member's entries sum to zero by
themselves, so a part of the members must balance as the whole does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from imagesfactory.points.carrying import carried_points
from imagesfactory.points.model import Account, LotKind
from imagesfactory.points.paging import PAGE, paged
from imagesfactory.points.store import WALLET_FIELDS, wallet_from

if TYPE_CHECKING:
    from google.cloud.firestore import Client, CollectionReference, Query

    from imagesfactory.kit.unit_of_work import Snapshot

_WALLET = [*WALLET_FIELDS, "carried"]
_LAST_NAME = "\U0010ffff"
"""Sorts behind the id of every entry."""


@dataclass(frozen=True)
class TrialBalance:
    """What the ledger says. ``total`` must be zero and ``wrong_wallets`` empty."""

    accounts: dict[str, int]
    """Points by account, over all members."""
    wallet_count: int
    wrong_wallets: tuple[str, ...]
    """Members (uids) whose wallet does not equal the sum of its entries."""
    reached: str = ""
    """The last member looked at when time was over; empty when it was the last of all."""

    @property
    def total(self) -> int:
        """The sum over all accounts, in points."""
        return sum(self.accounts.values())

    @property
    def is_balanced(self) -> bool:
        """Whether nothing was minted or lost."""
        return self.total == 0 and not self.wrong_wallets


def ledger_accounts(client: Client) -> dict[str, int]:
    """Points by account over all members, those that wallets carry of destroyed entries included; added up by the
    database. Sums asked one after the other: what is posted meanwhile may be in some of them only.
    """
    accounts = Counter(_sums(client.collection_group("entries"), "legs"))
    accounts.update(_sums(client.collection("wallets"), "carried"))
    return dict(accounts)


def trial_balance(
    client: Client, page: int = PAGE, *, after: str = "", goes_on: Callable[[], bool] = lambda: True
) -> TrialBalance:
    """Add up the ledger and compare every wallet with its entries, ``page`` documents at a time.

    Args:
        client: the database.
        page: documents read at a time.
        after: the member (uid) whom this walk begins behind.
        goes_on: asked after each wallet; once it says no, the walk ends there.

    """
    accounts: Counter[str] = Counter()
    wrong: list[str] = []
    count = 0
    reached = ""
    for wallet, sums in _side_by_side(client, page, after):
        accounts.update(sums)
        if wallet is None:
            continue
        count += 1
        accounts.update(carried_points(wallet))
        if not _equals(wallet, sums) and not _equals_at_one_instant(client, wallet.id):
            wrong.append(wallet.id)
        if not goes_on():
            reached = wallet.id
            break
    return TrialBalance(dict(accounts), count, tuple(wrong), reached)


def _side_by_side(client: Client, page: int, after: str) -> Iterator[tuple[Snapshot | None, Counter[str]]]:
    """Each wallet with the sums of its entries, both in the order of the members; None where a wallet is gone."""
    wallet_before = client.collection("wallets").document(after) if after else None
    entry_before = wallet_before.collection("entries").document(_LAST_NAME) if wallet_before else None
    entries = paged(client.collection_group("entries"), ["legs"], page, entry_before)
    ledgers = ((uid, _added_up(group)) for uid, group in groupby(entries, _owner))
    uid, sums = next(ledgers, (None, Counter()))
    for wallet in paged(client.collection("wallets"), _WALLET, page, wallet_before):
        while uid is not None and _comes_before(uid, wallet.id):
            yield None, sums
            uid, sums = next(ledgers, (None, Counter()))
        if uid == wallet.id:
            yield wallet, sums
            uid, sums = next(ledgers, (None, Counter()))
        else:
            yield wallet, Counter()
    while uid is not None:
        yield None, sums
        uid, sums = next(ledgers, (None, Counter()))


def _equals(wallet: Snapshot, sums: Mapping[str, int]) -> bool:
    """Whether a wallet says what its entries add up to."""
    stated = wallet_from(wallet)
    if stated is None:
        return True
    whole = Counter(sums)
    whole.update(carried_points(wallet))
    available, held, debt = (
        sum(whole[account.of(kind)] for kind in LotKind) for account in (Account.AVAILABLE, Account.HELD, Account.DEBT)
    )
    return (stated.available_points, stated.held_points, stated.debt_points) == (available, held, -debt)


def _equals_at_one_instant(client: Client, uid: str) -> bool:
    """The same of one member, wallet and entries read as they were together; a wallet that is gone is not wrong."""
    wallet = client.collection("wallets").document(uid).get(_WALLET)
    entries = wallet.reference.collection("entries").select(["legs"])
    return not wallet.exists or _equals(wallet, _added_up(entries.stream(read_time=wallet.read_time)))


def _added_up(entries: Iterator[Snapshot]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for entry in entries:
        sums.update(entry.get("legs"))
    return sums


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


def _owner(entry: Snapshot) -> str:
    return str(entry.reference.path.split("/")[1])


def _comes_before(uid: str, other: str) -> bool:
    """The order of the database: by the bytes of UTF-8."""
    return uid.encode() < other.encode()
