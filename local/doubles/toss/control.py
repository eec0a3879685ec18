"""The control API's part about Toss: what payers, banks and the shop's own staff do, on a test's word."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from local.doubles.core.control_answers import Command, CommandInvalid, commanded, one_of, whole_number
from local.doubles.core.postman_api import postman_routes
from local.doubles.toss.app import TossDouble
from local.doubles.toss.cancelling import cancel
from local.doubles.toss.errors import TossRefusal
from local.doubles.toss.methods import METHODS
from local.doubles.toss.payments import TossPayment

PREFIX = "/_control/toss"
STAFF_REFUND_ACCOUNT = {"bank": "20", "accountNumber": "1002123456789", "holderName": "홍길동"}


class TossControl:
    """Acts for the people around a Toss shop. The pages use it as well."""

    def __init__(self, double: TossDouble) -> None:
        self._double = double

    def routes(self) -> list[Route]:
        """The routes under /_control/toss."""
        commands: dict[str, Command] = {
            "pay": self._pay,
            "payments/{name}/fail": self._fail,
            "payments/{name}/deposit": lambda request, _: self.deposit(_name(request)),
            "payments/{name}/take-back": lambda request, _: self.take_deposit_back(_name(request)),
            "payments/{name}/expire": lambda request, _: self.expire(_name(request)),
            "payments/{name}/refund": self._refund,
            "payments/{name}/refund-arrived": self._refund_arrived,
            "events": self._emit,
        }
        made = [
            Route(f"{PREFIX}/{path}", commanded(do, TossRefusal), methods=["POST"]) for path, do in commands.items()
        ]
        return [*made, *postman_routes(PREFIX, self._double.postman)]

    def find(self, name: str) -> TossPayment:
        """The payment of that key or order id. Raises TossRefusal (404)."""
        try:
            return self._double.payments.by_key(name)
        except TossRefusal:
            return self._double.payments.by_order(name)

    def deposit(self, name: str) -> dict[str, Any]:
        """The payer pays into the virtual account."""
        self._double.payments.expire_due()
        payment = self.find(name)
        self._double.payments.deposit(payment)
        return payment.body

    def take_deposit_back(self, name: str) -> dict[str, Any]:
        """The bank undoes a deposit."""
        payment = self.find(name)
        self._double.payments.take_deposit_back(payment)
        return payment.body

    def expire(self, name: str) -> dict[str, Any]:
        """The payment's time is over."""
        payment = self.find(name)
        self._double.payments.expire(payment)
        return payment.body

    def refund(self, name: str, amount: int | None) -> dict[str, Any]:
        """The shop's staff cancel in Toss's developer centre: all that is left, or so many won."""
        asked: dict[str, Any] = {"cancelReason": "상점관리자에서 취소", "refundReceiveAccount": STAFF_REFUND_ACCOUNT}
        if amount is not None:
            asked["cancelAmount"] = amount
        return cancel(self._double.payments, self.find(name), asked).body

    def _pay(self, _: Request, body: dict[str, Any]) -> dict[str, Any]:
        """Open the window for an order and pay, up to the point where the shop has to confirm."""
        order_id, order_name = body.get("order_id"), body.get("order_name", "포인트")
        if not isinstance(order_id, str) or not isinstance(order_name, str):
            raise CommandInvalid("order_id and order_name are texts")
        method = one_of(body.get("method", "card"), tuple(METHODS))
        self._double.payments.expire_due()
        payment = self._double.payments.open_window(order_id, whole_number(body.get("amount")), order_name, {})
        self._double.payments.authenticate(payment, method)
        return payment.body

    def _fail(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        payment = self.find(_name(request))
        self._double.payments.close_window(payment, str(body.get("code", "PAY_PROCESS_ABORTED")))
        return payment.body

    def _refund(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        amount = body.get("amount")
        return self.refund(_name(request), None if amount is None else whole_number(amount))

    def _refund_arrived(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """The bank says what became of a refund to an account: COMPLETED or FAILED."""
        status = one_of(body.get("status", "COMPLETED"), ("COMPLETED", "FAILED", "PARTIAL_FAILED"))
        payment = self.find(_name(request))
        if (payment.body["virtualAccount"] or {}).get("refundStatus") != "PENDING":
            raise CommandInvalid("no refund to an account is on its way")
        payment.body["virtualAccount"]["refundStatus"] = status
        return payment.body

    def _emit(self, _: Request, body: dict[str, Any]) -> dict[str, Any]:
        """Post a webhook made up by the caller: any type, any body."""
        event_type, told = body.get("type"), body.get("body")
        if not isinstance(event_type, str) or not isinstance(told, dict):
            raise CommandInvalid("a webhook has a type and a body")
        return self._double.tell(event_type, told).to_json()


def _name(request: Request) -> str:
    return str(request.path_params["name"])
