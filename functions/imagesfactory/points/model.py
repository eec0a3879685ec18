"""Pure decisions about points: wallets in, wallets and balanced ledger entries out.

Words: a *lot* is points that came together (a purchase or a bonus) and may expire together. A *hold* reserves points
of certain lots for one job; it is *settled* once, which captures a part and releases the rest.

Order of consumption: bonus before paid; among bonus lots the one that expires soonest; among paid lots the oldest.
A member thus never loses a bonus that could have been used, and paid points stay refundable as long as possible.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from imagesfactory.kit.errors import Outcome, Refusal, Text


class LotKind(StrEnum):
    """Where points came from: given (never refundable) or bought."""

    BONUS = "bonus"
    PAID = "paid"


class Account(StrEnum):
    """The accounts of the ledger, kept apart for bonus and paid points.

    ``AVAILABLE`` and ``HELD`` belong to the member. The others are the world's side: what was ``ISSUED`` (negative),
    ``USED`` for images, ``EXPIRED``. Over all entries everything sums to zero.
    """

    AVAILABLE = "available"
    HELD = "held"
    ISSUED = "issued"
    USED = "used"
    EXPIRED = "expired"

    def of(self, kind: LotKind) -> str:
        """The account's name for one kind of points, for example ``available_bonus``."""
        return f"{self.value}_{kind.value}"


class EntryKind(StrEnum):
    """What an entry records."""

    GRANT = "grant"
    HOLD = "hold"
    SETTLE = "settle"
    EXPIRE = "expire"


@dataclass(frozen=True)
class Lot:
    """Points that came together. ``remaining_points`` excludes what is held."""

    id: str
    kind: LotKind
    granted_points: int
    remaining_points: int
    acquired_at: datetime
    expires_at: datetime | None
    source: str
    """What it came from, for example ``signup`` or ``order:ID``."""

    def is_expired(self, now: datetime) -> bool:
        """Whether its points can no longer be used."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True)
class Allocation:
    """A part of a hold: so many points of one lot."""

    lot_id: str
    points: int


@dataclass(frozen=True)
class Hold:
    """Points reserved for one job."""

    id: str
    allocations: tuple[Allocation, ...]
    deadline_at: datetime

    @property
    def points(self) -> int:
        """How many points are reserved."""
        return sum(allocation.points for allocation in self.allocations)


@dataclass(frozen=True)
class Rate:
    """A token bucket: ``burst`` requests at once, then one more every ``refill``."""

    burst: int
    refill: timedelta


@dataclass(frozen=True)
class Wallet:
    """A member's points and the right to spend them. ``is_open`` turns false when the member withdraws."""

    uid: str
    is_open: bool = True
    lots: tuple[Lot, ...] = ()
    holds: tuple[Hold, ...] = ()
    rate_full_at: datetime | None = None
    """When the member's request allowance will be whole again; None: it is."""

    @property
    def available_points(self) -> int:
        """Points that can be spent, expired ones included until their expiry is posted."""
        return sum(lot.remaining_points for lot in self.lots)

    @property
    def held_points(self) -> int:
        """Points reserved for jobs that have not ended."""
        return sum(hold.points for hold in self.holds)

    @property
    def next_expiry_at(self) -> datetime | None:
        """When the next unused points expire, if any do."""
        expiries = (lot.expires_at for lot in self.lots if lot.expires_at and lot.remaining_points)
        return min(expiries, default=None)

    def hold(self, hold_id: str) -> Hold | None:
        """The open hold of that id, if there is one."""
        return next((hold for hold in self.holds if hold.id == hold_id), None)


@dataclass(frozen=True)
class Entry:
    """One ledger entry: legs that sum to zero, what caused it, and the balances it left behind."""

    id: str
    kind: EntryKind
    source: str
    """The act that caused it, for example ``job:ID``."""
    legs: dict[str, int]
    lots: dict[str, int]
    """Change of each lot's remaining points."""
    at: datetime
    available_after: int
    held_after: int

    def __post_init__(self) -> None:
        """Refuse an entry that would mint or lose a point."""
        if sum(self.legs.values()) != 0:
            msg = f"unbalanced entry {self.kind}"
            raise ValueError(msg)


@dataclass(frozen=True)
class Movement:
    """A wallet after a decision, with the entries that lead to it."""

    wallet: Wallet
    entries: tuple[Entry, ...]


