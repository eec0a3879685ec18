"""Domestic payments by Toss Payments' core API. It has no SDK for Python.

Source: docs.tosspayments.com/reference and /reference/error-codes, version 2022-11-16. Errors are told apart by their
code and never by their status: one status covers definite refusals and unknown outcomes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from imagesfactory.kit import log
from imagesfactory.kit.clock import SEOUL
from imagesfactory.payments.model import MethodFacts, Order, Refund, RefundState
from imagesfactory.payments.ports import (
    Deposit,
    MoneyState,
    Opening,
    ProviderBusy,
    ProviderRefused,
    ProviderUnusable,
    RefundTruth,
    Transaction,
    Truth,
)
from imagesfactory.vendors.answers import AnswerTooLarge, AnswerTooLate, delay_asked, read_within, safe_code
from imagesfactory.vendors.toss_institutions import BANKS, CARD_COMPANIES

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

CONNECT_SECONDS: Final = 5.0
CONFIRM_SECONDS: Final = 60.0
"""Toss advises to wait this long for an approval."""
READ_SECONDS: Final = 15.0
ANSWER_BYTES_MAX: Final = 8 * 1024 * 1024
TRANSACTIONS_PER_PAGE: Final = 1000

UNCLEAR_CODES: Final = frozenset(
    {
        "PROVIDER_ERROR",
        "IDEMPOTENT_REQUEST_PROCESSING",
        "FORBIDDEN_CONSECUTIVE_REQUEST",
        "ALREADY_PROCESSED_PAYMENT",
        "ALREADY_CANCELED_PAYMENT",
        "ALREADY_REFUND_PAYMENT",
        "NOT_MATCHES_REFUNDABLE_AMOUNT",
    }
)
"""Whatever was asked may have happened already, by us or by somebody else: look before deciding."""
UNUSABLE_CODES: Final = frozenset({"INVALID_API_KEY", "UNAUTHORIZED_KEY", "INCORRECT_BASIC_AUTH_FORMAT"})
NOT_FOUND_CODES: Final = frozenset({"NOT_FOUND_PAYMENT", "NOT_FOUND", "NOT_FOUND_PAYMENT_SESSION"})

_STATES: Final = {
    "READY": MoneyState.NONE,
    "IN_PROGRESS": MoneyState.NONE,
    "WAITING_FOR_DEPOSIT": MoneyState.WAITING,
    "DONE": MoneyState.PAID,
    "PARTIAL_CANCELED": MoneyState.PAID,
    "ABORTED": MoneyState.FAILED,
    "EXPIRED": MoneyState.EXPIRED,
}
_METHODS: Final = {
    "카드": "card",
    "가상계좌": "virtual-account",
    "간편결제": "easy-pay",
    "휴대폰": "mobile-phone",
    "계좌이체": "transfer",
    "문화상품권": "gift-certificate",
    "도서문화상품권": "gift-certificate",
    "게임문화상품권": "gift-certificate",
}
_BOOKED: Final = frozenset({"DONE", "CANCELED", "PARTIAL_CANCELED"})
_REFUND_TAG: Final = "refund:"


class TossPayments:
    """A PaymentProvider whose payments are confirmed by us. Amounts are won."""

    def __init__(self, *, secret_key: str, base_url: str) -> None:
        self._secret_key = secret_key
        self._base_url = base_url.rstrip("/")

    def open(self, order: Order) -> Opening:
        """Nothing to ask: the window is opened by the buyer's app with the order's id and amount."""
        return Opening()

    def confirm(self, order: Order) -> None:
        """Take the money of the authorised payment ``order.reference``; see the port for errors."""
        body = {"paymentKey": order.reference, "orderId": order.id, "amount": order.amount}
        key = f"confirm:{order.id}:{order.amount}:{order.reference}"[:300]
        self._call("POST", "/v1/payments/confirm", body=body, key=key, seconds=CONFIRM_SECONDS)

    def close(self, order: Order) -> None:
        """Nothing to close before the money: without our confirmation nothing is paid. A virtual account that waits
        is cancelled.
        """
        if order.reference:
            body = {"cancelReason": "order expired"}
            self._call("POST", f"/v1/payments/{order.reference}/cancel", body=body, key=f"close:{order.id}")

    def read(self, order: Order, known_refunds: int, known_disputes: int) -> Truth:
        """One look at the payment, by its key or else by the order. Toss has no disputes."""
        path = f"/v1/payments/{order.reference}" if order.reference else f"/v1/payments/orders/{order.id}"
        try:
            payment = self._call("GET", path)
        except ProviderRefused as refused:
            if refused.code in NOT_FOUND_CODES:
                return Truth(MoneyState.NONE)
            raise
        if payment.get("orderId") != order.id:
            raise ProviderRefused("payment_of_another_order")
        return _truth(payment)

    def refund(self, order: Order, refund: Refund) -> None:
        """Cancel a part of the payment; ``refundableAmount`` makes Toss refuse if anybody cancelled meanwhile."""
        payment = self._call("GET", f"/v1/payments/{order.reference}")
        if any(told.our_refund_id == refund.id for told in _refunds(payment)):
            return
        body: dict[str, Any] = {
            "cancelReason": f"Unused points [{_REFUND_TAG}{refund.id}]",
            "cancelAmount": refund.amount,
            "refundableAmount": payment.get("balanceAmount"),
        }
        if refund.account is not None:
            body["refundReceiveAccount"] = {
                "bank": refund.account.bank,
                "accountNumber": refund.account.account_number,
                "holderName": refund.account.holder_name,
            }
        # The balance is part of the key: Toss ignores the body of a repeated key, and answers a refusal again.
        key = f"{refund.idempotency_key}:{payment.get('balanceAmount')}"
        path = f"/v1/payments/{order.reference}/cancel"
        self._call("POST", path, body=body, key=key, seconds=CONFIRM_SECONDS)

    def order_of(self, reference: str) -> str:
        """The order of a payment key."""
        try:
            return str(self._call("GET", f"/v1/payments/{reference}").get("orderId") or "")
        except ProviderRefused:
            return ""

    def transactions(self, start: datetime, end: datetime) -> Iterator[Transaction]:
        """Approvals and cancels, a page at a time. Toss counts in Korean time and whole seconds."""
        after = ""
        while True:
            query = {
                "startDate": _local(start),
                "endDate": _local(end - timedelta(seconds=1)),
                "limit": str(TRANSACTIONS_PER_PAGE),
                **({"startingAfter": after} if after else {}),
            }
            page = self._call("GET", "/v1/transactions", query=query)
            lines = page if isinstance(page, list) else []
            yield from (_transaction(line) for line in lines if line.get("status") in _BOOKED)
            if len(lines) < TRANSACTIONS_PER_PAGE:
                return
            after = str(lines[-1]["transactionKey"])

    def _call(
        self,
        method: str,
        path: str,
        *,
        body: dict[str, Any] | None = None,
        query: dict[str, str] | None = None,
        key: str = "",
        seconds: float = READ_SECONDS,
    ) -> Any:
        """One call, made exactly once; its JSON."""
        import requests

        if not self._secret_key:
            raise ProviderUnusable("api_key_missing")
        deadline_seconds = monotonic() + seconds
        try:
            with requests.request(
                method,
                f"{self._base_url}{path}",
                json=body,
                params=query,
                headers={"Idempotency-Key": key} if key else {},
                auth=_basic(self._secret_key),
                timeout=(CONNECT_SECONDS, seconds),
                allow_redirects=False,
                stream=True,
            ) as response:
                content = read_within(
                    response.iter_content(64 * 1024), deadline_seconds=deadline_seconds, bytes_max=ANSWER_BYTES_MAX
                )
        except (requests.RequestException, AnswerTooLate, AnswerTooLarge):
            raise ProviderBusy from None
        return _understood(response, content)


def _basic(secret_key: str) -> Callable[[PreparedRequest], PreparedRequest]:
    """The key as user name with an empty password; as an auth object, so that no .netrc takes its place."""
    from requests.auth import HTTPBasicAuth

    return HTTPBasicAuth(secret_key, "")


def _understood(response: Response, content: bytes) -> Any:
    try:
        answer = json.loads(content)
    except ValueError:
        raise ProviderBusy from None
    if response.status_code == 200:
        return answer
    code = safe_code(answer.get("code") if isinstance(answer, dict) else None, f"status-{response.status_code}")
    if code in UNUSABLE_CODES:
        raise ProviderUnusable(code)
    if code in UNCLEAR_CODES or response.status_code >= 500 or response.status_code in {408, 409, 429}:
        raise ProviderBusy(delay_asked(response.headers))
    raise ProviderRefused(code)


def _truth(payment: dict[str, Any]) -> Truth:
    """A Payment object. "Fully refunded" cannot be read from its status, but what was paid stays paid."""
    account = payment.get("virtualAccount") or {}
    status = payment.get("status")
    state = _STATES.get(str(status), MoneyState.NONE)
    if status == "CANCELED":  # before a deposit it was never paid
        state = MoneyState.PAID if payment.get("approvedAt") else MoneyState.EXPIRED
    due_at = _instant(account.get("dueDate"))
    waiting = Deposit(str(account.get("bankCode", "")), str(account.get("accountNumber", "")), due_at)
    return Truth(
        state=state,
        reference=str(payment["paymentKey"]),
        provider_payment_id=str(payment["paymentKey"]),
        amount=int(payment["totalAmount"]),
        currency=str(payment.get("currency", "")),
        paid_at=_instant(payment.get("approvedAt")),
        booked_at=_instant(payment.get("approvedAt")),
        method=_method(payment),
        receipt_url=str((payment.get("receipt") or {}).get("url") or ""),
        secret=str(payment.get("secret") or ""),
        deposit=waiting if account else None,
        refunds=tuple(_refunds(payment)) if state is MoneyState.PAID else (),
    )


def _refunds(payment: dict[str, Any]) -> Iterator[RefundTruth]:
    for cancel in payment.get("cancels") or ():
        done = cancel.get("cancelStatus", "DONE") == "DONE"
        yield RefundTruth(
            provider_refund_id=str(cancel["transactionKey"]),
            our_refund_id=_tag(str(cancel.get("cancelReason") or "")),
            amount=int(cancel["cancelAmount"]),
            state=RefundState.SUCCEEDED if done else RefundState.SENT,
            booked_at=_instant(cancel.get("canceledAt")),
        )


def _tag(reason: str) -> str:
    """Our id in a reason like ``Unused points [refund:ID]``."""
    return reason.rpartition(f"[{_REFUND_TAG}")[2].removesuffix("]") if reason.endswith("]") else ""


def _method(payment: dict[str, Any]) -> MethodFacts:
    """The least the policy names: who, approval number, the number as it comes masked."""
    card = payment.get("card") or {}
    easy = payment.get("easyPay") or {}
    account = payment.get("virtualAccount") or payment.get("transfer") or {}
    issuer, bank = str(card.get("issuerCode") or ""), str(account.get("bankCode") or "")
    company = CARD_COMPANIES.get(issuer, issuer) or easy.get("provider") or BANKS.get(bank, bank)
    return MethodFacts(
        kind=_METHODS.get(str(payment.get("method")), "other"),
        company=str(company),
        approval_number=str(card.get("approveNo") or ""),
        masked_number=str(card.get("number") or ""),
    )


def _transaction(line: dict[str, Any]) -> Transaction:
    """A line of the books: an approval goes by its payment, a cancel by its own key, with money going out."""
    amount = abs(int(line["amount"]))
    is_cancel = line.get("status") in {"CANCELED", "PARTIAL_CANCELED"}
    return Transaction(
        id=str(line["transactionKey"] if is_cancel else line["paymentKey"]),
        order_id=str(line.get("orderId") or ""),
        amount=-amount if is_cancel else amount,
        currency=str(line.get("currency", "KRW")),
        at=_instant(line.get("transactionAt")) or datetime.now(SEOUL),
    )


def _local(instant: datetime) -> str:
    return instant.astimezone(SEOUL).strftime("%Y-%m-%dT%H:%M:%S")


def _instant(text: object) -> datetime | None:
    """``2026-11-24T10:00:30+09:00``; without an offset it is Korean time."""
    if not isinstance(text, str) or not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        log.warning("toss.instant_unreadable")
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=SEOUL)
