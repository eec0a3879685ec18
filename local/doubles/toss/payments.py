"""Toss payments: from the window to money, and back. Pure state; HTTP and webhooks are told through a callback.

Source: https://docs.tosspayments.com/reference and the guides beside it. `balanceAmount`, not the status, says what
is left: parts cancelled down to nothing stay PARTIAL_CANCELED. Toss refuses a second cancel of a payment within a
second; here that is a planned fault (code FORBIDDEN_CONSECUTIVE_REQUEST), so that tests need not wait.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from local.doubles.core.clock import MovableClock
from local.doubles.toss.errors import CODES, TossRefusal
from local.doubles.toss.methods import METHODS, Method, details, due_after, korean_time, virtual_account

READY_MINUTES = 30
CONFIRM_MINUTES = 10
VIRTUAL_ACCOUNT_HOURS = 168
ORDER_ID = re.compile(r"[A-Za-z0-9_=-]{6,64}")
MERCHANT_ID = "imagesfactory"
_WON_WITHOUT_TAX = 11  # prices hold 10 % value added tax: eleven parts, of which one is tax

Tell = Callable[[str, dict[str, Any]], None]
"""Takes a webhook's type and body."""


@dataclass
class TossPayment:
    """One payment: the object as Toss answers it, and what only Toss knows."""

    body: dict[str, Any]
    method: Method | None = None
    ends_at: datetime | None = None
    redirects: dict[str, str] = field(default_factory=dict)
    customer_name: str = ""

    @property
    def key(self) -> str:
        """The paymentKey."""
        return str(self.body["paymentKey"])

    @property
    def status(self) -> str:
        """The status."""
        return str(self.body["status"])


