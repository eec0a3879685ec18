"""Pure decisions about bought points: a purchase's lots come in, and leave again when its money goes back to the payer.

Points are taken back from what is left of the purchase's own lots. Paid points that were spent meanwhile become a debt
of the member (see :func:`imagesfactory.points.model.repay` for the rule); bonus points that were spent are let go.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from imagesfactory.points.model import (
    Account,
    Allocation,
    EntryKind,
    Hold,
    Lot,
    LotKind,
    Movement,
    Purpose,
    Wallet,
    entry,
    grant,
    repay,
    reserve,
    settle,
    take,
    with_changes,
    without_spent,
)


@dataclass(frozen=True)
class Purchase:
    """The lots of one order, as they were or would be granted."""

    paid: Lot
    bonus: Lot | None

    @property
    def lots(self) -> tuple[Lot, ...]:
        """Both, the paid one first."""
        return (self.paid, self.bonus) if self.bonus else (self.paid,)


@dataclass(frozen=True)
class Taken:
    """What a reversal took: points left of the purchase's lots, and points that are owed now."""

    paid_points: int = 0
    bonus_points: int = 0
    owed_points: int = 0


def purchase(order_id: str, paid_points: int, bonus_points: int, at: datetime) -> Purchase:
    """The lots that a paid order makes. Bought points and their bonus do not expire."""
    source = f"order:{order_id}"
    paid = Lot(f"order-{order_id}", LotKind.PAID, paid_points, paid_points, at, None, source)
    bonus = Lot(f"order-{order_id}-bonus", LotKind.BONUS, bonus_points, bonus_points, at, None, f"{source}:bonus")
    return Purchase(paid, bonus if bonus_points else None)


def chain(wallet: Wallet, *movements: Movement) -> Movement:
    """Several movements, each made on the wallet that the one before left, as one."""
    entries = tuple(posted for movement in movements for posted in movement.entries)
    return Movement(movements[-1].wallet if movements else wallet, entries)


def grant_purchase(wallet: Wallet, bought: Purchase, now: datetime) -> Movement:
    """Add the lots of a paid order; what the member owes is taken from them at once."""
    movements = [grant(wallet, bought.paid, now)]
    if bought.bonus:
        movements.append(grant(movements[-1].wallet, bought.bonus, now))
    movements.append(repay(movements[-1].wallet, bought.paid.source, (bought.paid.id,), now))
    return chain(wallet, *movements)


def unused(wallet: Wallet, bought: Purchase) -> tuple[int, int]:
    """How many paid and bonus points of the purchase are neither spent nor held."""
    left = {lot.id: lot.remaining_points for lot in wallet.lots}
    return left.get(bought.paid.id, 0), left.get(bought.bonus.id, 0) if bought.bonus else 0


def lock(
    wallet: Wallet, bought: Purchase, hold_id: str, purpose: Purpose, points: tuple[int, int], now: datetime
) -> Movement:
    """Hold ``points`` (paid, bonus) of the purchase while somebody else decides; none to hold is no movement.

    Raises:
        ValueError: fewer are unused.

    """
    wanted = dict(zip((lot.id for lot in bought.lots), points, strict=False))
    left = {lot.id: lot.remaining_points for lot in wallet.lots}
    if any(left.get(lot_id, 0) < count for lot_id, count in wanted.items()):
        msg = "only unused points can be locked"
        raise ValueError(msg)
    allocations = tuple(Allocation(lot_id, count) for lot_id, count in wanted.items() if count)
    if not allocations:
        return Movement(wallet, ())
    return reserve(wallet, Hold(hold_id, allocations, None, purpose), now)


def freeze(wallet: Wallet, bought: Purchase, hold_id: str, now: datetime) -> Movement:
    """Hold all that is unused of the purchase while a dispute is open. The hold names its lots even if they are empty:
    what other holds give back to them joins it (see :func:`imagesfactory.points.model.settle`).
    """
    names = {lot.id for lot in bought.lots}
    allocations = tuple(Allocation(lot.id, lot.remaining_points) for lot in wallet.lots if lot.id in names)
    if not allocations:
        return Movement(wallet, ())
    return reserve(wallet, Hold(hold_id, allocations, None, Purpose.DISPUTE), now)


