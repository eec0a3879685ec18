"""Disputes: the payer's bank takes the money back, and sometimes returns it.

Sources: https://docs.stripe.com/disputes/how-disputes-work, https://docs.stripe.com/api/disputes/object. An inquiry
(`warning_...`) moves no money and leaves the charge refundable.
"""

from __future__ import annotations

from local.doubles.stripe.desk import Desk, StripeObject, changed, new_id
from local.doubles.stripe.errors import StripeRefusal
from local.doubles.stripe.ledger import book, dispute_fee
from local.doubles.stripe.parameters import Parameters

ANSWER_SECONDS = 9 * 24 * 3600
OPEN = ("needs_response", "under_review")
OPEN_INQUIRY = ("warning_needs_response", "warning_under_review")
REASONS = (
    "bank_cannot_process",
    "credit_not_processed",
    "customer_initiated",
    "duplicate",
    "fraudulent",
    "general",
    "product_not_received",
    "product_unacceptable",
    "subscription_canceled",
    "unrecognized",
)
EVIDENCE = (
    "access_activity_log",
    "cancellation_policy",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "uncategorized_text",
)


def has_open_dispute(desk: Desk, charge: StripeObject) -> bool:
    """Whether a dispute (no mere inquiry) of the charge is open or lost: then nothing of it can be refunded."""
    blocking = (*OPEN, "lost")
    return any(one["charge"] == charge["id"] and one["status"] in blocking for one in desk.store.of("dispute"))


class Disputes:
    """The endpoints under /v1/disputes, and what the payer's bank does."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def retrieve(self, parameters: Parameters, dispute_id: str) -> StripeObject:
        """GET /v1/disputes/:id."""
        parameters.finish()
        return self._desk.store.get("dispute", dispute_id)

    def update(self, parameters: Parameters, dispute_id: str) -> StripeObject:
        """POST /v1/disputes/:id: evidence, submitted unless `submit` is false."""
        dispute = self._desk.store.get("dispute", dispute_id)
        metadata = parameters.metadata(dispute["metadata"])
        submit = parameters.boolean("submit", default=True)
        given = self._read_evidence(parameters)
        parameters.finish()
        self._expect(dispute, (*OPEN, *OPEN_INQUIRY))
        evidence = {**dispute["evidence"], **given}
        values: StripeObject = {"evidence": evidence, "metadata": metadata}
        values["evidence_details"] = {**dispute["evidence_details"], "has_evidence": any(evidence.values())}
        if submit and given:
            values["evidence_details"]["submission_count"] += 1
            values["status"] = dispute["status"].replace("needs_response", "under_review")
        self._desk.tell("charge.dispute.updated", dispute, changed(dispute, **values))
        return dispute

    def accept(self, parameters: Parameters, dispute_id: str) -> StripeObject:
        """POST /v1/disputes/:id/close: the shop gives in, the dispute is lost."""
        parameters.finish()
        dispute = self._desk.store.get("dispute", dispute_id)
        self.close(dispute, "lost")
        return dispute

    def open(self, charge: StripeObject, reason: str, amount: int, *, inquiry: bool = False) -> StripeObject:
        """The payer's bank disputes the charge; the dispute comes back.

        Raises:
            StripeRefusal: the charge was not paid or is disputed already, or the amount is above the charge's.

        """
        if charge["status"] != "succeeded" or has_open_dispute(self._desk, charge):
            raise StripeRefusal(f"Charge {charge['id']} cannot be disputed now.")
        if not 1 <= amount <= charge["amount"]:
            raise StripeRefusal("A dispute is about 1 up to the whole charge.", param="amount")
        dispute = self._desk.store.put(self._object(charge, reason, amount, inquiry=inquiry))
        changed(charge, disputed=True)
        self._desk.tell("charge.dispute.created", dispute)
        if not inquiry:
            self._withdraw(dispute)
        return dispute

    def close(self, dispute: StripeObject, outcome: str) -> None:
        """The bank decides: `won` (the money is ours again) or `lost`; an inquiry is closed either way."""
        self._expect(dispute, (*OPEN, *OPEN_INQUIRY))
        inquiry = dispute["status"] in OPEN_INQUIRY
        before = changed(dispute, status="warning_closed" if inquiry else outcome)
        if outcome == "won" and not inquiry:
            self._reinstate(dispute)
        self._desk.tell("charge.dispute.closed", dispute, before)

    def escalate(self, dispute: StripeObject) -> None:
        """An inquiry, even a closed one, becomes a dispute."""
        self._expect(dispute, (*OPEN_INQUIRY, "warning_closed"))
        before = changed(dispute, status="needs_response", is_charge_refundable=False)
        self._withdraw(dispute)
        self._desk.tell("charge.dispute.updated", dispute, before)

    def appeal(self, dispute: StripeObject) -> None:
        """The bank decides a lost dispute anew, in the shop's favour."""
        self._expect(dispute, ("lost",))
        before = changed(dispute, status="won")
        self._reinstate(dispute)
        self._desk.tell("charge.dispute.updated", dispute, before)

    def _withdraw(self, dispute: StripeObject) -> None:
        fee = dispute_fee(dispute["currency"])
        row = book(self._desk, dispute, "adjustment", "dispute", -dispute["amount"], fee, "Chargeback withdrawal")
        dispute["balance_transactions"].append(row)
        self._desk.tell("charge.dispute.funds_withdrawn", dispute)

    def _reinstate(self, dispute: StripeObject) -> None:
        words = "Chargeback reversal"
        row = book(self._desk, dispute, "adjustment", "dispute_reversal", dispute["amount"], 0, words)
        dispute["balance_transactions"].append(row)
        self._desk.tell("charge.dispute.funds_reinstated", dispute)

    def _read_evidence(self, parameters: Parameters) -> dict[str, str | None]:
        nested = parameters.nested("evidence")
        if nested is None:
            return {}
        given = {name: nested.text(name, longest=20_000) for name in EVIDENCE if name in nested}
        nested.finish()
        return given

    def _expect(self, dispute: StripeObject, states: tuple[str, ...]) -> None:
        if dispute["status"] not in states:
            raise StripeRefusal("This dispute is already closed.")

    def _object(self, charge: StripeObject, reason: str, amount: int, *, inquiry: bool) -> StripeObject:
        return {
            "id": new_id("du"),
            "object": "dispute",
            "amount": amount,
            "balance_transactions": [],
            "charge": charge["id"],
            "created": self._desk.now(),
            "currency": charge["currency"],
            "enhanced_eligibility_types": [],
            "evidence": dict.fromkeys(EVIDENCE),
            "evidence_details": {
                "due_by": self._desk.now() + ANSWER_SECONDS,
                "enhanced_eligibility": {},
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            "is_charge_refundable": inquiry,
            "livemode": False,
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "payment_method_details": {"type": charge["payment_method_details"]["type"]},
            "reason": reason,
            "status": "warning_needs_response" if inquiry else "needs_response",
        }
