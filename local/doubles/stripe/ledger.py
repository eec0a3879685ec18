"""Balance transactions: every movement of money on the account, one row each, never changed.

The double keeps one balance per currency and exchanges nothing (`exchange_rate` is null) unless it is told what the
account settles in: a row then has other amounts than its source (https://docs.stripe.com/currencies/conversions). Its
fees are made up, near Stripe's list price: 2.9 % plus 30 cents in currencies with cents, and 15.00 for a dispute
(20,000 without cents). Types and categories: https://docs.stripe.com/reports/balance-transaction-types.
"""

from __future__ import annotations

from local.doubles.stripe.desk import Desk, StripeObject, new_id
from local.doubles.stripe.money import ZERO_DECIMAL

AVAILABLE_AFTER_SECONDS = 2 * 24 * 3600


def book(
    desk: Desk, source: StripeObject, kind: str, category: str, amount: int, fee: int = 0, words: str = ""
) -> StripeObject:
    """Book a movement of `amount` (negative: money leaves) caused by `source`; the row comes back."""
    currency, rate = source["currency"], None
    if desk.exchange is not None and desk.exchange.currency != currency:
        currency, rate = desk.exchange.currency, desk.exchange.rate
        amount, fee = round(amount * rate), round(fee * rate)
    rows = [{"amount": fee, "application": None, "currency": currency, "description": "Stripe fee"}]
    return desk.store.put(
        {
            "id": new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": desk.now() + AVAILABLE_AFTER_SECONDS,
            "balance_type": "payments",
            "created": desk.now(),
            "currency": currency,
            "description": words or None,
            "exchange_rate": rate,
            "fee": fee,
            "fee_details": [{**row, "type": "stripe_fee"} for row in rows] if fee else [],
            "net": amount - fee,
            "reporting_category": category,
            "source": source["id"],
            "status": "pending",
            "type": kind,
        }
    )


def charge_fee(amount: int, currency: str) -> int:
    """The fee for taking a payment."""
    return (amount * 29 + 500) // 1000 + (0 if currency in ZERO_DECIMAL else 30)


def dispute_fee(currency: str) -> int:
    """The fee for a dispute."""
    return 20_000 if currency in ZERO_DECIMAL else 1_500


def balance(desk: Desk) -> StripeObject:
    """The balance object: what every row adds up to, per currency."""
    sums: dict[str, int] = {}
    for row in desk.store.of("balance_transaction"):
        sums[row["currency"]] = sums.get(row["currency"], 0) + row["net"]
    pending = [{"amount": amount, "currency": currency, "source_types": {}} for currency, amount in sums.items()]
    return {"object": "balance", "available": [], "livemode": False, "pending": pending}