class NotEnoughPoints(Refusal):
    """The wallet has fewer points than the request costs."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "not-enough-points"
    text = Text("포인트가 부족합니다. 포인트를 충전해 주세요.", "You do not have enough points. Please buy more.")


class SignupUnfinished(Refusal):
    """There is no wallet yet: it is opened when sign-up is completed."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "signup-unfinished"
    text = Text("회원가입을 먼저 완료해 주세요.", "Please complete your sign-up first.")


class WalletClosed(Refusal):
    """The member is withdrawing or was suspended."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "wallet-closed"
    text = Text("현재 포인트를 사용할 수 없는 계정입니다.", "Points of this account cannot be used.")


class TooManyRequests(Refusal):
    """The member's allowance of requests is used up for the moment."""

    outcome = Outcome.RESOURCE_EXHAUSTED
    code = "too-many-requests"
    text = Text(
        "요청이 너무 많습니다. 잠시 후 다시 시도해 주세요.",
        "Too many requests. Please try again in a moment.",
    )


def grant(wallet: Wallet, lot: Lot, now: datetime) -> Movement:
    """Add a lot.

    Args:
        wallet: the wallet before.
        lot: the new lot, whole: ``remaining_points`` equals ``granted_points``.
        now: when, UTC.

    Raises:
        ValueError: the lot is not whole and positive, or already there.

    """
    if lot.granted_points <= 0 or lot.remaining_points != lot.granted_points:
        msg = "a lot is granted whole and positive"
        raise ValueError(msg)
    if any(known.id == lot.id for known in wallet.lots):
        msg = "the lot was granted before"
        raise ValueError(msg)
    after = replace(wallet, lots=(*wallet.lots, lot))
    legs = {
        Account.AVAILABLE.of(lot.kind): lot.granted_points,
        Account.ISSUED.of(lot.kind): -lot.granted_points,
    }
    entry = _entry(after, EntryKind.GRANT, lot.source, legs, {lot.id: lot.granted_points}, now)
    return Movement(after, (entry,))


def hold(wallet: Wallet, hold_id: str, points: int, deadline_at: datetime, now: datetime) -> Movement:
    """Reserve ``points`` for ``hold_id`` until ``deadline_at``; unused points past their expiry are posted first.

    Raises:
        WalletClosed: nothing may be spent.
        NotEnoughPoints: the unexpired points do not suffice; details: ``needed`` and ``available`` points.
        ValueError: the hold exists, or ``points`` is not positive.

    """
    if points <= 0 or wallet.hold(hold_id) is not None:
        msg = "a hold is new and positive"
        raise ValueError(msg)
    if not wallet.is_open:
        raise WalletClosed
    current = expire(wallet, now)
    allocations = _allocate(current.wallet, points)
    taken = {allocation.lot_id: -allocation.points for allocation in allocations}
    after = replace(
        current.wallet,
        lots=_with_changes(current.wallet.lots, taken),
        holds=(*current.wallet.holds, Hold(hold_id, allocations, deadline_at)),
    )
    legs = _legs(wallet, allocations, {Account.AVAILABLE: -1, Account.HELD: 1})
    entry = _entry(after, EntryKind.HOLD, f"job:{hold_id}", legs, taken, now)
    return Movement(after, (*current.entries, entry))


def settle(wallet: Wallet, hold_id: str, captured_points: int, now: datetime) -> Movement:
    """End a hold: capture ``captured_points`` in the order of consumption and release the rest to its lots.

    Points released to a bonus lot that expired meanwhile are available for the instant of this entry and are taken
    by the expiry posted with it.

    Raises:
        ValueError: no such hold, or more is captured than was held.

    """
    held = wallet.hold(hold_id)
    if held is None or not 0 <= captured_points <= held.points:
        msg = "a settlement captures at most what an open hold reserved"
        raise ValueError(msg)
    captured, released = _split(held.allocations, captured_points)
    given_back = {allocation.lot_id: allocation.points for allocation in released}
    others = tuple(other for other in wallet.holds if other.id != hold_id)
    after = replace(wallet, holds=others, lots=_with_changes(wallet.lots, given_back))
    legs = _legs(wallet, captured, {Account.HELD: -1, Account.USED: 1})
    for account, points in _legs(wallet, released, {Account.HELD: -1, Account.AVAILABLE: 1}).items():
        legs[account] = legs.get(account, 0) + points
    entry = _entry(after, EntryKind.SETTLE, f"job:{hold_id}", legs, given_back, now)
    expired = expire(replace(after, lots=_without_spent(after)), now)
    return Movement(expired.wallet, (entry, *expired.entries))


