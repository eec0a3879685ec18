"""Charges: money taken with one payment method for one payment intent, at once or after a wait."""

from __future__ import annotations

from local.doubles.stripe.cards import TestMethod
from local.doubles.stripe.desk import Desk, StripeObject, changed, new_id
from local.doubles.stripe.errors import StripeRefusal
from local.doubles.stripe.ledger import book, charge_fee


class Charges:
    """Makes charges and lets their fate come true."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def make(self, intent: StripeObject, method_id: str, method: TestMethod, billing: StripeObject) -> StripeObject:
        """Try to take the intent's money: a succeeded, pending or failed charge comes back, its event is told."""
        charge = self._desk.store.put(self._object(intent, method_id, method, billing))
        intent["latest_charge"] = charge["id"]
        if method.decline:
            self._fail(charge, *method.decline)
        elif method.asynchronous:
            self._desk.tell("charge.pending", charge)
        else:
            self.succeed(charge)
        return charge

    def succeed(self, charge: StripeObject) -> None:
        """The money has come; it is booked at once, or later where that was planned.

        Source: https://docs.stripe.com/payments/payment-intents/asynchronous-capture.
        """
        if not self._desk.books_late:
            self._book(charge)
        changed(
            charge,
            status="succeeded",
            paid=True,
            captured=True,
            amount_captured=charge["amount"],
            receipt_url=f"{self._desk.base_url}/receipts/{charge['id']}",
            outcome=_outcome("authorized", "Payment complete.", None),
        )
        self._desk.tell("charge.succeeded", charge)

    def book_late(self, charge: StripeObject) -> None:
        """Book a payment whose money came before. Raises StripeRefusal when it is booked, or never came."""
        if charge["status"] != "succeeded" or charge["balance_transaction"]:
            raise StripeRefusal(f"Charge {charge['id']} waits for no booking.")
        self._book(charge)
        self._desk.tell("charge.updated", charge, {"balance_transaction": None})

    def fail_later(self, charge: StripeObject) -> None:
        """A pending charge comes to nothing."""
        self._fail(charge, "insufficient_funds", None, "The customer's account has insufficient funds.")

    def of(self, charge_or_intent: str) -> StripeObject:
        """The charge of that id, or the latest one of that payment intent. Raises StripeRefusal (404)."""
        found = self._desk.store.find(charge_or_intent)
        if found is not None and found["object"] == "payment_intent":
            return self._desk.store.get("charge", str(found["latest_charge"]), "payment_intent")
        return self._desk.store.get("charge", charge_or_intent, "charge")

    def _book(self, charge: StripeObject) -> None:
        kind = "charge" if charge["payment_method_details"]["type"] == "card" else "payment"
        fee = charge_fee(charge["amount"], charge["currency"])
        charge["balance_transaction"] = book(self._desk, charge, kind, "charge", charge["amount"], fee)["id"]

    def _fail(self, charge: StripeObject, code: str, decline_code: str | None, words: str) -> None:
        outcome = _outcome("issuer_declined", words, decline_code or code)
        changed(charge, status="failed", failure_code=code, failure_message=words, outcome=outcome)
        self._desk.tell("charge.failed", charge)

    def _object(self, intent: StripeObject, method_id: str, method: TestMethod, billing: StripeObject) -> StripeObject:
        return {
            "id": new_id("ch" if method.type == "card" else "py"),
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": 0,
            "amount_refunded": 0,
            "application": None,
            "application_fee": None,
            "application_fee_amount": None,
            "balance_transaction": None,
            "billing_details": {"address": {}, "email": None, "name": None, "phone": None, "tax_id": None, **billing},
            "calculated_statement_descriptor": "IMAGESFACTORY",
            "captured": False,
            "created": self._desk.now(),
            "currency": intent["currency"],
            "customer": intent["customer"],
            "description": intent["description"],
            "disputed": False,
            "failure_balance_transaction": None,
            "failure_code": None,
            "failure_message": None,
            "fraud_details": {},
            "livemode": False,
            "metadata": dict(intent["metadata"]),
            "on_behalf_of": None,
            "outcome": None,
            "paid": False,
            "payment_intent": intent["id"],
            "payment_method": method_id,
            "payment_method_details": method.details(),
            "receipt_email": intent["receipt_email"],
            "receipt_number": None,
            "receipt_url": None,
            "refunded": False,
            "review": None,
            "shipping": None,
            "source_transfer": None,
            "statement_descriptor": None,
            "statement_descriptor_suffix": None,
            "status": "pending",
            "transfer_data": None,
            "transfer_group": None,
        }


def _outcome(kind: str, words: str, reason: str | None) -> StripeObject:
    network = "approved_by_network" if kind == "authorized" else "declined_by_network"
    return {
        "network_status": network,
        "reason": reason,
        "risk_level": "normal",
        "seller_message": words,
        "type": kind,
    }
