"""Wallets and entries: examples of every rule, and a random walk that never mints or loses a point."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from imagesfactory.kit.rate import Rate, TooManyRequests
from imagesfactory.points import model
from imagesfactory.points.model import (
    Account,
    Entry,
    EntryKind,
    Lot,
    LotKind,
    NotEnoughPoints,
    Wallet,
    WalletClosed,
)

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SOON, LATER = NOW + timedelta(days=1), NOW + timedelta(days=30)


def lot(
    name: str, points: int, kind: LotKind = LotKind.BONUS, expires_at: datetime | None = LATER, age: int = 0
) -> Lot:
    return Lot(name, kind, points, points, NOW - timedelta(days=age), expires_at, f"test:{name}")


def wallet(*lots: Lot) -> Wallet:
    return Wallet("jisu", lots=lots)


def left(after: Wallet) -> dict[str, int]:
    return {one.id: one.remaining_points for one in after.lots}


def test_bonus_goes_first_soonest_expiry_first_then_paid_oldest_first() -> None:
    before = wallet(
        lot("paid-new", 10, LotKind.PAID, None, age=1),
        lot("bonus-late", 10, expires_at=LATER),
        lot("paid-old", 10, LotKind.PAID, None, age=9),
        lot("bonus-soon", 10, expires_at=SOON),
        lot("bonus-forever", 10, expires_at=None),
    )
    held = model.hold(before, "job", 35, LATER, NOW).wallet
    (hold,) = held.holds
    assert [part.lot_id for part in hold.allocations] == ["bonus-soon", "bonus-late", "bonus-forever", "paid-old"]
    assert left(held)["paid-old"] == 5
    assert left(held)["paid-new"] == 10


def test_a_settlement_captures_in_the_order_of_consumption_and_gives_the_rest_back_to_its_lots() -> None:
    before = wallet(lot("bonus", 10), lot("paid", 10, LotKind.PAID, None))
    held = model.hold(before, "job", 16, LATER, NOW).wallet
    movement = model.settle(held, "job", 12, NOW)
    assert left(movement.wallet) == {"paid": 8}
    (entry,) = movement.entries
    assert entry.legs == {
        "held_bonus": -10,
        "used_bonus": 10,
        "held_paid": -6,
        "used_paid": 2,
        "available_paid": 4,
    }


def test_nothing_captured_gives_everything_back() -> None:
    before = wallet(lot("bonus", 10))
    after = model.settle(model.hold(before, "job", 10, LATER, NOW).wallet, "job", 0, NOW).wallet
    assert left(after) == {"bonus": 10}
    assert after.holds == ()


def test_points_released_after_their_expiry_expire_with_the_settlement() -> None:
    held = model.hold(wallet(lot("bonus", 10, expires_at=SOON)), "job", 10, LATER, NOW).wallet
    movement = model.settle(held, "job", 4, SOON)
    assert [entry.kind for entry in movement.entries] == [EntryKind.SETTLE, EntryKind.EXPIRE]
    assert movement.wallet.available_points == 0
    assert movement.entries[1].legs == {"available_bonus": -6, "expired_bonus": 6}


def test_expired_points_cannot_be_held() -> None:
    before = wallet(lot("bonus", 10, expires_at=NOW), lot("paid", 3, LotKind.PAID, None))
    with pytest.raises(NotEnoughPoints) as refused:
        model.hold(before, "job", 4, LATER, NOW)
    assert refused.value.details == {"needed": 4, "available": 3}
    assert [entry.kind for entry in model.hold(before, "job", 3, LATER, NOW).entries] == [
        EntryKind.EXPIRE,
        EntryKind.HOLD,
    ]


def test_a_closed_wallet_holds_nothing() -> None:
    with pytest.raises(WalletClosed):
        model.hold(replace(wallet(lot("bonus", 10)), is_open=False), "job", 1, LATER, NOW)


@pytest.mark.parametrize("points", [0, -1])
def test_a_hold_is_positive(points: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        model.hold(wallet(lot("bonus", 10)), "job", points, LATER, NOW)


def test_a_hold_is_settled_once_and_within_what_it_reserved() -> None:
    held = model.hold(wallet(lot("bonus", 10)), "job", 5, LATER, NOW).wallet
    for captured in (6, -1):
        with pytest.raises(ValueError, match="settlement"):
            model.settle(held, "job", captured, NOW)
    settled = model.settle(held, "job", 5, NOW).wallet
    with pytest.raises(ValueError, match="settlement"):
        model.settle(settled, "job", 0, NOW)


def test_a_lot_is_granted_once_and_whole() -> None:
    once = model.grant(wallet(), lot("bonus", 10), NOW).wallet
    with pytest.raises(ValueError, match="before"):
        model.grant(once, lot("bonus", 10), NOW)
    with pytest.raises(ValueError, match="whole"):
        model.grant(wallet(), replace(lot("bonus", 10), remaining_points=9), NOW)


def test_an_unbalanced_entry_cannot_exist() -> None:
    with pytest.raises(ValueError, match="unbalanced"):
        Entry("id", EntryKind.GRANT, "test", {"available_bonus": 1}, {}, NOW, 1, 0)


def test_the_allowance_is_a_burst_and_then_a_trickle() -> None:
    rate, current = Rate(3, timedelta(seconds=10)), wallet()
    for _ in range(3):
        current = model.take_request(current, rate, NOW)
    with pytest.raises(TooManyRequests) as refused:
        model.take_request(current, rate, NOW)
    wait = int(refused.value.details["retry_after_seconds"])
    assert 10 <= wait <= 11
    current = model.take_request(current, rate, NOW + timedelta(seconds=wait))
    with pytest.raises(TooManyRequests):
        model.take_request(current, rate, NOW + timedelta(seconds=wait))


class LedgerWalk(RuleBasedStateMachine):
    """Any sequence of grants, holds, settlements and passing days."""

    def __init__(self) -> None:
        super().__init__()
        self.wallet = wallet()
        self.now = NOW
        self.entries: list[Entry] = []
        self.number = 0

    def _apply(self, movement: model.Movement) -> None:
        self.wallet = movement.wallet
        self.entries.extend(movement.entries)

    @rule(points=st.integers(1, 50), paid=st.booleans(), days=st.integers(1, 5))
    def grant(self, points: int, paid: bool, days: int) -> None:
        self.number += 1
        kind = LotKind.PAID if paid else LotKind.BONUS
        expires_at = None if paid else self.now + timedelta(days=days)
        new = Lot(f"lot-{self.number}", kind, points, points, self.now, expires_at, f"test:{self.number}")
        self._apply(model.grant(self.wallet, new, self.now))

    @rule(points=st.integers(1, 60))
    def hold(self, points: int) -> None:
        self.number += 1
        usable = sum(one.remaining_points for one in self.wallet.lots if not one.is_expired(self.now))
        if usable < points:
            with pytest.raises(NotEnoughPoints):
                model.hold(self.wallet, f"job-{self.number}", points, LATER, self.now)
            return
        self._apply(model.hold(self.wallet, f"job-{self.number}", points, LATER, self.now))

    @precondition(lambda self: bool(self.wallet.holds))
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from(self.wallet.holds))
        captured = data.draw(st.integers(0, chosen.points))
        self._apply(model.settle(self.wallet, chosen.id, captured, self.now))

    @rule(days=st.integers(0, 3))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days, seconds=1)

    @rule()
    def sweep(self) -> None:
        self._apply(model.expire(self.wallet, self.now))

    @invariant()
    def the_ledger_is_the_wallet(self) -> None:
        totals: dict[str, int] = {}
        for entry in self.entries:
            for account, points in entry.legs.items():
                totals[account] = totals.get(account, 0) + points
        assert sum(totals.values()) == 0
        for account, balance in (
            (Account.AVAILABLE, self.wallet.available_points),
            (Account.HELD, self.wallet.held_points),
        ):
            assert sum(totals.get(account.of(kind), 0) for kind in LotKind) == balance

    @invariant()
    def nothing_is_below_zero(self) -> None:
        assert all(0 <= one.remaining_points <= one.granted_points for one in self.wallet.lots)

    @invariant()
    def every_lot_equals_the_sum_of_its_changes(self) -> None:
        for one in self.wallet.lots:
            assert one.remaining_points == sum(entry.lots.get(one.id, 0) for entry in self.entries)

    @invariant()
    def entry_ids_are_unique(self) -> None:
        assert len({entry.id for entry in self.entries}) == len(self.entries)


TestLedgerWalk = LedgerWalk.TestCase
TestLedgerWalk.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
