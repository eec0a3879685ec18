"""Idempotency keys of the Stripe double, as the real SDK and its retries meet them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
import stripe

from local.doubles import ControlClient, Doubles, FaultRule
from tests.payment_shop import stripe_client

ASKED: Any = {"amount": 5_000, "currency": "krw", "payment_method": "pm_card_visa", "confirm": True}
OTHER: Any = {**ASKED, "amount": 6_000}


def pay(shop: Any, key: str, asked: Any = ASKED) -> Any:
    return shop.v1.payment_intents.create(asked, {"idempotency_key": key})


def paid_count(shop: Any) -> int:
    return len(shop.v1.charges.list({"limit": 100}).data)


def test_same_key_same_answer_one_effect(shop: Any) -> None:
    first, again = pay(shop, "k1"), pay(shop, "k1")
    assert (again.id, paid_count(shop)) == (first.id, 1)
    headers = again.last_response.headers
    assert headers["idempotent-replayed"] == "true"
    assert headers["original-request"] == first.last_response.headers["request-id"] != headers["request-id"]
    assert "idempotent-replayed" not in first.last_response.headers
    assert pay(shop, "k2").id != first.id


def test_same_key_other_parameters_is_refused(shop: Any) -> None:
    pay(shop, "k1")
    with pytest.raises(stripe.IdempotencyError, match="same parameters") as caught:
        pay(shop, "k1", OTHER)
    assert caught.value.http_status == 400
    with pytest.raises(stripe.IdempotencyError):
        shop.v1.customers.create({}, {"idempotency_key": "k1"})
    assert paid_count(shop) == 1


def test_key_belongs_to_its_account(doubles: Doubles, shop: Any) -> None:
    assert pay(stripe_client(doubles, "sk_test_other"), "k1").id != pay(shop, "k1").id


def test_decline_is_kept_and_a_wrong_parameter_is_not(shop: Any) -> None:
    declined = {**ASKED, "payment_method": "pm_card_visa_chargeDeclined"}
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            pay(shop, "declined", declined)
    assert paid_count(shop) == 1
    with pytest.raises(stripe.InvalidRequestError):
        pay(shop, "wrong", {**ASKED, "amount": 1})
    assert pay(shop, "wrong").status == "succeeded"


def test_key_in_work_is_a_conflict(doubles: Doubles, shop: Any, control: ControlClient) -> None:
    fault = control.plan(FaultRule(effect="hold", provider="stripe_work"))
    with ThreadPoolExecutor() as pool:
        first = pool.submit(pay, stripe_client(doubles), "k1")
        control.wait_until_held(fault)
        with pytest.raises(stripe.APIError) as caught:
            pay(shop, "k1")
        assert caught.value.http_status == 409
        assert caught.value.error is not None
        assert caught.value.error.code == "idempotency_key_in_use"
        with pytest.raises(stripe.IdempotencyError, match="same parameters"):
            pay(shop, "k1", OTHER)
        control.release(fault)
        made = first.result(timeout=60)
    assert pay(shop, "k1").id == made.id
    assert paid_count(shop) == 1


@pytest.mark.parametrize("effect", ["lost", "cut"])
def test_lost_answer_is_found_again(shop: Any, control: ControlClient, effect: Any) -> None:
    control.plan(FaultRule(effect=effect, provider="stripe", times=1))
    with pytest.raises(stripe.APIConnectionError):
        pay(shop, "k1")
    assert pay(shop, "k1").status == "succeeded"
    assert paid_count(shop) == 1


def test_failure_before_the_work_is_tried_again_and_one_within_it_is_kept(shop: Any, control: ControlClient) -> None:
    control.plan(FaultRule(effect="error", provider="stripe", status=503, times=1))
    with pytest.raises(stripe.APIError):
        pay(shop, "before")
    assert pay(shop, "before").status == "succeeded"
    control.plan(FaultRule(effect="error", provider="stripe_work", status=500, times=1))
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            pay(shop, "within")
    assert paid_count(shop) == 1


def test_sdk_retries_pay_once(doubles: Doubles, control: ControlClient) -> None:
    control.plan(FaultRule(effect="lost", provider="stripe", times=1))
    shop = stripe_client(doubles, retries=2)
    assert shop.v1.payment_intents.create(ASKED).status == "succeeded"
    assert paid_count(shop) == 1


def test_key_ends_after_a_day(shop: Any, control: ControlClient) -> None:
    first = pay(shop, "k1")
    control.advance_clock(24 * 3600 + 1)
    assert pay(shop, "k1", OTHER).id != first.id


def test_too_long_a_key(doubles: Doubles) -> None:
    headers = {"authorization": "Bearer sk_test_x", "idempotency-key": "k" * 256}
    answer = requests.post(f"{doubles.addresses.stripe_url}/v1/customers", headers=headers, timeout=30)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        (FaultRule(effect="error", provider="stripe", status=429), stripe.RateLimitError),
        (FaultRule(effect="error", provider="stripe", status=402, code="do_not_honor"), stripe.CardError),
        (FaultRule(effect="error", provider="stripe", status=401), stripe.AuthenticationError),
        (FaultRule(effect="error", provider="stripe", status=500), stripe.APIError),
        (FaultRule(effect="error", provider="stripe", code="charge_disputed"), stripe.InvalidRequestError),
        (FaultRule(effect="garbage", provider="stripe"), stripe.APIError),
    ],
)
def test_planned_errors_are_the_sdks_own(
    shop: Any, control: ControlClient, rule: FaultRule, error: type[Exception]
) -> None:
    control.plan(rule)
    with pytest.raises(error):
        shop.v1.customers.create({})
