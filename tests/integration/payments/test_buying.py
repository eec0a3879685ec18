"""Buying points with both providers: orders, confirmation, slow methods, expiry."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from imagesfactory.kit.rate import TooManyRequests
from imagesfactory.payments.errors import (
    AmountMismatch,
    CurrencyNotOffered,
    NoticeOutdated,
    OrderClosed,
    OrderNotFound,
    PaymentDeclined,
    PaymentUnclear,
    RequestIdReused,
    UnknownPack,
)
from imagesfactory.payments.model import Channel, OrderStatus
from imagesfactory.payments.orders import OrderService
from imagesfactory.payments.request import OrderRequest
from imagesfactory.points.model import SignupUnfinished

from local.doubles.core.faults import FaultRule
from tests.shop import NOTICE, RULES, Shop

SIGNUP = 100


def test_toss_card_grants_once_and_keeps_what_the_policy_lists(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_toss(uid)
    assert order.status is OrderStatus.PAID
    wallet = shop.wallet(uid)
    assert wallet["available_points"] == SIGNUP + 1000 + 100
    payment = shop.document(f"payments/toss-{order.id}")
    assert payment["amount"] == 10_000
    assert payment["currency"] == "KRW"
    assert payment["method"]["kind"] == "card"
    assert payment["method"]["approval_number"]
    assert "*" in payment["method"]["masked_number"]
    assert order.receipt_number.endswith("-000001")
    again = shop.confirm(uid, order, order.reference)
    assert again.status is OrderStatus.PAID
    shop.receive_all()
    assert shop.wallet(uid)["available_points"] == SIGNUP + 1100
    assert shop.balance().is_balanced


def test_stripe_checkout_in_dollars_grants_when_the_event_comes(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_stripe(uid)
    assert shop.wallet(uid)["available_points"] == SIGNUP
    shop.receive_all()
    order = shop.now_of(order)
    assert order.status is OrderStatus.PAID
    payment = shop.document(f"payments/stripe-{order.id}")
    assert (payment["amount"], payment["currency"]) == (799, "USD")
    assert payment["method"]["company"] == "visa"
    assert payment["method"]["masked_number"] == "****4242"
    assert payment["receipt_url"]
    assert shop.wallet(uid)["available_points"] == SIGNUP + 1100
    assert shop.balance().is_balanced


def test_stripe_takes_won_without_decimals(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_stripe(uid, currency="KRW")
    shop.receive_all()
    assert shop.document(f"payments/stripe-{order.id}")["amount"] == 10_000


def test_an_app_pays_with_a_payment_intent(shop: Shop) -> None:
    uid = shop.member()
    placed = shop.order(uid, Channel.INTENT, currency="USD")
    assert placed.opening.client_secret
    shop.doubles.control.stripe.pay_intent(placed.opening.reference)
    shop.receive_all()
    assert shop.now_of(placed.order).is_paid


def test_a_slow_stripe_method_waits_and_then_grants_or_fails(shop: Shop) -> None:
    uid = shop.member()
    good = shop.buy_with_stripe(uid, "pm_usBankAccount_success", request_id="slow-good")
    bad = shop.buy_with_stripe(uid, "pm_usBankAccount_success", request_id="slow-bad-")
    shop.receive_all()
    assert shop.now_of(good).status is OrderStatus.WAITING
    assert shop.wallet(uid)["available_points"] == SIGNUP
    shop.doubles.control.stripe.settle_payment(shop.now_of(good).reference)
    shop.doubles.control.stripe.settle_payment(shop.now_of(bad).reference, succeeded=False)
    shop.receive_all()
    assert shop.now_of(good).status is OrderStatus.PAID
    assert shop.now_of(bad).status is OrderStatus.FAILED
    assert shop.wallet(uid)["available_points"] == SIGNUP + 1100


def test_a_bank_account_that_is_to_be_verified_first_is_waited_for(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_stripe(uid, "pm_usBankAccount_microdeposits")
    shop.receive_all()
    assert shop.now_of(order).status is OrderStatus.WAITING
    shop.doubles.control.stripe.settle_payment(shop.now_of(order).reference)
    shop.receive_all()
    assert shop.now_of(order).is_paid


def test_an_app_may_pay_otherwise_when_the_slow_method_failed(shop: Shop) -> None:
    uid = shop.member()
    placed = shop.order(uid, Channel.INTENT, currency="USD")
    intent, stripe = placed.opening.reference, shop.doubles.control.stripe
    stripe.pay_intent(intent, "pm_usBankAccount_success")
    shop.receive_all()
    assert shop.now_of(placed.order).status is OrderStatus.WAITING
    stripe.settle_payment(intent, succeeded=False)
    shop.receive_all()
    assert shop.now_of(placed.order).status is OrderStatus.CREATED
    stripe.pay_intent(intent)
    shop.receive_all()
    assert shop.now_of(placed.order).is_paid
    assert shop.wallet(uid)["available_points"] == SIGNUP + 1100


def test_a_virtual_account_waits_for_its_deposit(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_toss(uid, "virtual_account")
    assert order.status is OrderStatus.WAITING
    assert order.secret
    shop.doubles.control.toss.deposit(order.id)
    shop.receive_all()
    assert shop.now_of(order).is_paid
    assert shop.wallet(uid)["available_points"] == SIGNUP + 1100


def test_a_deposit_that_the_bank_takes_back_takes_the_points_back(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_toss(uid, "virtual_account")
    shop.doubles.control.toss.deposit(order.id)
    shop.receive_all()
    shop.doubles.control.toss.take_deposit_back(order.id)
    shop.receive_all()
    assert shop.wallet(uid)["available_points"] == SIGNUP
    shop.doubles.control.toss.deposit(order.id)
    shop.receive_all()
    assert shop.wallet(uid)["available_points"] == SIGNUP + 1100
    assert shop.balance().is_balanced


def test_a_virtual_account_nobody_pays_into_expires_in_the_sweep(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_toss(uid, "virtual_account")
    shop.doubles.control.advance_clock(8 * 24 * 3600)
    shop.clock.move(timedelta(days=8))
    shop.sweep()
    assert shop.now_of(order).status is OrderStatus.EXPIRED


def test_the_same_request_is_the_same_order_and_another_body_is_refused(shop: Shop) -> None:
    uid = shop.member()
    first = shop.order(uid, Channel.CHECKOUT, currency="USD")
    second = shop.order(uid, Channel.CHECKOUT, currency="USD")
    assert (first.order.id, first.opening) == (second.order.id, second.opening)
    with pytest.raises(RequestIdReused):
        shop.order(uid, Channel.CHECKOUT, currency="USD", pack="studio")


def test_what_was_ordered_before_a_change_of_the_offer_is_still_answered(shop: Shop) -> None:
    uid = shop.member()
    placed = shop.order(uid, Channel.CHECKOUT, currency="USD")
    changes = {"version": RULES.version + timedelta(days=1), "packs": RULES.packs[2:]}
    changed = RULES.model_copy(update=changes)
    common: dict[str, Any] = {"points": shop.points, "providers": shop.providers, "reconciliation": shop.reconciliation}
    shop.orders = OrderService(shop.client, rules=changed, **common)
    assert shop.order(uid, Channel.CHECKOUT, currency="USD") == replace(
        placed, order=replace(placed.order, reference=placed.opening.reference)
    )
    with pytest.raises(RequestIdReused):
        shop.order(uid, Channel.CHECKOUT, currency="KRW")
    with pytest.raises(UnknownPack):
        shop.order(uid, Channel.CHECKOUT, currency="USD", request_id="another-order")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"pack_id": "none"}, UnknownPack),
        ({"channel": "widget", "currency": "USD"}, CurrencyNotOffered),
        ({"notice_version": "2020-01-01"}, NoticeOutdated),
    ],
)
def test_the_server_decides_what_can_be_ordered(shop: Shop, changes: dict[str, str], refusal: type[Exception]) -> None:
    uid = shop.member()
    body = {
        "request_id": "request-1",
        "pack_id": "basic",
        "channel": "checkout",
        "currency": "KRW",
        "notice_version": NOTICE,
    }
    with pytest.raises(refusal):
        shop.orders.create(uid, OrderRequest.model_validate(body | changes), shop.clock.now())
    assert not list(shop.client.collection("orders").stream())


def test_nobody_orders_without_a_wallet_or_too_often(shop: Shop) -> None:
    with pytest.raises(SignupUnfinished):
        shop.order("stranger")
    uid = shop.member()
    for number in range(shop.catalog.rate.burst):
        shop.order(uid, request_id=f"request-{number}")
    with pytest.raises(TooManyRequests):
        shop.order(uid, request_id="one-too-many")


def test_a_wrong_amount_or_somebody_elses_order_is_never_confirmed(shop: Shop) -> None:
    uid, other = shop.member(), shop.member("other", "other@example.com")
    order = shop.order(uid).order
    key = shop.doubles.control.toss.pay(order.id, order.amount)
    with pytest.raises(AmountMismatch):
        shop.confirm(uid, order, key, 100)
    with pytest.raises(OrderNotFound):
        shop.confirm(other, order, key)
    assert shop.now_of(order).status is OrderStatus.CREATED
    assert shop.confirm(uid, order, key).is_paid


def test_a_declined_card_leaves_the_order_open_for_another(shop: Shop) -> None:
    uid = shop.member()
    order = shop.order(uid).order
    with pytest.raises(PaymentDeclined):
        shop.confirm(uid, order, shop.doubles.control.toss.pay(order.id, order.amount, "card_declined"))
    shop.receive_all()
    assert shop.now_of(order).status is OrderStatus.CREATED, "Toss tells of the attempt that failed, not of the order"
    assert shop.confirm(uid, order, shop.doubles.control.toss.pay(order.id, order.amount)).is_paid


def test_a_confirmation_without_answer_is_found_out_by_looking(shop: Shop) -> None:
    uid = shop.member()
    order = shop.order(uid).order
    key = shop.doubles.control.toss.pay(order.id, order.amount)
    shop.doubles.control.plan(FaultRule(provider="toss", path="/v1/payments/confirm", effect="error", status=500))
    with pytest.raises(PaymentUnclear):
        shop.confirm(uid, order, key)
    assert shop.now_of(order).status is OrderStatus.CONFIRMING
    shop.doubles.control.clear_faults()
    assert shop.confirm(uid, order, key).is_paid
    assert shop.wallet(uid)["available_points"] == SIGNUP + 1100


def test_unpaid_orders_expire_and_can_no_longer_be_paid(shop: Shop) -> None:
    uid = shop.member()
    toss = shop.order(uid, request_id="toss-order").order
    stripe = shop.order(uid, Channel.CHECKOUT, currency="USD", request_id="stripe-order")
    shop.clock.move(timedelta(minutes=61))
    shop.sweep()
    assert shop.now_of(toss).status is OrderStatus.EXPIRED
    assert shop.now_of(stripe.order).status is OrderStatus.EXPIRED
    with pytest.raises(OrderClosed):
        shop.confirm(uid, toss, shop.doubles.control.toss.pay(toss.id, toss.amount))
    with pytest.raises(Exception, match="expired"):
        shop.doubles.control.stripe.pay_checkout(stripe.opening.reference)


def test_money_that_came_in_time_is_found_by_the_sweep_without_any_event(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_stripe(uid)
    shop.clock.move(timedelta(minutes=61))
    shop.sweep()
    assert shop.now_of(order).is_paid
    assert shop.wallet(uid)["available_points"] == SIGNUP + 1100


def test_orders_of_a_provider_that_is_down_do_not_keep_the_others_waiting(shop: Shop) -> None:
    uid = shop.member()
    stuck = [
        shop.order(uid, Channel.INTENT, currency="USD", request_id=f"stripe-order-{number}").order
        for number in range(3)
    ]
    shop.clock.move(timedelta(minutes=1))
    other = shop.order(uid, request_id="toss-order").order
    shop.doubles.control.plan(FaultRule(provider="stripe", effect="error", status=500))
    shop.clock.move(timedelta(minutes=61))
    for _ in range(2):
        shop.payment_sweep.run(shop.clock.now(), 3)
    assert shop.now_of(other).status is OrderStatus.EXPIRED
    shop.doubles.control.clear_faults()
    shop.clock.move(timedelta(minutes=10))
    shop.payment_sweep.run(shop.clock.now(), 3)
    assert {shop.now_of(order).status for order in stuck} == {OrderStatus.EXPIRED}


def test_orders_are_listed_newest_first_by_cursor(shop: Shop) -> None:
    uid = shop.member()
    shop.member("other", "other@example.com")
    made = []
    for number in range(23):
        shop.clock.move(timedelta(minutes=1))
        made.append(shop.order(uid, request_id=f"request-{number:02d}").order.id)
    shop.order("other", request_id="request-of-other")
    first, cursor = shop.orders.page(uid, None)
    second, end = shop.orders.page(uid, cursor)
    assert [order.id for order in (*first, *second)] == made[::-1]
    assert (len(first), end) == (20, None)
    with pytest.raises(OrderNotFound):
        shop.orders.page(uid, "bm9uc2Vuc2U=")


def test_what_somebody_who_withdrew_pays_late_goes_back(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_stripe(uid)
    shop.client.document(f"users/{uid}").delete()
    shop.client.document(f"wallets/{uid}").delete()
    shop.receive_all()
    assert shop.now_of(order).is_paid
    shop.sweep()
    shop.receive_all()
    (refund,) = shop.store.refunds_of(shop.now_of(order))
    assert (refund.amount, refund.state.value, refund.reason.value) == (799, "succeeded", "not-supplied")
    assert not shop.client.document(f"users/{uid}").get().exists
    assert not shop.client.document(f"wallets/{uid}").get().exists
