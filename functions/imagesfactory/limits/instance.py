"""Allowances in the memory of one instance: they cost nothing, and count only what this instance was asked."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime
from typing import Final

from imagesfactory.kit.rate import Rate, take
from imagesfactory.limits.model import Subject

KEPT_MAX: Final = 10_000
"""Some three megabytes; whoever asked longest ago is forgotten first, which is to their advantage."""


class InstanceAllowances:
    """A bounded memory of allowances; safe to use from several threads."""

    def __init__(self) -> None:
        self._whole_at: OrderedDict[Subject, datetime] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, rates: dict[Subject, Rate], now: datetime) -> None:
        """Take one call from each allowance, or from none.

        Raises:
            TooManyRequests: one of them is used up.

        """
        with self._lock:
            after = {subject: take(self._whole_at.get(subject), rate, now) for subject, rate in rates.items()}
            for subject, instant in after.items():
                self._whole_at[subject] = instant
                self._whole_at.move_to_end(subject)
            while len(self._whole_at) > KEPT_MAX:
                self._whole_at.popitem(last=False)
