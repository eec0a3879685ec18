"""Paying through the Stripe double with the real SDK: sessions, intents, asynchronous methods, settlement rows."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
import stripe
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import lists, sampled_from, text, tuples

from local.doubles import ControlClient, Doubles
from local.doubles.control import ControlRefused

PATHS = ("payment_intents", "refunds", "customers", "checkout/sessions")
NAMES = ("amount", "currency", "metadata[a]", "metadata", "metadata[a][b]", "line_items[0][price_data]", "expand[]")
ODD_NAMES = (
    "expand",
    "line_items[1]",
    "line_items[9999999]",
    "a[",
    "]",
    "",
    "[]",
    "a[b]c",
    "mode",
    "success_url",
    "é[0]",
)
PIECES = sampled_from((*NAMES, *ODD_NAMES))


def session_of(shop: Any, amount: int = 10_000, currency: str = "krw", **more: Any) -> Any:
    line = {
        "price_data": {"currency": currency, "unit_amount": amount, "product_data": {"name": "포인트"}},
        "quantity": 1,
    }
    asked: Any = {
        "mode": "payment",
        "success_url": "http://localhost/done?s={CHECKOUT_SESSION_ID}",
        "line_items": [line],
    }
    return shop.v1.checkout.sessions.create({**asked, **more})


def test_session_is_paid_and_leads_to_the_money(shop: Any, control: ControlClient) -> None:
    made = session_of(
        shop,
        client_reference_id="order-1",
        metadata={"order": "order-1"},
        payment_intent_data={"metadata": {"order": "order-1"}},
    )
    assert (made.status, made.payment_status, made.payment_intent, made.amount_total) == (
        "open",
        "unpaid",
        None,
        10_000,
    )
    control.stripe.pay_checkout(made.id, email="hana@example.com")
    paid = shop.v1.checkout.sessions.retrieve(
        made.id, {"expand": ["payment_intent.latest_charge.balance_transaction", "line_items"]}
    )
    assert (paid.status, paid.payment_status, paid.url, paid.client_reference_id) == (
        "complete",
        "paid",
        None,
        "order-1",
    )
    assert paid.customer_details.email == "hana@example.com"
    intent: Any = paid.payment_intent
    charge = intent.latest_charge
    assert (intent.status, intent.amount_received, intent.metadata["order"]) == ("succeeded", 10_000, "order-1")
    assert (charge.paid, charge.metadata["order"], charge.payment_method_details.card.last4) == (
        True,
        "order-1",
        "4242",
    )
    assert (charge.balance_transaction.amount, charge.balance_transaction.net) == (10_000, 9_710)
    assert paid.line_items.data[0].description == "포인트"
    assert requests.get(charge.receipt_url, timeout=30).status_code == 200
    with pytest.raises(ControlRefused, match="complete"):
        control.stripe.pay_checkout(made.id)


def test_declined_card_leaves_the_session_open(shop: Any, control: ControlClient) -> None:
    made = session_of(shop, 1_000, "usd")
    with pytest.raises(ControlRefused, match="insufficient_funds"):
        control.stripe.pay_checkout(made.id, "pm_card_visa_chargeDeclinedInsufficientFunds")
    assert shop.v1.checkout.sessions.retrieve(made.id).status == "open"
    control.stripe.pay_checkout(made.id)
    session = shop.v1.checkout.sessions.retrieve(made.id)
    charges = shop.v1.charges.list({"payment_intent": session.payment_intent})
    assert [one.status for one in charges.data] == ["succeeded", "failed"]


@pytest.mark.parametrize(("succeeded", "status"), [(True, "paid"), (False, "unpaid")])
def test_bank_debit_is_decided_later(shop: Any, control: ControlClient, succeeded: bool, status: str) -> None:
    made = session_of(shop, 1_000, "usd")
    control.stripe.pay_checkout(made.id, "pm_usBankAccount_success")
    session = shop.v1.checkout.sessions.retrieve(made.id, {"expand": ["payment_intent"]})
    assert (session.status, session.payment_status, session.payment_intent.status) == (
        "complete",
        "unpaid",
        "processing",
    )
    assert shop.v1.balance_transactions.list().data == []
    control.stripe.settle_payment(made.id, succeeded=succeeded)
    assert shop.v1.checkout.sessions.retrieve(made.id).payment_status == status
    types = [one.type for one in shop.v1.events.list({"limit": 1}).data]
    assert types == [f"checkout.session.async_payment_{'succeeded' if succeeded else 'failed'}"]


def test_won_knows_no_bank_debit(shop: Any, control: ControlClient) -> None:
    with pytest.raises(ControlRefused, match="usd only"):
        control.stripe.pay_checkout(session_of(shop).id, "pm_usBankAccount_success")


def test_session_expires_by_call_and_by_clock(shop: Any, control: ControlClient) -> None:
    by_call, by_clock, paid = (session_of(shop, expires_at=int(time.time()) + 1800) for _ in range(3))
    control.stripe.pay_checkout(paid.id)
    assert shop.v1.checkout.sessions.expire(by_call.id).status == "expired"
    control.advance_clock(1801)
    statuses = [shop.v1.checkout.sessions.retrieve(one.id).status for one in (by_call, by_clock, paid)]
    assert statuses == ["expired", "expired", "complete"]
    assert len(shop.v1.events.list({"type": "checkout.session.expired"}).data) == 2
    for one in (by_clock, paid):
        with pytest.raises(stripe.InvalidRequestError, match='status in \\["open"\\]'):
            shop.v1.checkout.sessions.expire(one.id)
    with pytest.raises(ControlRefused, match="expired"):
        control.stripe.pay_checkout(by_clock.id)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"payment_method_types": ["card"]}, "payment_method_types"),
        ({"expires_at": 60}, "30 minutes"),
        ({"expires_at": 4_000_000_000}, "24 hours"),
        ({"line_items": []}, "line_items"),
        ({"mode": "subscription"}, "mode"),
        ({"colour": "blue"}, "unknown parameter: colour"),
        ({"metadata": {"k" * 41: "v"}}, "Metadata"),
        ({"customer": "cus_none"}, "No such customer"),
    ],
)
def test_session_refuses_what_stripe_refuses(shop: Any, change: Any, words: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=words):
        session_of(shop, **change)


def test_intent_is_confirmed_in_the_payment_sheet(shop: Any, control: ControlClient) -> None:
    intent = shop.v1.payment_intents.create(
        {"amount": 1_999, "currency": "usd", "automatic_payment_methods": {"enabled": True}, "metadata": {"order": "7"}}
    )
    assert (intent.status, intent.latest_charge) == ("requires_payment_method", None)
    assert intent.client_secret.startswith(intent.id)
    with pytest.raises(ControlRefused, match="expired"):
        control.stripe.pay_intent(intent.id, "pm_card_chargeDeclinedExpiredCard")
    failed = shop.v1.payment_intents.retrieve(intent.id)
    assert (failed.status, failed.last_payment_error.code) == ("requires_payment_method", "expired_card")
    assert control.stripe.pay_intent(intent.id, "pm_card_authenticationRequired")["status"] == "requires_action"
    control.stripe.pay_intent(intent.id, "pm_card_authenticationRequired", authenticated=True)
    assert shop.v1.payment_intents.retrieve(intent.id).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.v1.payment_intents.cancel(intent.id)
    assert caught.value.code == "payment_intent_unexpected_state"


def test_intent_on_the_server_side(shop: Any) -> None:
    paid = shop.v1.payment_intents.create(
        {"amount": 5_000, "currency": "krw", "payment_method": "pm_card_kr", "confirm": True}
    )
    assert paid.status == "succeeded"
    with pytest.raises(stripe.CardError) as caught:
        shop.v1.payment_intents.create(
            {
                "amount": 5_000,
                "currency": "krw",
                "payment_method": "pm_card_visa_chargeDeclinedLostCard",
                "confirm": True,
            }
        )
    assert (caught.value.http_status, caught.value.code) == (402, "card_declined")
    assert caught.value.error is not None
    assert caught.value.error.decline_code == "lost_card"
    waiting = shop.v1.payment_intents.create({"amount": 5_000, "currency": "krw"})
    canceled = shop.v1.payment_intents.cancel(waiting.id, {"cancellation_reason": "abandoned"})
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"amount": 49, "currency": "usd"}, "amount_too_small"),
        ({"amount": 100_000_000, "currency": "krw"}, "amount_too_large"),
        ({"amount": 10.5, "currency": "usd"}, "parameter_invalid_integer"),
        ({"amount": -1, "currency": "usd"}, "parameter_invalid_integer"),
        ({"currency": "usd"}, "parameter_missing"),
        ({"amount": 100, "currency": ""}, "parameter_invalid_empty"),
        ({"amount": 100, "currency": "usd", "payment_method": "pm_none"}, "resource_missing"),
        (
            {"amount": 100, "currency": "usd", "payment_method_types": ["card"]},
            "payment_method_types_no_longer_supported",
        ),
        ({"amount": 100, "currency": "usd", "automatic_payment_methods": "yes"}, "parameter_invalid_object"),
    ],
)
def test_intent_refuses_what_stripe_refuses(shop: Any, asked: Any, code: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.v1.payment_intents.create(asked)
    assert caught.value.code == code
    assert shop.v1.payment_intents.list().data == []


def test_settlement_rows_are_paged_and_chosen_by_time(shop: Any, control: ControlClient) -> None:
    begun = int(time.time())
    for amount in range(1_000, 1_007):
        shop.v1.payment_intents.create(
            {"amount": amount, "currency": "krw", "payment_method": "pm_card_visa", "confirm": True}
        )
    control.advance_clock(86_400)
    later = shop.v1.payment_intents.create(
        {"amount": 2_000, "currency": "krw", "payment_method": "pm_card_visa", "confirm": True}
    )
    day = {"created": {"gte": begun, "lt": begun + 43_200}, "limit": 3}
    amounts = [row.amount for row in shop.v1.balance_transactions.list(day).auto_paging_iter()]
    assert amounts == list(range(1_006, 999, -1))
    page = shop.v1.balance_transactions.list({"limit": 2})
    assert (page.has_more, page.data[0].source) == (True, later.latest_charge)
    before = shop.v1.balance_transactions.list({"ending_before": page.data[1].id})
    assert ([row.id for row in before.data], before.has_more) == ([page.data[0].id], False)
    net = sum(row.net for row in shop.v1.balance_transactions.list({"limit": 100}).data)
    assert shop.v1.balance.retrieve().pending[0].amount == net


def test_customer_can_be_forgotten(shop: Any) -> None:
    customer = shop.v1.customers.create({"email": "hana@example.com", "metadata": {"member": "m1"}})
    assert shop.v1.customers.retrieve(customer.id).email == "hana@example.com"
    assert shop.v1.customers.delete(customer.id).deleted
    assert not hasattr(shop.v1.customers.retrieve(customer.id), "email")


def test_keys_versions_and_unknown_paths(doubles: Doubles) -> None:
    base = f"{doubles.addresses.stripe_url}/v1"
    for key in ("sk_test_invalid", "sk_live_anything"):
        answer = requests.get(f"{base}/events", headers={"authorization": f"Bearer {key}"}, timeout=30)
        assert (answer.status_code, answer.json()["error"]["type"]) == (401, "invalid_request_error")
    known = {"authorization": "Bearer sk_test_x"}
    answer = requests.get(f"{base}/events", headers={**known, "stripe-version": "2024-06-20"}, timeout=30)
    assert (answer.status_code, answer.headers["stripe-version"]) == (200, "2024-06-20")
    assert answer.headers["request-id"].startswith("req_")
    assert requests.get(f"{base}/events", headers={**known, "stripe-version": "newest"}, timeout=30).status_code == 400
    assert requests.get(f"{base}/unicorns", headers=known, timeout=30).status_code == 404
    assert requests.post(f"{base}/refunds", headers=known, json={}, timeout=30).status_code == 400


def test_metadata_is_kept_laid_over_and_unset(shop: Any) -> None:
    made = shop.v1.customers.create({"metadata": {"1": "one", "2": "two", "name": "그림"}})
    assert made.metadata.to_dict() == {"1": "one", "2": "two", "name": "그림"}
    changed = shop.v1.customers.update(made.id, {"metadata": {"1": "", "3": "three"}})
    assert changed.metadata.to_dict() == {"2": "two", "name": "그림", "3": "three"}
    assert shop.v1.customers.update(made.id, {"metadata": ""}).metadata.to_dict() == {}


@given(pieces=lists(tuples(PIECES, text(max_size=6)), max_size=6), path=sampled_from(PATHS))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_no_form_breaks_the_double(doubles: Doubles, pieces: list[tuple[str, str]], path: str) -> None:
    answer = requests.post(
        f"{doubles.addresses.stripe_url}/v1/{path}",
        data=urlencode(pieces),
        headers={"authorization": "Bearer sk_test_x", "content-type": "application/x-www-form-urlencoded"},
        timeout=30,
    )
    assert answer.status_code < 500
    assert "error" in answer.json() or answer.json()["id"]
