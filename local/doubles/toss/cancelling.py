"""The rules of a Toss cancel: how much, of what, into which account, in which order they are checked.

Source: https://docs.tosspayments.com/guides/v2/cancel-payment and the cancel codes of its error page.
"""

from __future__ import annotations

import re
from typing import Any

from local.doubles.toss.errors import TossRefusal
from local.doubles.toss.methods import BANKS
from local.doubles.toss.payments import TossPayment, TossPayments, new_transaction_key

REASON_CHARACTERS_MAX = 200
HOLDER_CHARACTERS_MAX = 60
_ACCOUNT_NUMBER = re.compile(r"[0-9]{1,20}")


def cancel(payments: TossPayments, payment: TossPayment, body: dict[str, Any]) -> TossPayment:
    """POST /v1/payments/{paymentKey}/cancel.

    Raises:
        TossRefusal: one of the rules is broken; nothing was done.

    """
    reason = body.get("cancelReason")
    if not isinstance(reason, str) or not 1 <= len(reason) <= REASON_CHARACTERS_MAX:
        raise TossRefusal("INVALID_REQUEST", "cancelReason is needed, up to 200 characters")
    _check_status(payment)
    amount = _amount(payment, body)
    account = _account(payment, body)
    payments.cancelled(payment, _entry(payments, payment, reason, amount))
    if account is not None:
        payment.body["virtualAccount"].update(refundStatus="PENDING", refundReceiveAccount=account)
    return payment


def _check_status(payment: TossPayment) -> None:
    if payment.status == "CANCELED":
        raise TossRefusal("ALREADY_CANCELED_PAYMENT")
    if payment.status not in ("DONE", "PARTIAL_CANCELED", "WAITING_FOR_DEPOSIT"):
        raise TossRefusal("NOT_CANCELABLE_PAYMENT")


def _amount(payment: TossPayment, body: dict[str, Any]) -> int:
    left = int(payment.body["balanceAmount"])
    expected = _number(body, "refundableAmount")
    if expected is not None and expected != left:
        raise TossRefusal("NOT_MATCHES_REFUNDABLE_AMOUNT")
    asked = _number(body, "cancelAmount")
    amount = left if asked is None else asked
    if not 1 <= amount <= left:
        raise TossRefusal("NOT_CANCELABLE_AMOUNT")
    if amount < left and payment.status == "WAITING_FOR_DEPOSIT":
        raise TossRefusal("NOT_ALLOWED_PARTIAL_REFUND_WAITING_DEPOSIT")
    if amount < left and payment.method is not None and not payment.method.cancelable_in_parts:
        raise TossRefusal("NOT_ALLOWED_PARTIAL_REFUND")
    return amount


def _number(body: dict[str, Any], name: str) -> int | None:
    value = body.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise TossRefusal("INVALID_REQUEST", f"{name} must be a whole number of won")
    return value


def _account(payment: TossPayment, body: dict[str, Any]) -> dict[str, str] | None:
    """The account that the money goes to: needed for a deposit that arrived, for nothing else."""
    if payment.body["virtualAccount"] is None or payment.status == "WAITING_FOR_DEPOSIT":
        return None
    given = body.get("refundReceiveAccount")
    if not isinstance(given, dict):
        raise TossRefusal("INVALID_REFUND_ACCOUNT_INFO")
    bank, number, holder = (given.get(name) for name in ("bank", "accountNumber", "holderName"))
    if bank not in BANKS:
        raise TossRefusal("INVALID_BANK")
    if not isinstance(number, str) or not _ACCOUNT_NUMBER.fullmatch(number):
        raise TossRefusal("INVALID_REFUND_ACCOUNT_NUMBER")
    if not isinstance(holder, str) or not 1 <= len(holder) <= HOLDER_CHARACTERS_MAX:
        raise TossRefusal("INVALID_REFUND_ACCOUNT_INFO")
    return {"bankCode": bank, "accountNumber": number, "holderName": holder}


def _entry(payments: TossPayments, payment: TossPayment, reason: str, amount: int) -> dict[str, Any]:
    return {
        "cancelAmount": amount,
        "cancelReason": reason,
        "taxFreeAmount": 0,
        "taxExemptionAmount": 0,
        "refundableAmount": payment.body["balanceAmount"] - amount,
        "cardDiscountAmount": 0,
        "transferDiscountAmount": 0,
        "easyPayDiscountAmount": 0,
        "canceledAt": payments.moment(),
        "transactionKey": new_transaction_key(),
        "receiptKey": None,
        "cancelStatus": "DONE",
        "cancelRequestId": None,
    }
