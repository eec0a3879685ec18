"""The payment pages for people: Stripe's Checkout, Toss's window, and a dashboard for each to act as bank and staff."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from local.doubles.addresses import Addresses
from local.doubles.pages.rendering import Renderer, asset_routes, gone
from local.doubles.payments import PaymentDoubles
from local.doubles.stripe.control import PAYER
from local.doubles.stripe.desk import StripeObject
from local.doubles.stripe.errors import StripeRefusal
from local.doubles.stripe.money import ZERO_DECIMAL, written
from local.doubles.toss.errors import CODES, TossRefusal
from local.doubles.toss.payments import TossPayment

LATEST_MESSAGES = 30
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
TOSS_METHODS = {
    "card": "카드",
    "easy_pay": "간편결제 (토스페이)",
    "easy_pay_money": "간편결제 (카카오페이)",
    "transfer": "계좌이체",
    "virtual_account": "가상계좌 (무통장입금)",
    "card_declined": "카드, 한도 초과로 거절",
    "card_stopped": "카드, 정지되어 거절",
}
WINDOW_FAILURES = ("PAY_PROCESS_CANCELED", "PAY_PROCESS_ABORTED", "REJECT_CARD_COMPANY")
Form = Mapping[str, str]
Act = Callable[[str, Form], object]


class PaymentPages:
    """The pages on the Stripe and on the Toss server."""

    def __init__(self, payments: PaymentDoubles) -> None:
        self._payments = payments
        self._renderer = Renderer()
        self.addresses: Addresses | None = None

    def stripe_routes(self) -> list[BaseRoute]:
        """The pages of the Stripe server."""
        return [
            Route("/c/pay/{id}", self._checkout, methods=["GET"]),
            Route("/c/pay/{id}", self._pay_checkout, methods=["POST"]),
            Route("/receipts/{id}", self._stripe_receipt, methods=["GET"]),
            Route("/dashboard", self._stripe_dashboard, methods=["GET"]),
            Route("/dashboard", self._act_on_stripe, methods=["POST"]),
            *asset_routes(),
        ]

    def toss_routes(self) -> list[BaseRoute]:
        """The pages of the Toss server; /window?orderId=... stands for the payment widget."""
        return [
            Route("/window", self._open_window, methods=["GET"]),
            Route("/window/{key}", self._window, methods=["GET"]),
            Route("/window/{key}", self._leave_window, methods=["POST"]),
            Route("/receipts/{key}", self._toss_receipt, methods=["GET"]),
            Route("/dashboard", self._toss_dashboard, methods=["GET"]),
            Route("/dashboard", self._act_on_toss, methods=["POST"]),
            *asset_routes(),
        ]

    async def _checkout(self, request: Request) -> Response:
        self._payments.stripe.sessions.expire_due()
        return self._checkout_page(request.path_params["id"], None)

    def _checkout_page(self, session_id: str, problem: str | None) -> Response:
        session = self._payments.stripe.desk.store.find(session_id)
        if session is None or session["object"] != "checkout.session":
            return gone("payment page")
        later = LATER.get(session["currency"])
        return self._page(
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
        session_id, form = request.path_params["id"], await _form(request)
        try:
            session = self._payments.stripe.sessions.get(session_id)
            if form.get("action") == "cancel":
                return RedirectResponse(session["cancel_url"] or "/dashboard", status_code=303)
            method, email = form.get("method", ""), form.get("email") or PAYER["email"]
            self._payments.stripe_control.pay_session(session_id, method, email, PAYER["name"])
        except StripeRefusal as refusal:
            return self._checkout_page(session_id, str(refusal))
        target = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session_id)
        return RedirectResponse(target, status_code=303)

    async def _stripe_receipt(self, request: Request) -> Response:
        charge = self._payments.stripe.desk.store.find(request.path_params["id"])
        if charge is None or charge["object"] != "charge":
            return gone("receipt")
        card = charge["payment_method_details"].get("card") or {}
        facts = {
            "Amount": written(charge["amount"], charge["currency"]),
            "Refunded": written(charge["amount_refunded"], charge["currency"]),
            "Paid with": f"{card.get('brand', charge['payment_method_details']['type'])} {card.get('last4', '')}",
            "Charge": charge["id"],
        }
        return self._page("payment_receipt.html", (), title="Receipt", facts=facts)

    async def _stripe_dashboard(self, _: Request) -> Response:
        store = self._payments.stripe.desk.store
        sessions = [one for one in store.of("checkout.session") if one["status"] == "open"]
        postman = self._payments.stripe.postman
        return self._page(
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
        control = self._payments.stripe_control
        acts: dict[str, Act] = {
            "expire": lambda named, _: control.expire_session(named),
            "settle": lambda named, form: control.settle(named, succeeded=form.get("value") == "succeeded"),
            "refund": lambda named, form: control.refund(named, _minor_units(form, self._charge_currency(named))),
            "dispute": lambda named, _: control.dispute(named),
            "close": lambda named, form: control.close_dispute(named, form["value"]),
            "settle_refund": lambda named, form: control.settle_refund(named, form["value"]),
            "post": lambda named, _: self._payments.stripe.postman.post_again(named),
            "release": lambda _, __: self._payments.stripe.postman.release(),
        }
        return await _act(request, acts)

    def _charge_currency(self, named: str) -> str:
        found: StripeObject = self._payments.stripe.desk.store.find(named) or {"currency": "krw"}
        return str(found["currency"])

    async def _open_window(self, request: Request) -> Response:
        """Open the window for an order, as the widget's requestPayment does in the client's page."""
        query = request.query_params
        try:
            redirects = {name: _safe_address(query[f"{name}Url"]) for name in ("success", "fail")}
            payment = self._payments.toss.payments.open_window(
                query["orderId"],
                int(query["amount"]),
                query.get("orderName", "포인트"),
                redirects,
                query.get("customerName", ""),
            )
        except (KeyError, ValueError, TossRefusal):
            words = "Needed: orderId (6 to 64 of A-Z a-z 0-9 - _ =), amount (won), successUrl, failUrl."
            return Response(words, status_code=400, media_type="text/plain")
        return RedirectResponse(f"/window/{payment.key}", status_code=303)

    async def _window(self, request: Request) -> Response:
        self._payments.toss.payments.expire_due()
        payment = self._toss_payment(request)
        if payment is None:
            return gone("payment window")
        return self._page(
            "toss_window.html",
            tuple(payment.redirects.values()),
            payment=payment,
            total=written(payment.body["totalAmount"], "krw"),
            methods=TOSS_METHODS,
            failures=WINDOW_FAILURES[1:],
            problem=None,
        )

    async def _leave_window(self, request: Request) -> Response:
        payment, form = self._toss_payment(request), await _form(request)
        if payment is None:
            return gone("payment window")
        action = form.get("action", "")
        try:
            if action in WINDOW_FAILURES:
                self._payments.toss.payments.close_window(payment, action)
                return _to_fail_url(payment, action)
            if form.get("method") not in TOSS_METHODS:
                return Response("Choose a way to pay.", status_code=400, media_type="text/plain")
            self._payments.toss.payments.authenticate(payment, form["method"])
        except TossRefusal as refusal:
            return _to_fail_url(payment, refusal.code)
        body = payment.body
        told = {"paymentType": "NORMAL", "orderId": body["orderId"], "paymentKey": payment.key}
        return _redirect(payment.redirects.get("success"), {**told, "amount": str(body["totalAmount"])})

    async def _toss_receipt(self, request: Request) -> Response:
        payment = self._toss_payment(request)
        if payment is None or payment.body["receipt"] is None:
            return gone("receipt")
        body = payment.body
        facts = {
            "주문": f"{body['orderName']} ({body['orderId']})",
            "결제 금액": written(body["totalAmount"], "krw"),
            "취소되지 않은 금액": written(body["balanceAmount"], "krw"),
            "결제 수단": body["method"],
            "승인 번호": (body["card"] or {}).get("approveNo", "-"),
            "승인 시각": body["approvedAt"],
        }
        return self._page("payment_receipt.html", (), title="영수증", facts=facts)

    async def _toss_dashboard(self, _: Request) -> Response:
        self._payments.toss.payments.expire_due()
        postman = self._payments.toss.postman
        return self._page(
            "toss_dashboard.html",
            (),
            payments=self._payments.toss.payments.all()[::-1],
            written=written,
            settings=postman.settings,
            messages=list(postman.messages.values())[::-1][:LATEST_MESSAGES],
        )

    async def _act_on_toss(self, request: Request) -> Response:
        control = self._payments.toss_control
        acts: dict[str, Act] = {
            "deposit": lambda named, _: control.deposit(named),
            "take_back": lambda named, _: control.take_deposit_back(named),
            "expire": lambda named, _: control.expire(named),
            "refund": lambda named, form: control.refund(named, _minor_units(form, "krw")),
            "post": lambda named, _: self._payments.toss.postman.post_again(named),
            "release": lambda _, __: self._payments.toss.postman.release(),
        }
        return await _act(request, acts)

    def _toss_payment(self, request: Request) -> TossPayment | None:
        try:
            return self._payments.toss.payments.by_key(request.path_params["key"])
        except TossRefusal:
            return None

    def _page(
        self, template: str, form_targets: tuple[str | None, ...], *, status_code: int = 200, **values: Any
    ) -> Response:
        home = self.addresses.home if self.addresses else "/"
        dashboards = {
            "Stripe": self.addresses.stripe_dashboard if self.addresses else "",
            "Toss": self.addresses.toss_dashboard if self.addresses else "",
        }
        targets = [_source_of(one) for one in form_targets if one]
        return self._renderer.page(
            template, status_code=status_code, form_targets=targets, home=home, dashboards=dashboards, **values
        )


async def _form(request: Request) -> dict[str, str]:
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


async def _act(request: Request, acts: Mapping[str, Act]) -> Response:
    form = await _form(request)
    act = acts.get(form.get("action", ""))
    if act is None:
        return Response("No such action.", status_code=400, media_type="text/plain")
    try:
        act(form.get("id", ""), form)
    except (StripeRefusal, TossRefusal, LookupError, ValueError) as error:
        words = error.message if isinstance(error, TossRefusal) else str(error)
        return Response(f"Refused: {words}", status_code=400, media_type="text/plain")
    return RedirectResponse("/dashboard", status_code=303)


def _minor_units(form: Form, currency: str) -> int | None:
    """The amount typed in (in whole currency units, cents after a dot); None when the field is empty."""
    typed = form.get("amount", "").replace(",", "").strip()
    if not typed:
        return None
    whole, _, cents = typed.partition(".")
    if currency in ZERO_DECIMAL:
        return int(typed)
    return int(whole) * 100 + int(cents.ljust(2, "0")[:2])


def _to_fail_url(payment: TossPayment, code: str) -> Response:
    message = CODES.get(code, (0, "사용자가 결제를 취소했거나 결제가 중단되었습니다."))[1]
    return _redirect(
        payment.redirects.get("fail"), {"code": code, "message": message, "orderId": payment.body["orderId"]}
    )


def _redirect(address: str | None, told: Mapping[str, str]) -> Response:
    if not address:
        return RedirectResponse("/dashboard", status_code=303)
    parts = urlsplit(address)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *told.items()])
    return RedirectResponse(urlunsplit(parts._replace(query=query)), status_code=303)


def _safe_address(address: str) -> str:
    """The address when a browser may be sent there. Raises ValueError for javascript: and the like."""
    if urlsplit(address).scheme.lower() in ("", "javascript", "data", "file", "vbscript", "blob"):
        raise ValueError("an address that a browser can be sent to is needed")
    return address


def _source_of(address: str) -> str:
    """What the page's policy has to allow so that a form may end up at that address."""
    parts = urlsplit(address)
    if parts.scheme in ("http", "https") and parts.hostname:
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}"
    return f"{parts.scheme}:" if parts.scheme.replace("+", "").replace("-", "").replace(".", "").isalnum() else ""
