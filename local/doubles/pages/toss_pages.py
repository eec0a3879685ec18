"""Toss's pages for people: the payment window, receipts, and a dashboard to act as the bank and the shop's staff."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from local.doubles.pages.payment_frame import (
    LATEST_MESSAGES,
    Act,
    PaymentFrame,
    act,
    minor_units,
    read_form,
    redirect,
)
from local.doubles.pages.rendering import asset_routes, gone
from local.doubles.stripe.money import written
from local.doubles.toss.app import TossDouble
from local.doubles.toss.control import TossControl
from local.doubles.toss.errors import CODES, TossRefusal
from local.doubles.toss.payments import TossPayment

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


class TossPages:
    """The pages of the Toss server; /window?orderId=... stands for the payment widget."""

    def __init__(self, frame: PaymentFrame, double: TossDouble, control: TossControl) -> None:
        self.frame, self._double, self._control = frame, double, control

    def routes(self) -> list[BaseRoute]:
        """The routes for people."""
        return [
            Route("/window", self._open_window, methods=["GET"]),
            Route("/window/{key}", self._window, methods=["GET"]),
            Route("/window/{key}", self._leave_window, methods=["POST"]),
            Route("/receipts/{key}", self._toss_receipt, methods=["GET"]),
            Route("/dashboard", self._toss_dashboard, methods=["GET"]),
            Route("/dashboard", self._act_on_toss, methods=["POST"]),
            *asset_routes(),
        ]

    async def _open_window(self, request: Request) -> Response:
        """Open the window for an order, as the widget's requestPayment does in the client's page."""
        query = request.query_params
        try:
            redirects = {name: _safe_address(query[f"{name}Url"]) for name in ("success", "fail")}
            payment = self._double.payments.open_window(
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
        self._double.payments.expire_due()
        payment = self._toss_payment(request)
        if payment is None:
            return gone("payment window")
        return self.frame.page(
            "toss_window.html",
            tuple(payment.redirects.values()),
            payment=payment,
            total=written(payment.body["totalAmount"], "krw"),
            methods=TOSS_METHODS,
            failures=WINDOW_FAILURES[1:],
            problem=None,
        )

    async def _leave_window(self, request: Request) -> Response:
        payment, form = self._toss_payment(request), await read_form(request)
        if payment is None:
            return gone("payment window")
        action = form.get("action", "")
        try:
            if action in WINDOW_FAILURES:
                self._double.payments.close_window(payment, action)
                return _to_fail_url(payment, action)
            if form.get("method") not in TOSS_METHODS:
                return Response("Choose a way to pay.", status_code=400, media_type="text/plain")
            self._double.payments.authenticate(payment, form["method"])
        except TossRefusal as refusal:
            return _to_fail_url(payment, refusal.code)
        body = payment.body
        told = {"paymentType": "NORMAL", "orderId": body["orderId"], "paymentKey": payment.key}
        return redirect(payment.redirects.get("success"), {**told, "amount": str(body["totalAmount"])})

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
        return self.frame.page("payment_receipt.html", (), title="영수증", facts=facts)

    async def _toss_dashboard(self, _: Request) -> Response:
        self._double.payments.expire_due()
        postman = self._double.postman
        return self.frame.page(
            "toss_dashboard.html",
            (),
            payments=self._double.payments.all()[::-1],
            written=written,
            settings=postman.settings,
            messages=list(postman.messages.values())[::-1][:LATEST_MESSAGES],
        )

    async def _act_on_toss(self, request: Request) -> Response:
        control = self._control
        acts: dict[str, Act] = {
            "deposit": lambda named, _: control.deposit(named),
            "take_back": lambda named, _: control.take_deposit_back(named),
            "expire": lambda named, _: control.expire(named),
            "refund": lambda named, form: control.refund(named, minor_units(form, "krw")),
            "post": lambda named, _: self._double.postman.post_again(named),
            "release": lambda _, __: self._double.postman.release(),
        }
        return await act(request, acts)

    def _toss_payment(self, request: Request) -> TossPayment | None:
        try:
            return self._double.payments.by_key(request.path_params["key"])
        except TossRefusal:
            return None


def _to_fail_url(payment: TossPayment, code: str) -> Response:
    message = CODES.get(code, (0, "사용자가 결제를 취소했거나 결제가 중단되었습니다."))[1]
    return redirect(
        payment.redirects.get("fail"), {"code": code, "message": message, "orderId": payment.body["orderId"]}
    )


def _safe_address(address: str) -> str:
    """The address when a browser may be sent there. Raises ValueError for javascript: and the like."""
    if urlsplit(address).scheme.lower() in ("", "javascript", "data", "file", "vbscript", "blob"):
        raise ValueError("an address that a browser can be sent to is needed")
    return address
