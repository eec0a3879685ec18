"""Refunds: never more than was taken, at once or after a wait, and sometimes coming back.

Sources: https://docs.stripe.com/refunds, https://docs.stripe.com/error-codes (charge_already_refunded,
charge_disputed). `charge.amount_refunded` counts every refund that has not failed.
"""

from __future__ import annotations

from local.doubles.stripe.cards import METHODS
from local.doubles.stripe.charges import Charges
from local.doubles.stripe.desk import Desk, StripeObject, changed, new_id
from local.doubles.stripe.disputes import has_open_dispute
from local.doubles.stripe.errors import StripeRefusal
from local.doubles.stripe.ledger import book
from local.doubles.stripe.money import written
from local.doubles.stripe.parameters import Parameters

REASONS = ("duplicate", "fraudulent", "requested_by_customer")


class Refunds:
    """The endpoints under /v1/refunds, and the fate of a refund."""

    def __init__(self, desk: Desk, charges: Charges) -> None:
        self._desk, self._charges = desk, charges

    def create(self, parameters: Parameters) -> StripeObject:
        """POST /v1/refunds, by charge or by payment intent."""
        charge_id, intent_id = parameters.text("charge"), parameters.text("payment_intent")
        if (charge_id is None) == (intent_id is None):
            words = "One of the following params should be provided for this request: payment_intent or charge."
            raise parameters.refuse("payment_intent", words, "parameter_missing")
        amount = parameters.integer("amount")
        reason = parameters.choice("reason", REASONS)
        metadata = parameters.metadata()
        parameters.text("instructions_email")
        parameters.finish()
        return self.make(self._charge(charge_id, intent_id), amount, reason, metadata)

    def retrieve(self, parameters: Parameters, refund_id: str) -> StripeObject:
        """GET /v1/refunds/:id."""
        parameters.finish()
        return self._desk.store.get("refund", refund_id)

    def update(self, parameters: Parameters, refund_id: str) -> StripeObject:
        """POST /v1/refunds/:id: metadata only."""
        refund = self._desk.store.get("refund", refund_id)
        metadata = parameters.metadata(refund["metadata"])
        parameters.finish()
        self._desk.tell("refund.updated", refund, changed(refund, metadata=metadata))
        return refund

    def make(
        self, charge: StripeObject, amount: int | None, reason: str | None, metadata: dict[str, str]
    ) -> StripeObject:
        """Give back `amount` in the currency's smallest unit (None: all that is left); the refund comes back.

        Raises:
            StripeRefusal: nothing or less than that is left, or the charge is disputed.

        """
        left = charge["amount"] - charge["amount_refunded"]
        self._check(charge, amount, left)
        refund = self._desk.store.put(self._object(charge, left if amount is None else amount, reason, metadata))
        self._take_from(charge, refund)
        planned = self._planned(charge)
        refund["status"] = "pending" if planned == "pending" else "succeeded"
        self._desk.tell("refund.created", refund)
        self._desk.tell("charge.refunded", charge, {"amount_refunded": charge["amount_refunded"] - refund["amount"]})
        if planned == "failed":
            self.fail(refund)
        return refund

    def succeed(self, refund: StripeObject) -> None:
        """A pending refund has reached the payer."""
        self._expect(refund, ("pending",))
        self._tell_update(refund, changed(refund, status="succeeded"))

    def fail(self, refund: StripeObject) -> None:
        """The refund did not reach the payer: the money is on the account again."""
        self._expect(refund, ("pending", "succeeded"))
        row = book(self._desk, refund, "refund_failure", "refund_failure", refund["amount"], words="REFUND FAILED")
        charge = self._desk.store.get("charge", refund["charge"])
        before = changed(
            refund,
            status="failed",
            failure_reason="lost_or_stolen_card",
            failure_balance_transaction=row["id"],
        )
        changed(charge, amount_refunded=charge["amount_refunded"] - refund["amount"], refunded=False)
        self._desk.tell("refund.failed", refund, before)
        self._tell_update(refund, before)
        self._desk.tell("charge.updated", charge)

    def _charge(self, charge_id: str | None, intent_id: str | None) -> StripeObject:
        if charge_id is not None:
            return self._desk.store.get("charge", charge_id, "charge")
        intent = self._desk.store.get("payment_intent", str(intent_id), "payment_intent")
        if intent["latest_charge"] is None:
            words = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
            raise StripeRefusal(words)
        return self._desk.store.get("charge", intent["latest_charge"], "payment_intent")

    def _check(self, charge: StripeObject, amount: int | None, left: int) -> None:
        if charge["status"] != "succeeded":
            raise StripeRefusal(f"This {charge['id']} cannot be refunded: its status is {charge['status']}.")
        if has_open_dispute(self._desk, charge):
            words = f"Charge {charge['id']} has been charged back; cannot issue a refund."
            raise StripeRefusal(words, code="charge_disputed")
        if left == 0:
            words = f"Charge {charge['id']} has already been refunded."
            raise StripeRefusal(words, code="charge_already_refunded")
        if amount is not None and amount < 1:
            words = "This value must be greater than or equal to 1."
            raise StripeRefusal(words, code="parameter_invalid_integer", param="amount", worked=False)
        if amount is not None and amount > left:
            asked, rest = written(amount, charge["currency"]), written(left, charge["currency"])
            words = f"Refund amount ({asked}) is greater than unrefunded amount on charge ({rest})"
            raise StripeRefusal(words, param="amount")

    def _object(self, charge: StripeObject, amount: int, reason: str | None, metadata: dict[str, str]) -> StripeObject:
        kind = charge["payment_method_details"]["type"]
        details = {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"}
        return {
            "id": new_id("re" if kind == "card" else "pyr"),
            "object": "refund",
            "amount": amount,
            "balance_transaction": None,
            "charge": charge["id"],
            "created": self._desk.now(),
            "currency": charge["currency"],
            "destination_details": {"type": kind, kind: details if kind == "card" else {}},
            "metadata": metadata,
            "payment_intent": charge["payment_intent"],
            "reason": reason,
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": "pending",
            "transfer_reversal": None,
        }

    def _take_from(self, charge: StripeObject, refund: StripeObject) -> None:
        kind = "refund" if charge["payment_method_details"]["type"] == "card" else "payment_refund"
        row = book(self._desk, refund, kind, "refund", -refund["amount"], words="REFUND FOR CHARGE")
        refund["balance_transaction"] = row["id"]
        returned = charge["amount_refunded"] + refund["amount"]
        changed(charge, amount_refunded=returned, refunded=returned == charge["amount"])

    def _planned(self, charge: StripeObject) -> str:
        if self._desk.next_refund_status:
            return self._desk.next_refund_status.pop(0)
        return METHODS[charge["payment_method"]].refund_status

    def _expect(self, refund: StripeObject, states: tuple[str, ...]) -> None:
        if refund["status"] not in states:
            raise StripeRefusal(f"This refund's status is {refund['status']}.")

    def _tell_update(self, refund: StripeObject, before: StripeObject) -> None:
        self._desk.tell("refund.updated", refund, before)
        self._desk.tell("charge.refund.updated", refund, before)
