"""What points cost and what happens when money goes back, as one validated object."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from imagesfactory.policy.reader import Bilingual, Record, read

Points = Annotated[int, Field(ge=0, le=1_000_000)]
Amount = Annotated[int, Field(ge=1, le=100_000_000)]
Percent = Annotated[int, Field(ge=0, le=100)]
ProviderName = Literal["toss", "stripe"]
CurrencyCode = Literal["KRW", "USD"]


class Pack(Record):
    """Points that can be bought together; ``prices`` in the smallest unit of each currency."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")]
    points: Annotated[int, Field(ge=1, le=1_000_000)]
    bonus_points: Points
    name: Bilingual
    prices: Annotated[dict[CurrencyCode, Amount], Field(min_length=1)]


class Currency(Record):
    """How amounts are written, and who takes them."""

    decimals: Annotated[int, Field(ge=0, le=2)]
    symbol: str
    providers: tuple[ProviderName, ...]


class OrderRules(Record):
    """How long an order waits for its money."""

    unpaid_minutes: Annotated[int, Field(ge=31, le=1440)]
    per_page: Annotated[int, Field(ge=1, le=100)]


class RefundRules(Record):
    """The statutory rules of a withdrawal of offer, and our own for later refunds."""

    withdrawal_days: Annotated[int, Field(ge=7)]
    differs_months_from_supply: Annotated[int, Field(ge=3)]
    differs_days_from_knowing: Annotated[int, Field(ge=30)]
    pay_back_business_days: Annotated[int, Field(ge=1, le=3)]
    late_interest_percent_per_year: Percent
    fee_percent_after_withdrawal_period: Annotated[int, Field(ge=0, le=10)]
    notice: Bilingual


class Coupon(Record):
    """Bonus points by code."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{4,32}$")]
    points: Annotated[int, Field(ge=1, le=100_000)]
    first_day: date
    last_day: date
    points_expire_after_days: Annotated[int, Field(ge=1)]


class PaymentRules(Record):
    """The whole file."""

    version: date
    packs: Annotated[tuple[Pack, ...], Field(min_length=1)]
    currencies: dict[CurrencyCode, Currency]
    orders: OrderRules
    refunds: RefundRules
    coupons: tuple[Coupon, ...]

    def pack(self, pack_id: str) -> Pack | None:
        """The pack of that id, if there is one."""
        return next((pack for pack in self.packs if pack.id == pack_id), None)

    def coupon(self, code: str) -> Coupon | None:
        """The coupon of that code, if there is one."""
        return next((coupon for coupon in self.coupons if coupon.code == code), None)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name, ids in (
            ("pack", [pack.id for pack in self.packs]),
            ("coupon", [coupon.code for coupon in self.coupons]),
        ):
            if len(set(ids)) != len(ids):
                msg = f"two of a kind: {name}"
                raise ValueError(msg)
        for pack in self.packs:
            if not pack.prices.keys() <= self.currencies.keys():
                msg = f"{pack.id}: a price in a currency that nobody takes"
                raise ValueError(msg)
        return self


def written(amount: int, currency: str) -> str:
    """An amount as people read it: ``₩10,000``, ``$7.99``."""
    rules = payment_rules().currencies[currency]  # type: ignore[index]
    whole, fraction = divmod(abs(amount), 10**rules.decimals)
    digits = f"{whole:,}" + (f".{fraction:0{rules.decimals}d}" if rules.decimals else "")
    return f"{'-' if amount < 0 else ''}{rules.symbol}{digits}"


@cache
def payment_rules() -> PaymentRules:
    """The rules, read once."""
    return read("payments.yaml", PaymentRules)
