"""Pure decisions about points: wallets in, wallets and balanced ledger entries out.

Words: a *lot* is points that came together (a purchase or a bonus) and may expire together. A *hold* reserves points
of certain lots for one purpose (a job, a refund, a dispute); it is *settled* once, which captures a part and releases
the rest. What moves when money goes back to the payer is in :mod:`imagesfactory.points.reversal`.

Order of consumption: bonus before paid; among bonus lots the one that expires soonest; among paid lots the oldest.
A member thus never loses a bonus that could have been used, and paid points stay refundable as long as possible.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from imagesfactory.kit import rate as token_bucket
from imagesfactory.kit.errors import Outcome, Refusal, Text
from imagesfactory.kit.rate import Rate


class LotKind(StrEnum):
    """Where points came from: given (never refundable) or bought."""

    BONUS = "bonus"
    PAID = "paid"


class Account(StrEnum):
    """The accounts of the ledger, kept apart for bonus and paid points.

    ``AVAILABLE``, ``HELD`` and ``DEBT`` (zero or negative: points owed) belong to the member. The others are the
    world's side: what was ``ISSUED`` (negative), ``USED`` for images, ``EXPIRED``, ``REFUNDED``, ``CHARGED_BACK`` and
    ``FORFEITED`` by a member who withdrew. Over all entries everything sums to zero.
    """

    AVAILABLE = "available"
    HELD = "held"
    ISSUED = "issued"
    USED = "used"
    EXPIRED = "expired"
    REFUNDED = "refunded"
    CHARGED_BACK = "charged_back"
    FORFEITED = "forfeited"
    DEBT = "debt"

    def of(self, kind: LotKind) -> str:
        """The account's name for one kind of points, for example ``available_bonus``."""
        return f"{self.value}_{kind.value}"


class EntryKind(StrEnum):
    """What an entry records."""

    GRANT = "grant"
    HOLD = "hold"
    SETTLE = "settle"
    EXPIRE = "expire"
    TAKE_BACK = "take-back"
    GIVE_BACK = "give-back"
    REPAY = "repay"
    FORFEIT = "forfeit"


class Purpose(StrEnum):
    """What points are reserved for; also the first part of the source of its entries."""

    JOB = "job"
    REFUND = "refund"
    DISPUTE = "dispute"


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
    """Points reserved for one job, refund or dispute."""

    id: str
    allocations: tuple[Allocation, ...]
    deadline_at: datetime | None
    """None: until the refund or the dispute is decided."""
    purpose: Purpose = Purpose.JOB

    @property
    def source(self) -> str:
        """The act it belongs to, for example ``job:ID``."""
        return f"{self.purpose.value}:{self.id}"

    @property
    def lot_ids(self) -> frozenset[str]:
        """The lots it is of; a dispute's may have no points in it."""
        return frozenset(allocation.lot_id for allocation in self.allocations)

    @property
    def points(self) -> int:
        """How many points are reserved."""
        return sum(allocation.points for allocation in self.allocations)


@dataclass(frozen=True)
class Wallet:
    """A member's points and the right to spend them. ``is_open`` is false while the member is
    suspended, and for good once the member withdraws.
    """

    uid: str
    is_open: bool = True
    lots: tuple[Lot, ...] = ()
    holds: tuple[Hold, ...] = ()
    rate_full_at: datetime | None = None
    """When the member's request allowance will be whole again; None: it is."""
    debt_points: int = 0
    """Points whose money went back to the payer after they were spent; taken from the next paid points that come in."""
    had_push_address: bool = False
    """Whether an app of the member ever said where it is reached: who ends a job reads it here at no cost."""

    @property
    def available_points(self) -> int:
        """Points that can be spent, expired ones included until their expiry is posted."""
        return sum(lot.remaining_points for lot in self.lots)

    @property
    def held_points(self) -> int:
        """Points reserved for jobs, refunds and disputes that have not ended."""
        return sum(hold.points for hold in self.holds)

    @property
    def next_expiry_at(self) -> datetime | None:
        """When the next unused points expire, if any do."""
        expiries = (lot.expires_at for lot in self.lots if lot.expires_at and lot.remaining_points)
        return min(expiries, default=None)

    @property
    def open_job_count(self) -> int:
        """How many jobs have not ended."""
        return sum(hold.purpose is Purpose.JOB for hold in self.holds)

    def hold(self, hold_id: str) -> Hold | None:
        """The open hold of that id, if there is one."""
        return next((hold for hold in self.holds if hold.id == hold_id), None)

    def lot(self, lot_id: str) -> Lot | None:
        """The lot of that id, if there is one with points left or held."""
        return next((lot for lot in self.lots if lot.id == lot_id), None)


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
    granted = entry(after, EntryKind.GRANT, lot.source, legs, {lot.id: lot.granted_points}, now)
    return Movement(after, (granted,))


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
    current = expire(wallet, now, f"hold-{hold_id}")
    held = Hold(hold_id, _allocate(current.wallet, points), deadline_at)
    reserved = reserve(current.wallet, held, now)
    return Movement(reserved.wallet, (*current.entries, *reserved.entries))


