"""Payment intents: from the wish to be paid to the money, by whichever way the payment method takes.

Source of the states: https://docs.stripe.com/payments/payment-intents/verifying-status. Capture is automatic only:
points are delivered at once, so nothing here authorises now and captures later.
"""

from __future__ import annotations

import secrets

from local.doubles.stripe.cards import METHODS, TestMethod
from local.doubles.stripe.charges import Charges
from local.doubles.stripe.desk import API_VERSION, Desk, StripeObject, changed, new_id
from local.doubles.stripe.disputes import Disputes
from local.doubles.stripe.errors import StripeRefusal
from local.doubles.stripe.money import check_amount, read_currency
from local.doubles.stripe.parameters import Parameters

CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
CANCELABLE = (*CONFIRMABLE, "processing")
_CANCEL_REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")


class PaymentIntents:
    """The endpoints under /v1/payment_intents, and what the payer does with an intent."""

    def __init__(self, desk: Desk, charges: Charges, disputes: Disputes) -> None:
        self._desk, self._charges, self._disputes = desk, charges, disputes

    def create(self, parameters: Parameters) -> StripeObject:
        """POST /v1/payment_intents."""
        amount, currency = parameters.needed_integer("amount"), read_currency(parameters)
        check_amount(parameters, "amount", amount, currency)
        refuse_method_types(parameters)
        _read_automatic(parameters)
        confirm = parameters.boolean("confirm")
        parameters.choice("capture_method", ("automatic", "automatic_async"))
        parameters.choice("setup_future_usage", ("off_session", "on_session"))
        parameters.text("return_url")
        method_id = self._method_id(parameters)
        intent = self._object(amount, currency, parameters)
        parameters.finish()
        self.start(intent)
        if method_id:
            changed(intent, payment_method=method_id, status="requires_confirmation")
        if confirm:
            self.pay(intent, method_id or "", {})
        return intent

    def retrieve(self, parameters: Parameters, intent_id: str) -> StripeObject:
        """GET /v1/payment_intents/:id."""
        parameters.text("client_secret")
        parameters.finish()
        return self._get(intent_id)

    def update(self, parameters: Parameters, intent_id: str) -> StripeObject:
        """POST /v1/payment_intents/:id: metadata, description, receipt address, amount before payment."""
        intent = self._get(intent_id)
        values: StripeObject = {"metadata": parameters.metadata(intent["metadata"])}
        values |= {name: parameters.text(name) for name in ("description", "receipt_email") if name in parameters}
        amount = parameters.integer("amount")
        parameters.finish()
        if amount is not None:
            self._expect(intent, CONFIRMABLE, "updated")
            check_amount(parameters, "amount", amount, intent["currency"])
            values["amount"] = amount
        changed(intent, **values)
        return intent

    def confirm(self, parameters: Parameters, intent_id: str) -> StripeObject:
        """POST /v1/payment_intents/:id/confirm."""
        intent = self._get(intent_id)
        refuse_method_types(parameters)
        parameters.text("return_url")
        method_id = self._method_id(parameters)
        if "receipt_email" in parameters:
            intent["receipt_email"] = parameters.text("receipt_email")
        parameters.finish()
        self.pay(intent, method_id or intent["payment_method"] or "", {})
        return intent

    def cancel(self, parameters: Parameters, intent_id: str) -> StripeObject:
        """POST /v1/payment_intents/:id/cancel."""
        intent = self._get(intent_id)
        reason = parameters.choice("cancellation_reason", _CANCEL_REASONS)
        parameters.finish()
        self._expect(intent, CANCELABLE, "canceled")
        if any(one["payment_intent"] == intent_id for one in self._desk.store.of("checkout.session")):
            words = "You cannot cancel this PaymentIntent: it was created by Checkout. Expire the Session instead."
            raise StripeRefusal(words)
        self.give_up(intent, reason)
        return intent

    def start(self, intent: StripeObject) -> None:
        """Keep a new intent and tell of it."""
        self._desk.store.put(intent)
        self._desk.tell("payment_intent.created", intent)

    def give_up(self, intent: StripeObject, reason: str | None) -> None:
        """Cancel an unpaid intent."""
        changed(intent, status="canceled", canceled_at=self._desk.now(), cancellation_reason=reason, next_action=None)
        self._desk.tell("payment_intent.canceled", intent)

    def pay(
        self, intent: StripeObject, method_id: str, billing: StripeObject, *, authenticated: bool = False
    ) -> StripeObject:
        """The payer pays with that method.

        Raises:
            StripeRefusal: 402 when the card is declined, 400 when the intent or the method cannot be used.

        """
        self._expect(intent, CONFIRMABLE, "confirmed")
        method = METHODS.get(method_id)
        if method is None:
            words = "You cannot confirm this PaymentIntent because it's missing a payment method."
            raise StripeRefusal(words, code="payment_intent_unexpected_state", details={"payment_intent": intent})
        _check_currency(method, intent["currency"])
        changed(intent, payment_method=method_id, next_action=None, last_payment_error=None)
        if method.needs_action and not authenticated:
            self._ask_for_action(intent)
            return intent
        charge = self._charges.make(intent, method_id, method, billing)
        self._follow(intent, charge, method)
        return intent

    def settle(self, intent: StripeObject, *, succeeded: bool) -> None:
        """An intent in `processing`, or whose bank account is verified first, learns its fate."""
        self._expect(intent, ("processing", "requires_action"), "settled")
        charge = self._charges.of(intent["latest_charge"])
        if succeeded:
            self._charges.succeed(charge)
            self._succeed(intent)
        else:
            self._charges.fail_later(charge)
            self._fail(intent, charge, None)

    def new(self, amount: int, currency: str, values: StripeObject) -> StripeObject:
        """An intent object, not yet kept."""
        intent_id = new_id("pi")
        return {
            "id": intent_id,
            "object": "payment_intent",
            "amount": amount,
            "amount_capturable": 0,
            "amount_details": {"tip": {}},
            "amount_received": 0,
            "application": None,
            "application_fee_amount": None,
            "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": "automatic_async",
            "client_secret": f"{intent_id}_secret_{secrets.token_hex(12)}",
            "confirmation_method": "automatic",
            "created": self._desk.now(),
            "currency": currency,
            "customer": None,
            "description": None,
            "excluded_payment_method_types": None,
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "metadata": {},
            "next_action": None,
            "on_behalf_of": None,
            "payment_method": None,
            "payment_method_options": {},
            "payment_method_types": ["card"],
            "processing": None,
            "receipt_email": None,
            "review": None,
            "setup_future_usage": None,
            "shipping": None,
            "statement_descriptor": None,
            "statement_descriptor_suffix": None,
            "status": "requires_payment_method",
            "transfer_data": None,
            "transfer_group": None,
            **values,
        }

    def _object(self, amount: int, currency: str, parameters: Parameters) -> StripeObject:
        customer = parameters.text("customer")
        if customer:
            self._desk.store.get("customer", customer, "customer")
        names = ("description", "receipt_email", "statement_descriptor", "statement_descriptor_suffix")
        values: StripeObject = {name: parameters.text(name) for name in names}
        return self.new(amount, currency, {**values, "customer": customer, "metadata": parameters.metadata()})

    def _method_id(self, parameters: Parameters) -> str | None:
        method_id = parameters.text("payment_method")
        if method_id is not None and method_id not in METHODS:
            words = f"No such PaymentMethod: '{method_id}'"
            raise StripeRefusal(words, code="resource_missing", param="payment_method", worked=False)
        return method_id

    def _get(self, intent_id: str) -> StripeObject:
        return self._desk.store.get("payment_intent", intent_id, "intent")

    def _expect(self, intent: StripeObject, states: tuple[str, ...], doing: str) -> None:
        if intent["status"] not in states:
            words = (
                f"This PaymentIntent's status is {intent['status']}, so it cannot be {doing}. "
                f"Only a PaymentIntent with one of the following statuses may be {doing}: {', '.join(states)}."
            )
            raise StripeRefusal(words, code="payment_intent_unexpected_state", details={"payment_intent": intent})

    def _ask_for_action(self, intent: StripeObject) -> None:
        url = f"{self._desk.base_url}/authenticate/{intent['id']}"
        action = {"type": "redirect_to_url", "redirect_to_url": {"return_url": None, "url": url}}
        changed(intent, status="requires_action", next_action=action)
        self._desk.tell("payment_intent.requires_action", intent)

    def _follow(self, intent: StripeObject, charge: StripeObject, method: TestMethod) -> None:
        if charge["status"] == "failed":
            self._fail(intent, charge, method.decline[1] if method.decline else None)
            self._raise_decline(intent, charge)
        if charge["status"] == "pending":
            changed(intent, status="processing", payment_method_types=[method.type])
            if method.needs_verifying:
                changed(intent, status="requires_action", next_action={"type": "verify_with_microdeposits"})
            self._desk.tell(f"payment_intent.{intent['status']}", intent)
            return
        self._succeed(intent)
        if method.dispute_reason:
            self._disputes.open(charge, method.dispute_reason, charge["amount"])

    def _succeed(self, intent: StripeObject) -> None:
        changed(intent, status="succeeded", amount_received=intent["amount"])
        self._desk.tell("payment_intent.succeeded", intent)

    def _fail(self, intent: StripeObject, charge: StripeObject, decline_code: str | None) -> None:
        error = {
            "charge": charge["id"],
            "code": charge["failure_code"],
            "message": charge["failure_message"],
            "payment_method": {"id": charge["payment_method"], "object": "payment_method"},
            "type": "card_error",
        }
        error |= {"decline_code": decline_code} if decline_code else {}
        changed(intent, status="requires_payment_method", payment_method=None, last_payment_error=error)
        self._desk.tell("payment_intent.payment_failed", intent)

    def _raise_decline(self, intent: StripeObject, charge: StripeObject) -> None:
        error = dict(intent["last_payment_error"])
        details = {name: error[name] for name in ("charge", "decline_code", "payment_method") if name in error}
        raise StripeRefusal(
            str(charge["failure_message"]),
            status=402,
            kind="card_error",
            code=str(charge["failure_code"]),
            details={**details, "payment_intent": intent},
        )


def refuse_method_types(parameters: Parameters) -> None:
    """Refuse `payment_method_types` as Stripe does since 2026-09-30, and read past the lists that replaced it."""
    if "payment_method_types" in parameters:
        words = f"payment_method_types cannot be written from API version {API_VERSION} on."
        code = "payment_method_types_no_longer_supported"
        raise parameters.refuse("payment_method_types", words, code)
    for name in ("excluded_payment_method_types", "allowed_payment_method_types"):
        parameters.texts(name)


def _read_automatic(parameters: Parameters) -> None:
    automatic = parameters.nested("automatic_payment_methods")
    if automatic is not None:
        automatic.boolean("enabled")
        automatic.choice("allow_redirects", ("always", "never"))
        automatic.finish()


def _check_currency(method: TestMethod, currency: str) -> None:
    if method.currencies and currency not in method.currencies:
        words = f"The currency {currency} cannot be used with {method.type}: {', '.join(method.currencies)} only."
        raise StripeRefusal(words, code="payment_method_currency_mismatch")