def unlock(wallet: Wallet, hold_id: str, now: datetime, into: Account | None = None) -> Movement:
    """End such a hold: everything goes ``into`` an account of the world, or back to its lots; no hold, no movement."""
    held = wallet.hold(hold_id)
    if held is None:
        return Movement(wallet, ())
    return settle(wallet, hold_id, held.points if into else 0, now, into or Account.USED)


def take_back(
    wallet: Wallet, bought: Purchase, source: str, points: tuple[int, int], now: datetime, into: Account
) -> tuple[Movement, Taken]:
    """Take ``points`` (paid, bonus) of the purchase because their money went back.

    Args:
        wallet: the wallet before.
        bought: the purchase.
        source: the act, for example ``refund:ID``; it takes back once.
        points: how many; of bonus points at most those that are left are taken.
        now: when, UTC.
        into: ``REFUNDED`` or ``CHARGED_BACK``.

    """
    paid_points, bonus_points = points
    changes, owed = take(_present(wallet, bought.paid), paid_points)
    bonus_changes, spared = take(_present(wallet, bought.bonus), bonus_points)
    taken = Taken(paid_points - owed, bonus_points - spared, owed)
    legs = {
        Account.AVAILABLE.of(LotKind.PAID): -taken.paid_points,
        Account.DEBT.of(LotKind.PAID): -owed,
        into.of(LotKind.PAID): paid_points,
        Account.AVAILABLE.of(LotKind.BONUS): -taken.bonus_points,
        into.of(LotKind.BONUS): taken.bonus_points,
    }
    return _moved(wallet, EntryKind.TAKE_BACK, source, legs, changes | bonus_changes, owed, now), taken


def give_back(
    wallet: Wallet, bought: Purchase, source: str, points: tuple[int, int], now: datetime, out_of: Account
) -> Movement:
    """Undo a :func:`take_back` of ``points`` (paid, bonus), because the money did not go back after all.

    What is owed now is written off first; the rest returns to the purchase's lots.
    """
    paid_points, bonus_points = points
    written_off = min(wallet.debt_points, paid_points)
    returned = {bought.paid.id: paid_points - written_off}
    if bought.bonus:
        returned[bought.bonus.id] = bonus_points
    legs = {
        Account.AVAILABLE.of(LotKind.PAID): paid_points - written_off,
        Account.DEBT.of(LotKind.PAID): written_off,
        out_of.of(LotKind.PAID): -paid_points,
        Account.AVAILABLE.of(LotKind.BONUS): bonus_points,
        out_of.of(LotKind.BONUS): -bonus_points,
    }
    whole = replace(wallet, lots=_with_empty_lots(wallet.lots, bought))
    return _moved(whole, EntryKind.GIVE_BACK, source, legs, returned, -written_off, now)


def _moved(
    wallet: Wallet,
    kind: EntryKind,
    source: str,
    legs: dict[str, int],
    changes: dict[str, int],
    debt: int,
    now: datetime,
) -> Movement:
    legs = {name: points for name, points in legs.items() if points}
    changes = {lot_id: points for lot_id, points in changes.items() if points}
    after = replace(wallet, lots=with_changes(wallet.lots, changes), debt_points=wallet.debt_points + debt)
    after = replace(after, lots=without_spent(after))
    return Movement(after, (entry(after, kind, source, legs, changes, now),) if legs else ())


def _present(wallet: Wallet, lot: Lot | None) -> tuple[Lot, ...]:
    found = wallet.lot(lot.id) if lot else None
    return (found,) if found else ()


def _with_empty_lots(lots: tuple[Lot, ...], bought: Purchase) -> tuple[Lot, ...]:
    """The lots with those of the purchase that were used up, and so left the wallet, put back empty."""
    known = {lot.id for lot in lots}
    gone = (replace(lot, remaining_points=0) for lot in bought.lots if lot.id not in known)
    return (*lots, *gone)
