"""How often each function may be called, as one validated object."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from imagesfactory.kit.rate import Rate
from imagesfactory.policy.reader import Record, read

MEMBERS_PER_ADDRESS_MIN: Final = 5
"""An address must bear so many members at their own limit: one of them alone locks nobody else out."""

SECONDS_UNTIL_WHOLE_MAX: Final = 24 * 3600


class RateRecord(Record):
    """A rate as it is written down."""

    burst: Annotated[int, Field(ge=1, le=10_000)]
    refill_seconds: Annotated[int, Field(ge=1, le=86_400)]

    @property
    def rate(self) -> Rate:
        """The same as the kit's own type."""
        return Rate(self.burst, timedelta(seconds=self.refill_seconds))

    @model_validator(mode="after")
    def _is_whole_within_a_day(self) -> Self:
        """What is kept of an allowance dies a day after its last use, and must say nothing any more by then."""
        if self.burst * self.refill_seconds > SECONDS_UNTIL_WHOLE_MAX:
            msg = "an allowance must be whole again within a day"
            raise ValueError(msg)
        return self


class FunctionLimits(Record):
    """The limits of one function, by the names of their rates."""

    member: str | None = None
    address: str | None = None
    counted: Literal["shared", "instance"] = "shared"

    @model_validator(mode="after")
    def _some_limit(self) -> Self:
        if self.member is None and self.address is None:
            msg = "a function has some limit, or stands under unlimited"
            raise ValueError(msg)
        return self


class Limits(Record):
    """The whole file."""

    rates: dict[str, RateRecord]
    functions: dict[str, FunctionLimits]
    unlimited: dict[str, str]

    def rate(self, name: str) -> Rate:
        """The rate of that name.

        Raises:
            KeyError: there is none.

        """
        return self.rates[name].rate

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        both = self.functions.keys() & self.unlimited.keys()
        if both:
            msg = f"limited and unlimited: {sorted(both)}"
            raise ValueError(msg)
        for function, limits in self.functions.items():
            unknown = {limits.member, limits.address} - {None} - self.rates.keys()
            if unknown:
                msg = f"{function}: rates that do not exist: {sorted(map(str, unknown))}"
                raise ValueError(msg)
            self._check_crowd(function, limits)
        return self

    def _check_crowd(self, function: str, limits: FunctionLimits) -> None:
        if limits.member is None or limits.address is None:
            return
        one, all_of_them = self.rates[limits.member], self.rates[limits.address]
        if all_of_them.burst < one.burst * MEMBERS_PER_ADDRESS_MIN or all_of_them.refill_seconds > one.refill_seconds:
            msg = f"{function}: a member alone could use up the allowance of an address"
            raise ValueError(msg)


@cache
def limits() -> Limits:
    """The limits, read once."""
    return read("limits.yaml", Limits)
