"""Amounts as Stripe takes them: integers in the currency's smallest unit, within its bounds.

Sources: https://docs.stripe.com/currencies (zero-decimal currencies, minimum charge). The minimum is about USD 0.50 in
settlement value; for currencies without a published minimum the figure here is about that.
"""

from __future__ import annotations

from local.doubles.stripe.errors import StripeRefusal
from local.doubles.stripe.parameters import Parameters

ZERO_DECIMAL = frozenset(
    ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf")
)
TWO_DECIMAL = frozenset(("aud", "cad", "chf", "cny", "eur", "gbp", "hkd", "nzd", "php", "sgd", "thb", "twd", "usd"))
AMOUNT_MAX = 99_999_999
_MINIMUM = {"krw": 700, "jpy": 50, "gbp": 30, "hkd": 400, "usd": 50, "eur": 50}
_MINIMUM_ELSEWHERE = 50


def read_currency(parameters: Parameters, name: str = "currency") -> str:
    """The currency's three letters in lower case. Raises StripeRefusal when it is not one."""
    currency = parameters.needed_text(name).lower()
    if currency not in ZERO_DECIMAL | TWO_DECIMAL:
        raise parameters.refuse(name, f"Invalid currency: {currency}.")
    return currency


def check_amount(parameters: Parameters, name: str, amount: int, currency: str) -> None:
    """Refuse an amount that cannot be charged."""
    if amount < 1:
        raise parameters.refuse(name, "This value must be greater than or equal to 1.", "parameter_invalid_integer")
    if amount < _MINIMUM.get(currency, _MINIMUM_ELSEWHERE):
        raise StripeRefusal(
            f"Amount must be at least {written(_MINIMUM.get(currency, _MINIMUM_ELSEWHERE), currency)}",
            code="amount_too_small",
            param=name,
            worked=False,
        )
    if amount > AMOUNT_MAX:
        raise StripeRefusal(
            f"Amount must be no more than {written(AMOUNT_MAX, currency)}",
            code="amount_too_large",
            param=name,
            worked=False,
        )


def written(amount: int, currency: str) -> str:
    """The amount for people: `12,000 KRW`, `12.34 USD`."""
    if currency in ZERO_DECIMAL:
        return f"{amount:,} {currency.upper()}"
    return f"{amount / 100:,.2f} {currency.upper()}"
