"""Stripe's pages for people: Checkout, receipts, and a dashboard to act as the bank and the shop's staff."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from local.doubles.pages.payment_frame import LATEST_MESSAGES, Act, PaymentFrame, act, minor_units, read_form
from local.doubles.pages.rendering import asset_routes, gone
from local.doubles.stripe.app import StripeDouble
from local.doubles.stripe.control import PAYER, StripeControl
from local.doubles.stripe.desk import StripeObject
from local.doubles.stripe.errors import StripeRefusal
from local.doubles.stripe.money import written

CARDS = {
    "pm_card_visa": "Visa 4242 (paid)",
    "pm_card_kr": "Visa 0001, Korea (paid)",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "Visa 9995 (declined: no funds)",
    "pm_card_chargeDeclinedExpiredCard": "Visa 0069 (declined: expired)",
    "pm_card_pendingRefund": "Visa 7726 (paid; refunds stay pending)",
    "pm_card_refundFail": "Visa 5126 (paid; refunds fail later)",
    "pm_card_createDispute": "Visa 0259 (paid, then disputed)",
}
"""What the Checkout page offers, by the double's names of payment methods."""
LATER = {"usd": ("pm_usBankAccount_success", "Bank debit (decided later)"),
         "jpy": ("pm_konbini_success", "Convenience store (decided later)")}  # fmt: skip


class StripePages:
    """The pages of the Stripe server."""

    def __init__(self, frame: PaymentFrame, double: StripeDouble, control: StripeControl) -> None:
        self.frame, self._double, self._control = frame, double, control

    def routes(self) -> list[BaseRoute]:
        """The routes for people."""
        return [
            Route("/c/pay/{id}", self._checkout, methods=["GET"]),
            Route("/c/pay/{id}", self._pay_checkout, methods=["POST"]),
            Route("/receipts/{id}", self._stripe_receipt, methods=["GET"]),
            Route("/dashboard", self._stripe_dashboard, methods=["GET"]),
            Route("/dashboard", self._act_on_stripe, methods=["POST"]),
            *asset_routes(),
        ]

    async def _checkout(self, request: Request) -> Response:
        self._double.sessions.expire_due()
        return self._checkout_page(request.path_params["id"], None)

    def _checkout_page(self, session_id: str, problem: str | None) -> Response:
        session = self._double.desk.store.find(session_id)
        if session is None or session["object"] != "checkout.session":
            return gone("payment page")
        later = LATER.get(session["currency"])
        return self.frame.page(
            "checkout.html",
            (session["success_url"], session["cancel_url"]),
            status_code=402 if problem else 200,
            session=session,
            lines=session["_lines"]["data"],
            total=written(session["amount_total"], session["currency"]),
            written=written,
            cards={**CARDS, **({later[0]: later[1]} if later else {})},
            email=session["customer_email"] or PAYER["email"],
            problem=problem,
        )

    async def _pay_checkout(self, request: Request) -> Response:
        session_id, form = request.path_params["id"], await read_form(request)
        try:
            session = self._double.sessions.get(session_id)
            if form.get("action") == "cancel":
                return RedirectResponse(session["cancel_url"] or "/dashboard", status_code=303)
            method, email = form.get("method", ""), form.get("email") or PAYER["email"]
            self._control.pay_session(session_id, method, email, PAYER["name"])
        except StripeRefusal as refusal:
            return self._checkout_page(session_id, str(refusal))
        target = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session_id)
        return RedirectResponse(target, status_code=303)

    async def _stripe_receipt(self, request: Request) -> Response:
        charge = self._double.desk.store.find(request.path_params["id"])
        if charge is None or charge["object"] != "charge":
            return gone("receipt")
        card = charge["payment_method_details"].get("card") or {}
        facts = {
            "Amount": written(charge["amount"], charge["currency"]),
            "Refunded": written(charge["amount_refunded"], charge["currency"]),
            "Paid with": f"{card.get('brand', charge['payment_method_details']['type'])} {card.get('last4', '')}",
            "Charge": charge["id"],
        }
        return self.frame.page("payment_receipt.html", (), title="Receipt", facts=facts)

    async def _stripe_dashboard(self, _: Request) -> Response:
        store = self._double.desk.store
        sessions = [one for one in store.of("checkout.session") if one["status"] == "open"]
        postman = self._double.postman
        return self.frame.page(
            "stripe_dashboard.html",
            (),
            sessions=sessions[::-1],
            intents=store.of("payment_intent")[::-1],
            refunds=store.of("refund")[::-1],
            disputes=store.of("dispute")[::-1],
            charge_of=lambda intent: store.find(str(intent["latest_charge"])),
            written=written,
            settings=postman.settings,
            messages=list(postman.messages.values())[::-1][:LATEST_MESSAGES],
        )

    async def _act_on_stripe(self, request: Request) -> Response:
        control = self._control
        acts: dict[str, Act] = {
            "expire": lambda named, _: control.expire_session(named),
            "settle": lambda named, form: control.settle(named, succeeded=form.get("value") == "succeeded"),
            "refund": lambda named, form: control.refund(named, minor_units(form, self._charge_currency(named))),
            "dispute": lambda named, _: control.dispute(named),
            "close": lambda named, form: control.close_dispute(named, form["value"]),
            "settle_refund": lambda named, form: control.settle_refund(named, form["value"]),
            "post": lambda named, _: self._double.postman.post_again(named),
            "release": lambda _, __: self._double.postman.release(),
        }
        return await act(request, acts)

    def _charge_currency(self, named: str) -> str:
        found: StripeObject = self._double.desk.store.find(named) or {"currency": "krw"}
        return str(found["currency"])
