"""A day in both books, a provider's and ours: entered line by line, struck out where both say the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_Key = tuple[str, str]
"""By what the provider knows a movement, and its currency."""


@dataclass
class Daybook:
    """What both sides entered. Amounts in the smallest unit of their currency, negative: money out.

    Several lines of one id add up: a refund that failed on the day it was made comes to nothing on either side.
    """

    is_read: bool = True
    """Whether the provider's books could be read to the end; without them nothing is compared."""
    _theirs: Counter[_Key] = field(default_factory=Counter)
    _ours: Counter[_Key] = field(default_factory=Counter)
    _orders: dict[_Key, str] = field(default_factory=dict)
    _sums: dict[str, Counter[str]] = field(default_factory=dict)

    def enter_theirs(self, known_as: str, order_id: str, amount: int, currency: str) -> None:
        """A line of the provider's books."""
        self._enter(self._theirs, "provider", (known_as, currency), order_id, amount)

    def enter_ours(self, known_as: str, order_id: str, amount: int, currency: str) -> None:
        """A line of ours."""
        self._enter(self._ours, "ours", (known_as, currency), order_id, amount)

    def strike_out_matches(self) -> None:
        """Forget what both sides say alike: it counts in the sums and is no difference."""
        for key in [key for key, amount in self._theirs.items() if self._ours[key] == amount]:
            del self._theirs[key], self._ours[key], self._orders[key]

    def sums(self) -> dict[str, dict[str, int]]:
        """By currency: what came in and went out on each side; nothing where the provider could not be read."""
        return {currency: dict(sums) for currency, sums in self._sums.items()} if self.is_read else {}

    def differences(self) -> Iterator[dict[str, Any]]:
        """What one side has not, or has otherwise, by id."""
        if not self.is_read:
            yield {"kind": "provider-unread", "id": ""}
            return
        for key in sorted(self._theirs.keys() | self._ours.keys()):
            theirs, ours = self._theirs[key], self._ours[key]
            if theirs != ours:
                yield {
                    "kind": _kind_of(theirs, ours),
                    "id": key[0],
                    "order_id": self._orders[key],
                    "provider": _side(theirs, key[1]),
                    "ours": _side(ours, key[1]),
                }

    def _enter(self, side: Counter[_Key], name: str, key: _Key, order_id: str, amount: int) -> None:
        side[key] += amount
        self._orders[key] = order_id or self._orders.get(key, "")
        self._sums.setdefault(key[1], Counter())[f"{name}_{'in' if amount >= 0 else 'out'}"] += amount


def _kind_of(theirs: int, ours: int) -> str:
    if not ours:
        return "not-recorded"
    return "amount-differs" if theirs else "not-at-provider"


def _side(amount: int, currency: str) -> dict[str, Any] | None:
    return {"amount": amount, "currency": currency} if amount else None
