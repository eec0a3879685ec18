"""One line of the benchmark table: what was measured, what it may be, and whether it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One measured figure.

    ``budget`` is the most it may be (the least, where ``more_is_better``); None for a figure that is only reported.
    """

    area: str
    what: str
    measured: float
    unit: str
    budget: float | None = None
    more_is_better: bool = False
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Measured against budget, so that at most 1 is within it."""
        if not self.budget or not self.measured:
            return None
        return self.budget / self.measured if self.more_is_better else self.measured / self.budget

    @property
    def is_within(self) -> bool | None:
        """Whether the budget holds; None without one."""
        return None if self.ratio is None else self.ratio <= 1

    def as_json(self) -> dict[str, Any]:
        """The row as plain values."""
        return {**asdict(self), "ratio": self.ratio, "is_within": self.is_within}
