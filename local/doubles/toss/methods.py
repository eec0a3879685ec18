"""The ways to pay that the Toss window offers, and the part of a Payment that tells of each.

Source: the Payment object of https://docs.tosspayments.com/reference (version 2022-11-16). Words in `method` are
Toss's Korean literals.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")
BANKS = frozenset(
    [
        "02",
        "03",
        "06",
        "07",
        "11",
        "12",
        "20",
        "23",
        "27",
        "31",
        "32",
        "34",
        "35",
        "37",
        "39",
        "45",
        "48",
        "50",
        "54",
        "64",
        "71",
        "81",
        "88",
        "89",
        "90",
        "92",
    ]
)
"""Bank codes of https://docs.tosspayments.com/codes/org-codes."""
_ACCOUNT_DIGITS = 11


@dataclass(frozen=True, kw_only=True)
class Method:
    """One way to pay. `decline` is the code with which confirm refuses it; a minimum is in won."""

    label: str
    minimum: int
    decline: str | None = None
    cancelable_in_parts: bool = True
    easy_pay: str | None = None
    card: bool = False


METHODS: dict[str, Method] = {
    "card": Method(label="카드", minimum=100, card=True),
    "easy_pay": Method(label="간편결제", minimum=100, card=True, easy_pay="토스페이"),
    "easy_pay_money": Method(label="간편결제", minimum=100, easy_pay="카카오페이"),
    "transfer": Method(label="계좌이체", minimum=200),
    "virtual_account": Method(label="가상계좌", minimum=200),
    "card_declined": Method(label="카드", minimum=100, card=True, decline="REJECT_CARD_PAYMENT"),
    "card_stopped": Method(label="카드", minimum=100, card=True, decline="INVALID_STOPPED_CARD"),
    "card_not_in_parts": Method(label="카드", minimum=100, card=True, cancelable_in_parts=False),
}
"""Name in the control API -> the method. The last three are cards with a fate."""


def korean_time(moment: datetime) -> str:
    """ISO 8601 with the Korean offset, to the second, as Payment objects hold it."""
    return moment.astimezone(SEOUL).isoformat(timespec="seconds")


def details(method: Method, amount: int, approval: str) -> dict[str, Any]:
    """The members of a Payment that tell of the method; a virtual account's come from `virtual_account`."""
    found: dict[str, Any] = {"card": None, "easyPay": None, "transfer": None, "virtualAccount": None}
    if method.card:
        found["card"] = _card(amount, approval)
    if method.easy_pay:
        own = 0 if method.card else amount
        found["easyPay"] = {"provider": method.easy_pay, "amount": own, "discountAmount": 0}
    if method.label == "계좌이체":
        found["transfer"] = {"bankCode": "20", "settlementStatus": "INCOMPLETED"}
    return found


def virtual_account(number: int, bank: str, customer_name: str, due: datetime) -> dict[str, Any]:
    """The account that waits for a deposit; numbers of test accounts begin with X."""
    return {
        "accountType": "일반",
        "accountNumber": f"X{number:0{_ACCOUNT_DIGITS}d}",
        "bankCode": bank,
        "customerName": customer_name,
        "depositorName": "",
        "dueDate": korean_time(due),
        "expired": False,
        "refundStatus": "NONE",
        "settlementStatus": "INCOMPLETED",
        "refundReceiveAccount": None,
    }


def due_after(moment: datetime, hours: int) -> datetime:
    """The end of a virtual account opened now."""
    return moment + timedelta(hours=hours)


def _card(amount: int, approval: str) -> dict[str, Any]:
    return {
        "amount": amount,
        "issuerCode": "61",
        "acquirerCode": "31",
        "number": "12341234****123*",
        "installmentPlanMonths": 0,
        "approveNo": approval,
        "useCardPoint": False,
        "cardType": "신용",
        "ownerType": "개인",
        "acquireStatus": "READY",
        "isInterestFree": False,
        "interestPayer": None,
    }
