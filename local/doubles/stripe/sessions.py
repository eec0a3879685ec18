"""Checkout Sessions: the hosted payment page's life, from the create call to paid, failed or expired.

Source: https://docs.stripe.com/api/checkout/sessions and https://docs.stripe.com/checkout/fulfillment. Only
`mode=payment` with prices given in the call: the shop's catalogue is its own.
"""

from __future__ import annotations

from local.doubles.stripe.desk import Desk, StripeObject, changed, new_id
from local.doubles.stripe.errors import StripeRefusal
from local.doubles.stripe.intents import PaymentIntents, refuse_method_types
from local.doubles.stripe.money import check_amount, read_currency
from local.doubles.stripe.parameters import Parameters

EXPIRES_SECONDS_MIN = 30 * 60
EXPIRES_SECONDS_MAX = 24 * 3600
REFERENCE_CHARACTERS_MAX = 200
_SLACK_SECONDS = 60  # a request made for exactly 30 minutes is on its way for a while


class CheckoutSessions:
    """The endpoints under /v1/checkout/sessions, and what the payer does on the page."""

    def __init__(self, desk: Desk, intents: PaymentIntents) -> None:
        self._desk, self._intents = desk, intents

    def create(self, parameters: Parameters) -> StripeObject:
        """POST /v1/checkout/sessions."""
        if parameters.choice("mode", ("payment",)) is None:
            raise parameters.refuse("mode", "Missing required param: mode.", "parameter_missing")
        parameters.choice("ui_mode", ("hosted_page",))
        refuse_method_types(parameters)
        session = self._object(parameters)
        session |= self._read_lines(parameters, session["id"])
        session["_intent"] = self._read_intent_data(parameters)
        _read_past(parameters)
        parameters.finish()
        return self._desk.store.put(session)

    def retrieve(self, parameters: Parameters, session_id: str) -> StripeObject:
        """GET /v1/checkout/sessions/:id."""
        parameters.finish()
        return self.get(session_id)

    def update(self, parameters: Parameters, session_id: str) -> StripeObject:
        """POST /v1/checkout/sessions/:id: metadata only."""
        session = self.get(session_id)
        metadata = parameters.metadata(session["metadata"])
        parameters.finish()
        changed(session, metadata=metadata)
        return session

    def expire(self, parameters: Parameters, session_id: str) -> StripeObject:
        """POST /v1/checkout/sessions/:id/expire."""
        parameters.finish()
        session = self.get(session_id)
        if session["status"] != "open":
            words = (
                'Only Checkout Sessions with a status in ["open"] can be expired. '
                f"This Checkout Session has a status of {session['status']}."
            )
            raise StripeRefusal(words)
        self._expire(session)
        return session

    def get(self, session_id: str) -> StripeObject:
        """The session. Raises StripeRefusal (404)."""
        return self._desk.store.get("checkout.session", session_id, "session")

    def of_intent(self, intent_id: str) -> StripeObject | None:
        """The session that made the payment intent, if one did."""
        found = (one for one in self._desk.store.of("checkout.session") if one["payment_intent"] == intent_id)
        return next(found, None)

    def expire_due(self) -> None:
        """Expire every open session whose time is over."""
        for session in self._desk.store.of("checkout.session"):
            if session["status"] == "open" and session["expires_at"] <= self._desk.now():
                self._expire(session)

    def pay(self, session_id: str, method_id: str, email: str, name: str) -> StripeObject:
        """The payer pays on the page with that payment method; the session comes back.

        Raises:
            StripeRefusal: 402 when the card is declined (the session stays open), 400 when it is not open.

        """
        session = self.get(session_id)
        if session["status"] != "open":
            raise StripeRefusal(f"This Checkout Session is {session['status']}.")
        payer = {"email": session["customer_email"] or email, "name": name}
        intent = self._intent_of(session)
        self._intents.pay(intent, method_id, payer, authenticated=True)
        details: StripeObject = {"address": None, "phone": None, "tax_exempt": "none", "tax_ids": [], **payer}
        paid = intent["status"] == "succeeded"
        changed(
            session,
            status="complete",
            payment_status="paid" if paid else "unpaid",
            customer_details=details,
            url=None,
        )
        self._desk.tell("checkout.session.completed", session)
        return session

    def settled(self, session: StripeObject, *, succeeded: bool) -> None:
        """The asynchronous payment of a completed session learned its fate."""
        if succeeded:
            changed(session, payment_status="paid")
        outcome = "succeeded" if succeeded else "failed"
        self._desk.tell(f"checkout.session.async_payment_{outcome}", session)

    def _expire(self, session: StripeObject) -> None:
        changed(session, status="expired", url=None)
        intent = self._desk.store.find(str(session["payment_intent"]))
        if intent is not None:
            self._intents.give_up(intent, "expired")
        self._desk.tell("checkout.session.expired", session)

    def _intent_of(self, session: StripeObject) -> StripeObject:
        """The session's payment intent; it is made when the payer first tries to pay."""
        if session["payment_intent"] is None:
            values = {**session["_intent"], "customer": session["customer"]}
            intent = self._intents.new(session["amount_total"], session["currency"], values)
            session["payment_intent"] = intent["id"]
            self._intents.start(intent)
        return self._desk.store.get("payment_intent", session["payment_intent"])

    def _object(self, parameters: Parameters) -> StripeObject:
        session_id = new_id("cs_test")
        customer = parameters.text("customer")
        if customer:
            self._desk.store.get("customer", customer, "customer")
        return {
            "id": session_id,
            "object": "checkout.session",
            "adaptive_pricing": {"enabled": False},
            "after_expiration": None,
            "allow_promotion_codes": None,
            "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
            "billing_address_collection": None,
            "cancel_url": parameters.text("cancel_url"),
            "client_reference_id": parameters.text("client_reference_id", longest=REFERENCE_CHARACTERS_MAX),
            "client_secret": None,
            "consent": None,
            "created": self._desk.now(),
            "custom_fields": [],
            "customer": customer,
            "customer_creation": parameters.choice("customer_creation", ("always", "if_required"), "if_required"),
            "customer_details": None,
            "customer_email": parameters.text("customer_email", longest=800),
            "discounts": [],
            "expires_at": self._read_expiry(parameters),
            "invoice": None,
            "livemode": False,
            "locale": parameters.text("locale"),
            "metadata": parameters.metadata(),
            "mode": "payment",
            "origin_context": parameters.choice("origin_context", ("mobile_app", "web")),
            "payment_intent": None,
            "payment_link": None,
            "payment_method_types": ["card"],
            "payment_status": "unpaid",
            "recovered_from": None,
            "setup_intent": None,
            "shipping_cost": None,
            "status": "open",
            "submit_type": parameters.choice("submit_type", ("auto", "book", "donate", "pay")),
            "subscription": None,
            "success_url": parameters.needed_text("success_url"),
            "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
            "ui_mode": "hosted_page",
            "url": f"{self._desk.base_url}/c/pay/{session_id}",
        }

    def _read_expiry(self, parameters: Parameters) -> int:
        now = self._desk.now()
        asked = parameters.integer("expires_at")
        if asked is None:
            return now + EXPIRES_SECONDS_MAX
        if asked < now + EXPIRES_SECONDS_MIN - _SLACK_SECONDS:
            words = "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."
            raise parameters.refuse("expires_at", words)
        if asked > now + EXPIRES_SECONDS_MAX + _SLACK_SECONDS:
            words = "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."
            raise parameters.refuse("expires_at", words)
        return asked

    def _read_lines(self, parameters: Parameters, session_id: str) -> StripeObject:
        items = parameters.items("line_items")
        if not items:
            raise parameters.refuse("line_items", "Missing required param: line_items.", "parameter_missing")
        lines = [_read_line(item) for item in items]
        currency = lines[0]["currency"]
        if any(line["currency"] != currency for line in lines):
            raise parameters.refuse("line_items", "All line items must have the same currency.")
        total = sum(line["amount_total"] for line in lines)
        check_amount(parameters, "line_items", total, currency)
        url = f"/v1/checkout/sessions/{session_id}/line_items"
        listed = {"object": "list", "data": lines, "has_more": False, "url": url}
        return {"_lines": listed, "currency": currency, "amount_subtotal": total, "amount_total": total}

    def _read_intent_data(self, parameters: Parameters) -> StripeObject:
        nested = parameters.nested("payment_intent_data")
        if nested is None:
            return {}
        names = ("description", "receipt_email", "statement_descriptor", "statement_descriptor_suffix")
        values: StripeObject = {name: nested.text(name) for name in names}
        values["metadata"] = nested.metadata()
        nested.choice("capture_method", ("automatic", "automatic_async"))
        nested.choice("setup_future_usage", ("off_session", "on_session"))
        nested.finish()
        return values


