"""The test payment methods that the double takes, and what becomes of a payment with each.

Names and fates are Stripe's own where it has them: https://docs.stripe.com/testing. Two differ on purpose: a bank
debit stays in `processing` until the control API settles it, and `pm_konbini_success` stands for a Japanese
convenience-store payment, so that a zero-decimal currency has an asynchronous method as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class TestMethod:
    """A payment method and its fate; a `decline` is (code, decline_code, words)."""

    __test__ = False  # not a test, whatever pytest thinks of the name

    type: str = "card"
    brand: str = "visa"
    last4: str = "4242"
    country: str = "US"
    decline: tuple[str, str | None, str] | None = None
    needs_action: bool = False
    needs_verifying: bool = False
    """Whether the payer must still prove that the bank account is theirs, which takes days."""
    refund_status: str = "succeeded"
    dispute_reason: str | None = None
    currencies: tuple[str, ...] = ()

    @property
    def asynchronous(self) -> bool:
        """Whether the money's fate is known only later."""
        return self.type != "card"

    def details(self) -> dict[str, Any]:
        """The charge's `payment_method_details`."""
        if self.type != "card":
            return {"type": self.type, self.type: {"last4": self.last4} if self.type == "us_bank_account" else {}}
        card = {
            "authorization_code": None if self.decline else f"{int(self.last4) * 97 % 1_000_000:06d}",
            "brand": self.brand,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            "country": self.country,
            "exp_month": 12,
            "exp_year": 2034,
            "fingerprint": f"local{self.brand}{self.last4}",
            "funding": "credit",
            "installments": None,
            "last4": self.last4,
            "network": self.brand,
            "three_d_secure": None,
            "wallet": None,
        }
        return {"type": "card", "card": card}


def _declined(last4: str, decline_code: str, words: str = "Your card was declined.") -> TestMethod:
    return TestMethod(last4=last4, decline=("card_declined", decline_code, words))


METHODS: dict[str, TestMethod] = {
    "pm_card_visa": TestMethod(),
    "pm_card_mastercard": TestMethod(brand="mastercard", last4="4444"),
    "pm_card_amex": TestMethod(brand="amex", last4="8431"),
    "pm_card_kr": TestMethod(last4="0001", country="KR"),
    "pm_card_jcb": TestMethod(brand="jcb", last4="0505", country="JP"),
    "pm_card_visa_chargeDeclined": _declined("0002", "generic_decline"),
    "pm_card_visa_chargeDeclinedInsufficientFunds": _declined(
        "9995", "insufficient_funds", "Your card has insufficient funds."
    ),
    "pm_card_visa_chargeDeclinedLostCard": _declined("9987", "lost_card"),
    "pm_card_visa_chargeDeclinedStolenCard": _declined("9979", "stolen_card"),
    "pm_card_chargeCustomerFail": _declined("0341", "generic_decline"),
    "pm_card_chargeDeclinedExpiredCard": TestMethod(
        last4="0069", decline=("expired_card", None, "Your card has expired.")
    ),
    "pm_card_chargeDeclinedIncorrectCvc": TestMethod(
        last4="0127", decline=("incorrect_cvc", None, "Your card's security code is incorrect.")
    ),
    "pm_card_chargeDeclinedProcessingError": TestMethod(
        last4="0119", decline=("processing_error", None, "An error occurred while processing your card.")
    ),
    "pm_card_authenticationRequired": TestMethod(last4="3184", needs_action=True),
    "pm_card_pendingRefund": TestMethod(last4="7726", refund_status="pending"),
    "pm_card_refundFail": TestMethod(last4="5126", refund_status="fails later"),
    "pm_card_createDispute": TestMethod(last4="0259", dispute_reason="fraudulent"),
    "pm_card_createDisputeProductNotReceived": TestMethod(last4="2685", dispute_reason="product_not_received"),
    "pm_usBankAccount_success": TestMethod(type="us_bank_account", last4="6789", currencies=("usd",)),
    "pm_usBankAccount_microdeposits": TestMethod(
        type="us_bank_account", last4="6789", needs_verifying=True, currencies=("usd",)
    ),
    "pm_konbini_success": TestMethod(type="konbini", last4="0000", country="JP", currencies=("jpy",)),
}
"""Payment method id -> what it is."""
