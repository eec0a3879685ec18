"""The points of one order while they move: its wallet, its ledger and its own counts change here, and so together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from imagesfactory.payments import valuation
from imagesfactory.payments.model import Dispute, Order, Refund
from imagesfactory.points import reversal
from imagesfactory.points.model import Account, Entry, Movement, Wallet

Return = TypeVar("Return", Refund, Dispute)
"""A record of money that went back."""


@dataclass
class OrderPoints:
    """An order and the wallet it was bought for; ``wallet`` is None once that is gone, and then only money counts."""

    order: Order
    wallet: Wallet | None
    now: datetime
    entries: list[Entry] = field(default_factory=list)

    @property
    def left_value(self) -> int:
        """Of the order's amount, what has not gone back and is not on its way."""
        return max(self.order.amount - self.order.refunded_value, 0)

    def unused(self) -> tuple[int, int]:
        """How many paid and bonus points of the order are neither spent nor held."""
        return reversal.unused(self.wallet, self.order.lots(self.now)) if self.wallet is not None else (0, 0)

    def claim(self, back: Return, source: str, value: int, into: Account, *, unused_only: bool = False) -> Return:
        """The record with ``value`` more, or all that is left of the order, and with the points that stands for,
        which are taken back; those that were spent are owed, unless only unused ones are wanted: then they are
        forgiven, and the order counts them as gone all the same.
        """
        value = min(value, self.left_value)
        points, taken = self._take_back(source, value, into, unused_only=unused_only)
        self.count(value, points)
        points = taken.paid_points if unused_only else points
        return replace(
            back,
            value=back.value + value,
            points=back.points + points,
            bonus_points=back.bonus_points + taken.bonus_points,
            owed_points=back.owed_points + taken.owed_points,
        )

    def give_back(self, back: Refund | Dispute, source: str, out_of: Account) -> None:
        """Undo what was claimed for a record."""
        self.count(-back.value, -back.points)
        if self.wallet is not None and (back.points or back.bonus_points):
            bought, given = self.order.lots(self.now), (back.points, back.bonus_points)
            self.move(reversal.give_back(self.wallet, bought, self._named(source), given, self.now, out_of))

    def unlock(self, hold_id: str, into: Account | None) -> None:
        """End a hold of the order's points."""
        if self.wallet is not None:
            self.move(reversal.unlock(self.wallet, hold_id, self.now, into))

    def freeze(self) -> None:
        """Let nobody spend what is left of the order, nor what another hold gives back to it."""
        if self.wallet is None:
            return
        hold_id = f"{self.order.id}-{self.order.revision + 1}"
        frozen = reversal.freeze(self.wallet, self.order.lots(self.now), hold_id, self.now)
        if frozen.wallet.hold(hold_id) is not None:
            self.move(frozen)
            self.order = replace(self.order, frozen_hold=hold_id)

    def thaw(self) -> None:
        """Undo :meth:`freeze`."""
        if self.order.frozen_hold:
            self.unlock(self.order.frozen_hold, None)
            self.order = replace(self.order, frozen_hold="")

    def count(self, value: int, points: int) -> None:
        """Note in the order that so much more went back."""
        self.order = replace(
            self.order,
            refunded_value=self.order.refunded_value + value,
            refunded_points=self.order.refunded_points + points,
        )

    def move(self, movement: Movement) -> None:
        """Go on from the wallet that a movement left."""
        self.wallet = movement.wallet
        self.entries.extend(movement.entries)
        self.order = replace(self.order, revision=self.order.revision + 1)

    def _take_back(self, source: str, value: int, into: Account, *, unused_only: bool) -> tuple[int, reversal.Taken]:
        """Nothing can be taken where nothing was granted, or no wallet is left."""
        if self.wallet is None or not self.order.is_granted:
            return 0, reversal.Taken()
        points = valuation.points_of_value(self.order, value)
        most = self.unused()[0] if unused_only else points
        wanted = (min(points, most), valuation.bonus_share(self.order, points))
        bought = self.order.lots(self.now)
        movement, taken = reversal.take_back(self.wallet, bought, self._named(source), wanted, self.now, into)
        self.move(movement)
        return points, taken

    def _named(self, source: str) -> str:
        """A source that has not been used: a refund can take back, give back and take back again."""
        return f"{source}:{self.order.revision + 1}"