def reserve(wallet: Wallet, held: Hold, now: datetime) -> Movement:
    """Open ``held`` as it is: its allocations name lots that have as many points left; no points are no entry.

    Raises:
        ValueError: they do not, or the hold names no lot or exists.

    """
    if not held.allocations or wallet.hold(held.id) is not None:
        msg = "a hold is new and positive"
        raise ValueError(msg)
    moved = tuple(allocation for allocation in held.allocations if allocation.points)
    taken = {allocation.lot_id: -allocation.points for allocation in moved}
    after = replace(wallet, lots=with_changes(wallet.lots, taken), holds=(*wallet.holds, held))
    legs = legs_of(wallet, moved, {Account.AVAILABLE: -1, Account.HELD: 1})
    return Movement(after, (entry(after, EntryKind.HOLD, held.source, legs, taken, now),) if moved else ())


def settle(wallet: Wallet, hold_id: str, captured_points: int, now: datetime, into: Account = Account.USED) -> Movement:
    """End a hold: capture ``captured_points`` in the order of consumption and release the rest to its lots.

    Points released to a bonus lot that expired meanwhile are available for the instant of this entry and are taken
    by the expiry posted with it; paid points released to a member who owes points repay the debt first. Points of a
    purchase that is disputed stay held, now for the dispute.

    Raises:
        ValueError: no such hold, or more is captured than was held.

    """
    held = wallet.hold(hold_id)
    if held is None or not 0 <= captured_points <= held.points:
        msg = "a settlement captures at most what an open hold reserved"
        raise ValueError(msg)
    captured, released = _split(held.allocations, captured_points)
    others, released = _frozen(tuple(other for other in wallet.holds if other.id != hold_id), released)
    given_back = {allocation.lot_id: allocation.points for allocation in released}
    after = replace(wallet, holds=others, lots=with_changes(wallet.lots, given_back))
    legs = legs_of(wallet, captured, {Account.HELD: -1, into: 1})
    for account, points in legs_of(wallet, released, {Account.HELD: -1, Account.AVAILABLE: 1}).items():
        legs[account] = legs.get(account, 0) + points
    settled = (entry(after, EntryKind.SETTLE, held.source, legs, given_back, now),) if held.points else ()
    repaid = repay(after, held.source, tuple(given_back), now)
    expired = expire(replace(repaid.wallet, lots=without_spent(repaid.wallet)), now, f"settle-{hold_id}")
    return Movement(expired.wallet, (*settled, *repaid.entries, *expired.entries))


def repay(wallet: Wallet, source: str, lot_ids: tuple[str, ...], now: datetime) -> Movement:
    """Take what the member owes from the paid ones among the lots that points just came into.

    The written rule of debts: points spent before their money went back to the payer are owed, and are taken from
    the next paid points that come in, be it a purchase or points that a hold gives back.
    """
    arrived = [lot for lot in wallet.lots if lot.id in lot_ids and lot.kind is LotKind.PAID]
    taken, owed = take(tuple(arrived), wallet.debt_points)
    repaid = wallet.debt_points - owed
    if not repaid:
        return Movement(wallet, ())
    after = replace(wallet, lots=with_changes(wallet.lots, taken), debt_points=owed)
    legs = {Account.AVAILABLE.of(LotKind.PAID): -repaid, Account.DEBT.of(LotKind.PAID): repaid}
    posted = entry(after, EntryKind.REPAY, source, legs, taken, now)
    return Movement(replace(after, lots=without_spent(after)), (posted,))