class TossPayments:
    """All payments and transactions. Used from the doubles' one event loop only."""

    def __init__(self, clock: MovableClock, tell: Tell) -> None:
        self._clock, self._tell = clock, tell
        self._payments: dict[str, TossPayment] = {}
        self.transactions: list[dict[str, Any]] = []
        self.base_url = ""

    def clear(self) -> None:
        """Forget everything."""
        self._payments.clear()
        self.transactions.clear()

    def all(self) -> list[TossPayment]:
        """Every payment, oldest first."""
        return list(self._payments.values())

    def by_key(self, payment_key: str) -> TossPayment:
        """The payment of that key. Raises TossRefusal (404)."""
        if payment_key not in self._payments:
            raise TossRefusal("NOT_FOUND_PAYMENT")
        return self._payments[payment_key]

    def by_order(self, order_id: str) -> TossPayment:
        """The latest payment of that order, one that was approved before any other. Raises TossRefusal (404)."""
        found = [one for one in self._payments.values() if one.body["orderId"] == order_id]
        if not found:
            raise TossRefusal("NOT_FOUND_PAYMENT")
        return next((one for one in reversed(found) if one.body["approvedAt"]), found[-1])

    def open_window(
        self, order_id: str, amount: int, order_name: str, redirects: dict[str, str], customer_name: str = ""
    ) -> TossPayment:
        """The client opened the payment window: a READY payment comes back.

        Raises:
            TossRefusal: INVALID_REQUEST for an order id or an amount that Toss does not take.

        """
        if not ORDER_ID.fullmatch(order_id) or amount < 1 or not 1 <= len(order_name) <= 100:
            raise TossRefusal("INVALID_REQUEST")
        payment = TossPayment(self._object(order_id, amount, order_name), redirects=redirects)
        payment.customer_name = customer_name
        payment.ends_at = self._clock.now() + timedelta(minutes=READY_MINUTES)
        self._payments[payment.key] = payment
        return payment

    def authenticate(self, payment: TossPayment, method_name: str) -> None:
        """The payer chose a way to pay and proved to be its owner; confirm is awaited from now on.

        Raises:
            TossRefusal: the window is closed, or the amount is below the method's minimum.

        """
        if payment.status != "READY":
            raise TossRefusal("ALREADY_PROCESSED_PAYMENT")
        method = METHODS[method_name]
        if payment.body["totalAmount"] < method.minimum:
            raise TossRefusal("BELOW_MINIMUM_AMOUNT")
        payment.method = method
        payment.body.update(status="IN_PROGRESS", method=method.label)
        payment.ends_at = self._clock.now() + timedelta(minutes=CONFIRM_MINUTES)

    def confirm(self, payment_key: str, order_id: str, amount: int) -> TossPayment:
        """POST /v1/payments/confirm.

        Raises:
            TossRefusal: unknown, expired, processed already, another order or amount, or declined.

        """
        payment = self._payments.get(payment_key)
        if payment is None or payment.status in ("READY", "EXPIRED"):
            raise TossRefusal("NOT_FOUND_PAYMENT_SESSION" if payment else "NOT_FOUND_PAYMENT")
        if payment.status != "IN_PROGRESS":
            raise TossRefusal("ALREADY_PROCESSED_PAYMENT")
        if payment.body["orderId"] != order_id or payment.body["totalAmount"] != amount:
            raise TossRefusal("INVALID_REQUEST")
        if self._approved_for(order_id):
            raise TossRefusal("DUPLICATED_ORDER_ID")
        method = payment.method
        assert method is not None  # noqa: S101 (IN_PROGRESS follows the choice of a method)
        if method.decline:
            self._abort(payment, method.decline)
        if method.label == "가상계좌":
            self._wait_for_deposit(payment, "20", payment.customer_name or "구매자", VIRTUAL_ACCOUNT_HOURS)
        else:
            payment.body.update(details(method, amount, f"{secrets.randbelow(10**8):08d}"))
            self._approve(payment)
        return payment

    def issue_account(
        self, order_id: str, amount: int, order_name: str, *, bank: str, customer_name: str, hours: int
    ) -> TossPayment:
        """POST /v1/virtual-accounts: an account with no window."""
        if self._approved_for(order_id):
            raise TossRefusal("DUPLICATED_ORDER_ID")
        payment = self.open_window(order_id, amount, order_name, {})
        payment.method = METHODS["virtual_account"]
        payment.body["method"] = payment.method.label
        self._wait_for_deposit(payment, bank, customer_name, hours)
        return payment

    def deposit(self, payment: TossPayment) -> None:
        """The payer has paid into the virtual account. Raises TossRefusal when it does not wait for that."""
        if payment.status != "WAITING_FOR_DEPOSIT":
            raise TossRefusal("INVALID_REQUEST", f"the payment is {payment.status}, not waiting for a deposit")
        payment.body["virtualAccount"]["depositorName"] = payment.body["virtualAccount"]["customerName"]
        self._approve(payment, tell_deposit=True)

    def take_deposit_back(self, payment: TossPayment) -> None:
        """A bank's mistake: the deposit is undone and awaited again. Raises TossRefusal when there was none."""
        if payment.status != "DONE" or payment.body["virtualAccount"] is None:
            raise TossRefusal("INVALID_REQUEST", "only an untouched deposit can be taken back")
        key = new_transaction_key()
        payment.body.update(status="WAITING_FOR_DEPOSIT", approvedAt=None, lastTransactionKey=key)
        payment.ends_at = self._clock.now() + timedelta(hours=VIRTUAL_ACCOUNT_HOURS)
        self._book(payment, payment.body["totalAmount"])
        self._tell_deposit(payment)

    def close_window(self, payment: TossPayment, code: str) -> None:
        """The payment failed or was given up in the window: ABORTED when something was tried, else nothing."""
        if payment.status not in ("READY", "IN_PROGRESS"):
            raise TossRefusal("ALREADY_PROCESSED_PAYMENT")
        if code != "PAY_PROCESS_CANCELED":
            payment.body.update(status="ABORTED", failure={"code": code, "message": CODES.get(code, (0, code))[1]})
            self._tell_status(payment)

    def expire(self, payment: TossPayment) -> None:
        """The time is over. A virtual account ends in silence, as Toss sends no webhook for it."""
        if payment.status not in ("READY", "IN_PROGRESS", "WAITING_FOR_DEPOSIT"):
            raise TossRefusal("INVALID_REQUEST", f"a payment that is {payment.status} does not expire")
        silent = payment.status == "WAITING_FOR_DEPOSIT"
        payment.ends_at = None
        payment.body["status"] = "EXPIRED"
        if silent:
            payment.body["virtualAccount"]["expired"] = True
        else:
            self._tell_status(payment)

    def expire_due(self) -> None:
        """Expire every payment whose time is over."""
        now = self._clock.now()
        for payment in self.all():
            if payment.ends_at is not None and payment.ends_at <= now:
                self.expire(payment)

    def cancelled(self, payment: TossPayment, cancel: dict[str, Any]) -> None:
        """Carry out a cancel whose rules were checked; `cancel` is the entry for `cancels`."""
        body = payment.body
        body["balanceAmount"] -= cancel["cancelAmount"]
        whole = body["balanceAmount"] == 0 and not body["cancels"]
        body["cancels"] = [*(body["cancels"] or []), cancel]
        body["status"] = "CANCELED" if whole else "PARTIAL_CANCELED"
        body["lastTransactionKey"] = cancel["transactionKey"]
        payment.ends_at = None
        self._split_tax(body)
        if body["approvedAt"]:
            self._book(payment, cancel["cancelAmount"])
        self._tell_status(payment)

    def moment(self) -> str:
        """The present, as Payment objects hold it."""
        return korean_time(self._clock.now())

    def _approved_for(self, order_id: str) -> bool:
        taken = ("DONE", "CANCELED", "PARTIAL_CANCELED", "WAITING_FOR_DEPOSIT")
        return any(one.body["orderId"] == order_id and one.status in taken for one in self._payments.values())

    def _abort(self, payment: TossPayment, code: str) -> None:
        failure = {"code": code, "message": CODES[code][1]}
        payment.ends_at = None
        payment.body.update(status="ABORTED", failure=failure)
        self._tell_status(payment)
        raise TossRefusal(code)

    def _approve(self, payment: TossPayment, *, tell_deposit: bool = False) -> None:
        payment.ends_at = None
        payment.body.update(
            status="DONE",
            approvedAt=self.moment(),
            lastTransactionKey=new_transaction_key(),
            receipt={"url": f"{self.base_url}/receipts/{payment.key}"},
        )
        self._book(payment, payment.body["totalAmount"])
        if tell_deposit:
            self._tell_deposit(payment)
        self._tell_status(payment)

    def _wait_for_deposit(self, payment: TossPayment, bank: str, customer_name: str, hours: int) -> None:
        payment.ends_at = due_after(self._clock.now(), hours)
        account = virtual_account(secrets.randbelow(10**11), bank, customer_name, payment.ends_at)
        payment.body.update(
            status="WAITING_FOR_DEPOSIT",
            secret=f"ps_{secrets.token_hex(16)}",
            virtualAccount=account,
            lastTransactionKey=new_transaction_key(),
        )

    def _book(self, payment: TossPayment, amount: int) -> None:
        """Note a transaction. A cancel's amount is positive and its status tells the direction (unverified)."""
        body = payment.body
        self.transactions.append(
            {
                "mId": MERCHANT_ID,
                "transactionKey": body["lastTransactionKey"],
                "paymentKey": payment.key,
                "orderId": body["orderId"],
                "method": body["method"],
                "customerKey": None,
                "useEscrow": False,
                "receiptUrl": (body["receipt"] or {}).get("url"),
                "status": body["status"],
                "transactionAt": self.moment(),
                "currency": body["currency"],
                "amount": amount,
            }
        )

    def _tell_status(self, payment: TossPayment) -> None:
        self._tell("PAYMENT_STATUS_CHANGED", {"eventType": "PAYMENT_STATUS_CHANGED", "data": payment.body})

    def _tell_deposit(self, payment: TossPayment) -> None:
        body = payment.body
        told = {"secret": body["secret"], "status": body["status"], "orderId": body["orderId"]}
        self._tell("DEPOSIT_CALLBACK", {**told, "transactionKey": body["lastTransactionKey"]})

    def _object(self, order_id: str, amount: int, order_name: str) -> dict[str, Any]:
        key = f"tlocal{secrets.token_urlsafe(18)}"
        body: dict[str, Any] = {
            "version": "2022-11-16",
            "mId": MERCHANT_ID,
            "paymentKey": key,
            "type": "NORMAL",
            "orderId": order_id,
            "orderName": order_name,
            "currency": "KRW",
            "method": None,
            "totalAmount": amount,
            "balanceAmount": amount,
            "taxFreeAmount": 0,
            "taxExemptionAmount": 0,
            "status": "READY",
            "requestedAt": self.moment(),
            "useEscrow": False,
            "cultureExpense": False,
            "isPartialCancelable": True,
            "country": "KR",
            "checkout": {"url": f"{self.base_url}/window/{key}"},
        }
        self._split_tax(body)
        absent = ("approvedAt", "lastTransactionKey", "secret", "receipt", "failure", "metadata", "discount", "card")
        more = ("virtualAccount", "transfer", "mobilePhone", "giftCertificate", "easyPay", "cashReceipt")
        return {**body, **dict.fromkeys((*absent, *more, "cashReceipts", "cancels"))}

    @staticmethod
    def _split_tax(body: dict[str, Any]) -> None:
        body["vat"] = (body["balanceAmount"] + _WON_WITHOUT_TAX // 2) // _WON_WITHOUT_TAX
        body["suppliedAmount"] = body["balanceAmount"] - body["vat"]


def new_transaction_key() -> str:
    """A fresh transactionKey, 32 upper-case hexadecimal digits."""
    return secrets.token_hex(16).upper()
