"""The Toss double over HTTP: confirm, look up, cancel, virtual accounts, transactions, keys and clocks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from local.doubles import ControlClient, FaultRule
from local.doubles.control import ControlRefused
from tests.payment_shop import Toss

ORDER = "order-1"
ACCOUNT = {"bank": "20", "accountNumber": "1002123456789", "holderName": "홍길동"}


def paid(control: ControlClient, toss: Toss, amount: int = 10_000, method: str = "card", order: str = ORDER) -> str:
    key = control.toss.pay(order, amount, method)
    assert toss.confirm(key, order, amount).status_code == 200
    return key


def code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize(
    ("method", "label", "member"),
    [
        ("card", "카드", "card"),
        ("easy_pay", "간편결제", "easyPay"),
        ("easy_pay_money", "간편결제", "easyPay"),
        ("transfer", "계좌이체", "transfer"),
    ],
)
def test_payment_is_confirmed_once(control: ControlClient, toss: Toss, method: str, label: str, member: str) -> None:
    key = control.toss.pay(ORDER, 10_000, method)
    assert toss.get(f"/payments/{key}").json()["status"] == "IN_PROGRESS"
    payment = toss.confirm(key, ORDER, 10_000).json()
    assert (payment["status"], payment["method"], payment["balanceAmount"]) == ("DONE", label, 10_000)
    assert payment[member]
    assert payment["approvedAt"].endswith("+09:00")
    assert payment["suppliedAmount"] + payment["vat"] == 10_000
    assert requests.get(payment["receipt"]["url"], timeout=30).status_code == 200
    assert code(toss.confirm(key, ORDER, 10_000)) == (400, "ALREADY_PROCESSED_PAYMENT")
    assert toss.get(f"/payments/orders/{ORDER}").json() == payment == toss.get(f"/payments/{key}").json()


def test_confirm_of_another_amount_or_order_changes_nothing(control: ControlClient, toss: Toss) -> None:
    key = control.toss.pay(ORDER, 10_000)
    assert code(toss.confirm(key, ORDER, 100))[0] == 400
    assert code(toss.confirm(key, "order-2", 10_000))[0] == 400
    assert code(toss.confirm("none", ORDER, 10_000)) == (404, "NOT_FOUND_PAYMENT")
    assert toss.confirm(key, ORDER, 10_000).json()["status"] == "DONE"


def test_one_order_is_paid_once(control: ControlClient, toss: Toss) -> None:
    first, second = control.toss.pay(ORDER, 10_000), control.toss.pay(ORDER, 10_000)
    toss.confirm(first, ORDER, 10_000)
    assert code(toss.confirm(second, ORDER, 10_000)) == (400, "DUPLICATED_ORDER_ID")
    assert toss.get(f"/payments/orders/{ORDER}").json()["paymentKey"] == first


def test_declined_card_aborts(control: ControlClient, toss: Toss) -> None:
    key = control.toss.pay(ORDER, 10_000, "card_declined")
    assert code(toss.confirm(key, ORDER, 10_000)) == (403, "REJECT_CARD_PAYMENT")
    payment = toss.get(f"/payments/{key}").json()
    assert (payment["status"], payment["failure"]["code"]) == ("ABORTED", "REJECT_CARD_PAYMENT")
    assert toss.confirm(control.toss.pay(ORDER, 10_000), ORDER, 10_000).status_code == 200


def test_confirm_has_ten_minutes(control: ControlClient, toss: Toss) -> None:
    key = control.toss.pay(ORDER, 10_000)
    control.advance_clock(599)
    assert toss.get(f"/payments/{key}").json()["status"] == "IN_PROGRESS"
    control.advance_clock(1)
    assert code(toss.confirm(key, ORDER, 10_000)) == (404, "NOT_FOUND_PAYMENT_SESSION")
    assert toss.get(f"/payments/{key}").json()["status"] == "EXPIRED"


def test_parts_down_to_nothing_stay_partial(control: ControlClient, toss: Toss) -> None:
    key = paid(control, toss)
    first = toss.cancel(key, {"cancelAmount": 3_000, "refundableAmount": 10_000}).json()
    assert (first["status"], first["balanceAmount"], len(first["cancels"])) == ("PARTIAL_CANCELED", 7_000, 1)
    assert code(toss.cancel(key, {"cancelAmount": 7_001})) == (403, "NOT_CANCELABLE_AMOUNT")
    refused = toss.cancel(key, {"cancelAmount": 1_000, "refundableAmount": 10_000})
    assert code(refused) == (400, "NOT_MATCHES_REFUNDABLE_AMOUNT")
    rest = toss.cancel(key, {}).json()
    assert (rest["status"], rest["balanceAmount"], rest["totalAmount"]) == ("PARTIAL_CANCELED", 0, 10_000)
    assert [one["cancelAmount"] for one in rest["cancels"]] == [3_000, 7_000]
    assert rest["lastTransactionKey"] == rest["cancels"][-1]["transactionKey"]
    assert code(toss.cancel(key, {})) == (403, "NOT_CANCELABLE_AMOUNT")


def test_whole_cancel_happens_once(control: ControlClient, toss: Toss) -> None:
    key = paid(control, toss)
    assert toss.cancel(key, {}).json()["status"] == "CANCELED"
    assert code(toss.cancel(key, {})) == (400, "ALREADY_CANCELED_PAYMENT")


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({"cancelReason": ""}, (400, "INVALID_REQUEST")),
        ({"cancelReason": "x" * 201}, (400, "INVALID_REQUEST")),
        ({"cancelAmount": 0}, (403, "NOT_CANCELABLE_AMOUNT")),
        ({"cancelAmount": -1}, (403, "NOT_CANCELABLE_AMOUNT")),
        ({"cancelAmount": "100"}, (400, "INVALID_REQUEST")),
        ({"cancelAmount": True}, (400, "INVALID_REQUEST")),
    ],
)
def test_unclear_cancels(control: ControlClient, toss: Toss, body: Any, refused: tuple[int, str]) -> None:
    key = paid(control, toss)
    assert code(toss.cancel(key, body)) == refused
    assert toss.get(f"/payments/{key}").json()["cancels"] is None


def test_what_cannot_be_cancelled(control: ControlClient, toss: Toss) -> None:
    assert code(toss.cancel("none", {})) == (404, "NOT_FOUND_PAYMENT")
    assert code(toss.cancel(control.toss.pay(ORDER, 10_000), {})) == (403, "NOT_CANCELABLE_PAYMENT")
    whole_only = paid(control, toss, method="card_not_in_parts", order="order-2")
    assert code(toss.cancel(whole_only, {"cancelAmount": 1})) == (403, "NOT_ALLOWED_PARTIAL_REFUND")


def test_virtual_account_from_issue_to_refund(control: ControlClient, toss: Toss) -> None:
    key = paid(control, toss, method="virtual_account")
    waiting = toss.get(f"/payments/{key}").json()
    assert (waiting["status"], waiting["approvedAt"]) == ("WAITING_FOR_DEPOSIT", None)
    assert waiting["secret"]
    assert waiting["virtualAccount"]["accountNumber"].startswith("X")
    refused = toss.cancel(key, {"cancelAmount": 1_000})
    assert code(refused) == (403, "NOT_ALLOWED_PARTIAL_REFUND_WAITING_DEPOSIT")
    assert control.toss.deposit(ORDER)["status"] == "DONE"
    with pytest.raises(ControlRefused, match="not waiting"):
        control.toss.deposit(ORDER)
    for account, expected in (
        (None, "INVALID_REFUND_ACCOUNT_INFO"),
        ({**ACCOUNT, "bank": "99"}, "INVALID_BANK"),
        ({**ACCOUNT, "accountNumber": "1002-123"}, "INVALID_REFUND_ACCOUNT_NUMBER"),
        ({**ACCOUNT, "holderName": ""}, "INVALID_REFUND_ACCOUNT_INFO"),
    ):
        assert code(toss.cancel(key, {"refundReceiveAccount": account})) == (400, expected)
    cancelled = toss.cancel(key, {"cancelAmount": 4_000, "refundReceiveAccount": ACCOUNT}).json()
    assert cancelled["virtualAccount"]["refundStatus"] == "PENDING"
    assert control.toss.refund_arrived(ORDER)["virtualAccount"]["refundStatus"] == "COMPLETED"


def test_waiting_account_can_be_given_up(control: ControlClient, toss: Toss) -> None:
    key = paid(control, toss, method="virtual_account")
    assert toss.cancel(key, {}).json()["status"] == "CANCELED"
    assert toss.get("/transactions", startDate="2020-01-01", endDate="2100-01-01").json() == []


def test_account_is_issued_without_a_window_and_expires(control: ControlClient, toss: Toss) -> None:
    asked = {"amount": 10_000, "orderId": ORDER, "orderName": "포인트", "customerName": "김하나", "bank": "88"}
    issued = toss.post("/virtual-accounts", {**asked, "validHours": 24}).json()
    assert (issued["status"], issued["virtualAccount"]["bankCode"]) == ("WAITING_FOR_DEPOSIT", "88")
    assert code(toss.post("/virtual-accounts", {**asked, "bank": "??", "orderId": "order-2"})) == (400, "INVALID_BANK")
    assert code(toss.post("/virtual-accounts", {**asked, "validHours": 721, "orderId": "order-2"}))[0] == 400
    control.advance_clock(24 * 3600)
    expired = toss.get(f"/payments/orders/{ORDER}").json()
    assert (expired["status"], expired["virtualAccount"]["expired"]) == ("EXPIRED", True)
    assert control.toss.messages() == []


def test_deposit_taken_back_and_made_again(control: ControlClient, toss: Toss) -> None:
    paid(control, toss, method="virtual_account")
    control.toss.deposit(ORDER)
    assert control.toss.take_deposit_back(ORDER)["status"] == "WAITING_FOR_DEPOSIT"
    assert control.toss.deposit(ORDER)["status"] == "DONE"


def test_transactions_of_a_period_are_paged(control: ControlClient, toss: Toss) -> None:
    keys = [paid(control, toss, order=f"order-{number}") for number in range(3)]
    toss.cancel(keys[0], {"cancelAmount": 4_000})
    now = datetime.now(UTC)
    period = {"startDate": (now - timedelta(hours=1)).isoformat(), "endDate": (now + timedelta(hours=1)).isoformat()}
    rows = toss.get("/transactions", **period).json()
    assert [(row["status"], row["amount"]) for row in rows] == [("DONE", 10_000)] * 3 + [("PARTIAL_CANCELED", 4_000)]
    page = toss.get("/transactions", **period, limit="2").json()
    rest = toss.get("/transactions", **period, limit="2", startingAfter=page[-1]["transactionKey"]).json()
    assert page + rest == rows
    assert toss.get("/transactions", startDate="2020-01-01", endDate="2020-01-02T00:00:00").json() == []
    assert code(toss.get("/transactions", startDate="yesterday", endDate="today"))[0] == 400


def test_key_alone_decides_and_refusals_are_kept(control: ControlClient, toss: Toss) -> None:
    key = paid(control, toss)
    first = toss.cancel(key, {"cancelAmount": 1_000}, Idempotency_Key="one")
    again = toss.cancel(key, {"cancelAmount": 2_000}, Idempotency_Key="one")
    assert first.json() == again.json()
    refused = toss.cancel(key, {"cancelAmount": 99_999}, Idempotency_Key="two")
    assert toss.cancel(key, {"cancelAmount": 1}, Idempotency_Key="two").json() == refused.json()
    assert toss.get(f"/payments/{key}").json()["balanceAmount"] == 9_000
    control.advance_clock(15 * 24 * 3600)
    assert toss.cancel(key, {"cancelAmount": 2_000}, Idempotency_Key="one").json()["balanceAmount"] == 7_000
    assert code(toss.cancel(key, {}, Idempotency_Key="k" * 301)) == (400, "INVALID_IDEMPOTENCY_KEY")


def test_key_in_work(control: ControlClient, toss: Toss) -> None:
    key = paid(control, toss)
    fault = control.plan(FaultRule(effect="hold", provider="toss_work", path="*/cancel"))
    with ThreadPoolExecutor() as pool:
        first = pool.submit(toss.cancel, key, {}, Idempotency_Key="one")
        control.wait_until_held(fault)
        assert code(toss.cancel(key, {}, Idempotency_Key="one")) == (409, "IDEMPOTENT_REQUEST_PROCESSING")
        control.release(fault)
        assert first.result(timeout=60).json()["status"] == "CANCELED"


def test_lost_confirm_is_found_by_its_key_or_by_looking(control: ControlClient, toss: Toss) -> None:
    key = control.toss.pay(ORDER, 10_000)
    control.plan(FaultRule(effect="lost", provider="toss", times=1))
    with pytest.raises(requests.ConnectionError):
        toss.confirm(key, ORDER, 10_000, Idempotency_Key="one")
    assert toss.get(f"/payments/{key}").json()["status"] == "DONE"
    assert toss.confirm(key, ORDER, 10_000, Idempotency_Key="one").json()["status"] == "DONE"


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (FaultRule(effect="error", provider="toss", code="PROVIDER_ERROR"), (400, "PROVIDER_ERROR")),
        (FaultRule(effect="error", provider="toss", status=429), (429, "TOO_MANY_REQUESTS")),
        (FaultRule(effect="error", provider="toss"), (500, "FAILED_INTERNAL_SYSTEM_PROCESSING")),
    ],
)
def test_planned_errors_speak_toss(control: ControlClient, toss: Toss, rule: FaultRule, expected: Any) -> None:
    control.plan(rule)
    assert code(toss.get("/payments/any")) == expected


def test_errors_by_header_and_by_key(control: ControlClient, toss: Toss) -> None:
    key = control.toss.pay(ORDER, 10_000)
    forced = toss.confirm(key, ORDER, 10_000, TossPayments_Test_Code="REJECT_CARD_COMPANY")
    assert code(forced) == (403, "REJECT_CARD_COMPANY")
    url = f"{toss.base}/v1/payments/{key}"
    for auth, expected in (
        (("test_sk_invalid", ""), (401, "UNAUTHORIZED_KEY")),
        (("live_sk_anything", ""), (401, "UNAUTHORIZED_KEY")),
        (("test_gck_client", ""), (400, "INVALID_API_KEY")),
        (("test_sk_x", "password"), (403, "INCORRECT_BASIC_AUTH_FORMAT")),
    ):
        assert code(requests.get(url, auth=auth, timeout=30)) == expected
    assert code(requests.get(url, timeout=30)) == (403, "INCORRECT_BASIC_AUTH_FORMAT")
    for body in (b"", b"[]", b"{", b'{"paymentKey": 1}'):
        answer = requests.post(f"{toss.base}/v1/payments/confirm", data=body, auth=("test_sk_x", ""), timeout=30)
        assert code(answer) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize(("amount", "method"), [(99, "card"), (199, "transfer"), (0, "card")])
def test_amounts_too_small(control: ControlClient, amount: int, method: str) -> None:
    with pytest.raises(ControlRefused, match=r"BELOW_MINIMUM_AMOUNT|INVALID_REQUEST"):
        control.toss.pay(ORDER, amount, method)
