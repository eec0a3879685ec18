"""Pure decisions about the end of a wallet: what is left is forfeited by a member who withdraws."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from imagesfactory.points.model import (
    Account,
    EntryKind,
    Movement,
    Purpose,
    Wallet,
    entry,
    expire,
    settle,
    with_changes,
    without_spent,
)
from imagesfactory.points.reversal import chain

WITHDRAWAL = "withdrawal"
"""The source of the entry that ends a ledger."""


def forfeit(wallet: Wallet, now: datetime) -> Movement:
    """Give up every point that is left. What a dispute froze is thawed first: its money is decided without the wallet.

    Raises:
        ValueError: points are still held for a job or a refund, whose end must be awaited.

    """
    if any(hold.purpose is not Purpose.DISPUTE for hold in wallet.holds):
        msg = "points are still held"
        raise ValueError(msg)
    movements: list[Movement] = []
    current = wallet
    for hold in wallet.holds:
        movements.append(settle(current, hold.id, 0, now))
        current = movements[-1].wallet
    movements.append(expire(current, now))
    movements.append(_give_up(movements[-1].wallet, now))
    return chain(wallet, *movements)


def _give_up(wallet: Wallet, now: datetime) -> Movement:
    gone = {lot.id: -lot.remaining_points for lot in wallet.lots if lot.remaining_points}
    if not gone:
        return Movement(wallet, ())
    legs: dict[str, int] = {}
    for lot in wallet.lots:
        for account, sign in ((Account.AVAILABLE, -1), (Account.FORFEITED, 1)):
            legs[account.of(lot.kind)] = legs.get(account.of(lot.kind), 0) + sign * lot.remaining_points
    after = replace(wallet, lots=with_changes(wallet.lots, gone))
    after = replace(after, lots=without_spent(after))
    legs = {name: points for name, points in legs.items() if points}
    return Movement(after, (entry(after, EntryKind.FORFEIT, WITHDRAWAL, legs, gone, now),))