def expire(wallet: Wallet, now: datetime) -> Movement:
    """Post the expiry of every lot whose time has come; held points wait for their settlement."""
    entries: list[Entry] = []
    for lot in wallet.lots:
        if lot.is_expired(now) and lot.remaining_points:
            gone = {lot.id: -lot.remaining_points}
            wallet = replace(wallet, lots=_with_changes(wallet.lots, gone))
            legs = {
                Account.AVAILABLE.of(lot.kind): -lot.remaining_points,
                Account.EXPIRED.of(lot.kind): lot.remaining_points,
            }
            # A lot can expire more than once: points released later expire at their settlement.
            source = f"lot:{lot.id}:{len(wallet.holds)}:{now.isoformat()}"
            entries.append(_entry(wallet, EntryKind.EXPIRE, source, legs, gone, now))
    return Movement(replace(wallet, lots=_without_spent(wallet)), tuple(entries))


def take_request(wallet: Wallet, rate: Rate, now: datetime) -> Wallet:
    """The wallet after one more admitted request.

    The allowance is kept as the instant at which it is whole again (the generic cell rate algorithm): one field, no
    timer. Source: ITU-T I.371.

    Raises:
        TooManyRequests: the allowance is used up; details: ``retry_after_seconds``.

    """
    whole_at = max(wallet.rate_full_at or now, now) + rate.refill
    excess = whole_at - now - rate.burst * rate.refill
    if excess > timedelta(0):
        raise TooManyRequests(retry_after_seconds=int(excess.total_seconds()) + 1)
    return replace(wallet, rate_full_at=whole_at)


def _allocate(wallet: Wallet, points: int) -> tuple[Allocation, ...]:
    allocations: list[Allocation] = []
    missing = points
    for lot in sorted(wallet.lots, key=_consumption_order):
        part = min(lot.remaining_points, missing)
        if part:
            allocations.append(Allocation(lot.id, part))
            missing -= part
    if missing:
        raise NotEnoughPoints(needed=points, available=points - missing)
    return tuple(allocations)


def _consumption_order(lot: Lot) -> tuple[bool, bool, datetime, datetime, str]:
    never = lot.expires_at is None
    return (lot.kind is LotKind.PAID, never, lot.expires_at or lot.acquired_at, lot.acquired_at, lot.id)


def _split(
    allocations: tuple[Allocation, ...], captured_points: int
) -> tuple[tuple[Allocation, ...], tuple[Allocation, ...]]:
    captured: list[Allocation] = []
    released: list[Allocation] = []
    for allocation in allocations:
        part = min(allocation.points, captured_points)
        captured_points -= part
        if part:
            captured.append(Allocation(allocation.lot_id, part))
        if part < allocation.points:
            released.append(Allocation(allocation.lot_id, allocation.points - part))
    return tuple(captured), tuple(released)


def _legs(wallet: Wallet, allocations: Iterable[Allocation], signs: dict[Account, int]) -> dict[str, int]:
    kinds = {lot.id: lot.kind for lot in wallet.lots}
    legs: dict[str, int] = {}
    for allocation in allocations:
        for account, sign in signs.items():
            name = account.of(kinds[allocation.lot_id])
            legs[name] = legs.get(name, 0) + sign * allocation.points
    return legs


def _with_changes(lots: tuple[Lot, ...], changes: dict[str, int]) -> tuple[Lot, ...]:
    return tuple(
        replace(lot, remaining_points=lot.remaining_points + changes[lot.id]) if lot.id in changes else lot
        for lot in lots
    )


def _without_spent(wallet: Wallet) -> tuple[Lot, ...]:
    """Empty lots leave the wallet unless a hold may still give points back to them; the ledger remembers them."""
    held = {allocation.lot_id for hold in wallet.holds for allocation in hold.allocations}
    return tuple(lot for lot in wallet.lots if lot.remaining_points or lot.id in held)


def _entry(
    after: Wallet, kind: EntryKind, source: str, legs: dict[str, int], lots: dict[str, int], now: datetime
) -> Entry:
    return Entry(
        id=f"{kind.value}:{source}",
        kind=kind,
        source=source,
        legs=legs,
        lots=lots,
        at=now,
        available_after=after.available_points,
        held_after=after.held_points,
    )
