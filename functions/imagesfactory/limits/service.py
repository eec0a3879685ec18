"""The use case of limits: let a call pass, or say when to come back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from imagesfactory.kit.rate import Rate
from imagesfactory.limits.instance import InstanceAllowances
from imagesfactory.limits.model import Subject, of_address
from imagesfactory.policy.limits import FunctionLimits, Limits


class Counter(Protocol):
    """Whoever keeps allowances."""

    def take(self, rates: dict[Subject, Rate], now: datetime) -> None:
        """Take one call from each allowance, or from none.

        Raises:
            TooManyRequests: one of them is used up.

        """


class LimitService:
    """Counts calls of functions."""

    def __init__(self, policy: Limits, shared: Callable[[], Counter]) -> None:
        """``shared`` is asked for when it is needed: an instance of a cheap function never opens a database."""
        self._policy = policy
        self._shared = shared
        self._instance = InstanceAllowances()

    def admit(self, function: str, uid: str, address: str, now: datetime) -> None:
        """Count a call of ``function``, of the member and of the address: a refused one counts for neither.

        Args:
            function: its deployed name.
            uid: who calls; empty if nobody is signed in.
            address: from where, as the front end saw it; not counted if it is none.
            now: when, UTC.

        Raises:
            TooManyRequests: too often.
            KeyError: policy/limits.yaml does not know the function.

        """
        limits = self._policy.functions[function]
        rates = self._rates(function, limits, uid, address)
        counter: Counter = self._instance if limits.counted == "instance" else self._shared()
        if rates:
            counter.take(rates, now)

    def _rates(self, function: str, limits: FunctionLimits, uid: str, address: str) -> dict[Subject, Rate]:
        rates: dict[Subject, Rate] = {}
        if limits.member and uid:
            rates[Subject(function, "member", uid)] = self._policy.rate(limits.member)
        place = of_address(function, address)
        if limits.address and place is not None:
            rates[place] = self._policy.rate(limits.address)
        return rates