def _read_line(item: Parameters) -> StripeObject:
    quantity = item.integer("quantity")
    price = item.nested("price_data")
    if price is None:
        raise item.refuse("price_data", "The double has no stored prices: give price_data.", "parameter_missing")
    currency, unit_amount = read_currency(price), price.needed_integer("unit_amount")
    product = price.nested("product_data")
    if product is None:
        raise price.refuse("product_data", "Missing required param: product_data.", "parameter_missing")
    name, description = product.needed_text("name"), product.text("description")
    product.metadata()
    product.texts("images")
    price.choice("tax_behavior", ("exclusive", "inclusive", "unspecified"))
    for one in (product, price, item):
        one.finish()
    if unit_amount < 0 or (quantity is not None and quantity < 1):
        raise item.refuse("quantity", "This value must be greater than or equal to 1.", "parameter_invalid_integer")
    count = 1 if quantity is None else quantity
    return {
        "id": new_id("li"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": unit_amount * count,
        "amount_tax": 0,
        "amount_total": unit_amount * count,
        "currency": currency,
        "description": name,
        "metadata": {},
        "price": {
            "id": new_id("price"),
            "object": "price",
            "currency": currency,
            "nickname": description,
            "type": "one_time",
            "unit_amount": unit_amount,
        },
        "quantity": count,
    }


def _read_past(parameters: Parameters) -> None:
    """Settings of the page's looks and of services that the double does not have, allowed when they are off."""
    for name in ("allow_promotion_codes",):
        parameters.boolean(name)
    parameters.choice("billing_address_collection", ("auto", "required"))
    for name in ("automatic_tax", "adaptive_pricing", "phone_number_collection", "invoice_creation"):
        nested = parameters.nested(name)
        if nested is not None:
            if nested.boolean("enabled"):
                raise parameters.refuse(name, f"The double does not speak of {name}.")
            nested.finish()