def take(lots: tuple[Lot, ...], points: int) -> tuple[dict[str, int], int]:
    """How ``points`` are taken from what is left of ``lots``, one after the other: the (negative) change of each,
    and how many points are missing.
    """
    taken: dict[str, int] = {}
    for lot in lots:
        part = min(lot.remaining_points, points)
        if part:
            taken[lot.id] = -part
            points -= part
    return taken, points


def expire(wallet: Wallet, now: datetime, cause: str = "due") -> Movement:
    """Post the expiry of every lot whose time has come; held points wait for their settlement.

    ``cause`` is the act that it is posted with: a lot can expire more than once, even in one instant, because points
    released later expire at their settlement.
    """
    entries: list[Entry] = []
    for lot in wallet.lots:
        if lot.is_expired(now) and lot.remaining_points:
            gone = {lot.id: -lot.remaining_points}
            wallet = replace(wallet, lots=with_changes(wallet.lots, gone))
            legs = {
                Account.AVAILABLE.of(lot.kind): -lot.remaining_points,
                Account.EXPIRED.of(lot.kind): lot.remaining_points,
            }
            source = f"lot:{lot.id}:{cause}:{now.isoformat()}"
            entries.append(entry(wallet, EntryKind.EXPIRE, source, legs, gone, now))
    return Movement(replace(wallet, lots=without_spent(wallet)), tuple(entries))


def take_request(wallet: Wallet, rate: Rate, now: datetime) -> Wallet:
    """The wallet after one more admitted request.

    Raises:
        TooManyRequests: the allowance is used up; details: ``retry_after_seconds``.

    """
    return replace(wallet, rate_full_at=token_bucket.take(wallet.rate_full_at, rate, now))


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


def _frozen(
    holds: tuple[Hold, ...], released: tuple[Allocation, ...]
) -> tuple[tuple[Hold, ...], tuple[Allocation, ...]]:
    """The holds with what is released to lots that a dispute has frozen, and what is released to others."""
    for part in released:
        frozen = next((hold for hold in holds if hold.purpose is Purpose.DISPUTE and part.lot_id in hold.lot_ids), None)
        if frozen is not None:
            allocations = tuple(
                replace(own, points=own.points + part.points) if own.lot_id == part.lot_id else own
                for own in frozen.allocations
            )
            holds = tuple(replace(hold, allocations=allocations) if hold is frozen else hold for hold in holds)
            released = tuple(other for other in released if other is not part)
    return holds, released


def legs_of(wallet: Wallet, allocations: Iterable[Allocation], signs: dict[Account, int]) -> dict[str, int]:
    """The legs of moving ``allocations``: each account of ``signs`` gets so many times the points of each kind."""
    kinds = {lot.id: lot.kind for lot in wallet.lots}
    legs: dict[str, int] = {}
    for allocation in allocations:
        for account, sign in signs.items():
            name = account.of(kinds[allocation.lot_id])
            legs[name] = legs.get(name, 0) + sign * allocation.points
    return legs


def with_changes(lots: tuple[Lot, ...], changes: dict[str, int]) -> tuple[Lot, ...]:
    """The lots with so many points more (or fewer) left."""
    return tuple(
        replace(lot, remaining_points=lot.remaining_points + changes[lot.id]) if lot.id in changes else lot
        for lot in lots
    )


def without_spent(wallet: Wallet) -> tuple[Lot, ...]:
    """Empty lots leave the wallet unless a hold may still give points back to them; the ledger remembers them."""
    held = {allocation.lot_id for hold in wallet.holds for allocation in hold.allocations}
    return tuple(lot for lot in wallet.lots if lot.remaining_points or lot.id in held)


def entry(
    after: Wallet, kind: EntryKind, source: str, legs: dict[str, int], lots: dict[str, int], now: datetime
) -> Entry:
    """The entry that leads to ``after``; one of each kind for one source."""
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
