"""Refunds and disputes: locked, sent, decided; imported from dashboards; debts; frozen points."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from imagesfactory.kit.clock import legal_day
from imagesfactory.payments.errors import (
    NothingToRefund,
    OrderNotFound,
    PaymentDisputed,
    RefundAccountMissing,
    RefundInProgress,
    RequestIdReused,
)
from imagesfactory.payments.model import Channel, Order, RefundReason, RefundState
from imagesfactory.payments.sweep import CHARGEBACK
from imagesfactory.policy.retention import destroy_at
from imagesfactory.privacy.misuse import Case

from local.doubles.core.faults import FaultRule
from tests.backend import job_request
from tests.shop import Shop

SIGNUP = 100


@pytest.mark.parametrize("provider", ["toss", "stripe"])
def test_unused_points_go_back_for_their_price(shop: Shop, provider: str) -> None:
    uid = shop.member()
    order = shop.buy_with_toss(uid) if provider == "toss" else shop.buy_with_stripe(uid, currency="USD")
    shop.receive_all()
    shop.spend(uid, SIGNUP + 100 + 250)  # the bonuses first, then 250 paid points
    refund = shop.ask_refund(uid, order, 500)
    assert refund.state is RefundState.SUCCEEDED
    assert refund.amount == (5_000 if provider == "toss" else 399)
    assert refund.reason is RefundReason.WITHDRAWAL
    rest = shop.ask_refund(uid, order, request_id="refund-rest")
    assert (rest.points, rest.amount) == (250, 2_500 if provider == "toss" else 200)
    shop.receive_all()
    wallet = shop.wallet(uid)
    assert (wallet["available_points"], wallet["held_points"], wallet["debt_points"]) == (0, 0, 0)
    assert shop.balance().is_balanced
    with pytest.raises(NothingToRefund):
        shop.ask_refund(uid, order, request_id="refund-more")


def test_a_whole_refund_returns_the_whole_price_and_the_bonus(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_stripe(uid)
    shop.receive_all()
    first = shop.ask_refund(uid, order, 333)
    second = shop.ask_refund(uid, order, 333, request_id="refund-2-of-test")
    third = shop.ask_refund(uid, order, request_id="refund-3-of-test")
    assert first.amount + second.amount + third.amount == 799
    assert first.bonus_points + second.bonus_points + third.bonus_points == 100
    assert shop.wallet(uid)["available_points"] == SIGNUP
    assert shop.balance().is_balanced


def test_the_same_request_is_the_same_refund(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_toss(uid)
    first = shop.ask_refund(uid, order, 100)
    assert shop.ask_refund(uid, order, 100) == first
    with pytest.raises(RequestIdReused):
        shop.ask_refund(uid, order, 200)
    with pytest.raises(OrderNotFound):
        shop.ask_refund(shop.member("other", "o@example.com"), order, 100)


def test_points_are_locked_while_the_provider_is_silent_and_the_sweep_finishes(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_toss(uid)
    shop.doubles.control.plan(FaultRule(provider="toss", path="*/cancel", effect="error", status=500))
    refund = shop.ask_refund(uid, order, 400)
    assert refund.state is RefundState.SENT
    wallet = shop.wallet(uid)
    assert (wallet["available_points"], wallet["held_points"]) == (SIGNUP + 1100 - 440, 440)
    with pytest.raises(RefundInProgress):
        shop.ask_refund(uid, order, 100, request_id="another-refund")
    shop.doubles.control.clear_faults()
    shop.clock.move(timedelta(minutes=30))
    shop.sweep()
    (done,) = shop.store.refunds_of(shop.now_of(order))
    assert done.state is RefundState.SUCCEEDED
    assert shop.wallet(uid)["held_points"] == 0
    assert shop.balance().is_balanced


def test_refunds_of_a_provider_that_is_down_do_not_keep_the_others_waiting(shop: Shop) -> None:
    uid = shop.member()
    orders = [shop.buy_with_stripe(uid), shop.buy_with_toss(uid, request_id="toss-order")]
    shop.receive_all()
    shop.doubles.control.plan(FaultRule(effect="error", status=500))
    for order in orders:
        unclear = shop.ask_refund(uid, shop.now_of(order), 400, request_id=f"refund-{order.provider}")
        assert unclear.state is RefundState.SENT
        shop.clock.move(timedelta(minutes=1))
    shop.doubles.control.clear_faults()
    shop.doubles.control.plan(FaultRule(provider="stripe", effect="error", status=500))
    shop.clock.move(timedelta(minutes=30))
    for _ in range(2):
        shop.payment_sweep.run(shop.clock.now(), 1)
    assert [refund_state(shop, order) for order in orders] == [RefundState.SENT, RefundState.SUCCEEDED]
    shop.doubles.control.clear_faults()
    shop.clock.move(timedelta(minutes=10))
    shop.payment_sweep.run(shop.clock.now(), 1)
    assert refund_state(shop, orders[0]) is RefundState.SUCCEEDED


def refund_state(shop: Shop, order: Order) -> RefundState:
    (refund,) = shop.store.refunds_of(shop.now_of(order))
    return refund.state


def test_points_come_back_when_the_provider_refuses(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_toss(uid)
    shop.doubles.control.plan(
        FaultRule(provider="toss", path="*/cancel", effect="error", status=403, code="NOT_CANCELABLE_PAYMENT")
    )
    refund = shop.ask_refund(uid, order, 400)
    assert (refund.state, refund.failure) == (RefundState.FAILED, "NOT_CANCELABLE_PAYMENT")
    assert shop.wallet(uid)["available_points"] == SIGNUP + 1100
    shop.doubles.control.clear_faults()
    assert shop.ask_refund(uid, order, 400, request_id="once-more").state is RefundState.SUCCEEDED
    assert shop.balance().is_balanced


@pytest.mark.parametrize(("cancelled", "left_points"), [(5_000, 550), (None, 0)])
def test_staff_who_refund_beside_a_member_whose_refund_is_unclear_take_its_points(
    shop: Shop, cancelled: int | None, left_points: int
) -> None:
    uid = shop.member()
    order = shop.buy_with_toss(uid)
    shop.doubles.control.plan(FaultRule(provider="toss", path="*/cancel", effect="error", status=500))
    assert shop.ask_refund(uid, order).state is RefundState.SENT
    shop.doubles.control.toss.refund_in_dashboard(order.id, cancelled)
    shop.doubles.control.clear_faults()
    shop.clock.move(timedelta(minutes=30))
    shop.sweep()
    own, staffs = shop.store.refunds_of(shop.now_of(order))
    assert (own.state, staffs.state) == (RefundState.FAILED, RefundState.SUCCEEDED)
    assert shop.now_of(order).refunded_value == staffs.value == staffs.amount
    wallet = shop.wallet(uid)
    assert (wallet["available_points"], wallet["held_points"]) == (SIGNUP + left_points, 0)
    assert shop.balance().is_balanced


def test_a_refund_that_is_refused_because_of_a_dispute_leaves_the_points_frozen(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_stripe(uid)
    shop.receive_all()
    shop.doubles.control.plan(FaultRule(provider="stripe", path="/v1/refunds", effect="error", status=500))
    assert shop.ask_refund(uid, order).state is RefundState.SENT
    shop.doubles.control.clear_faults()
    shop.doubles.control.stripe.open_dispute(shop.now_of(order).reference)
    shop.clock.move(timedelta(minutes=30))
    shop.sweep()
    (refund,) = shop.store.refunds_of(shop.now_of(order))
    assert (refund.state, refund.failure) == (RefundState.FAILED, "charge_disputed")
    wallet = shop.wallet(uid)
    assert (wallet["available_points"], wallet["held_points"]) == (SIGNUP, 1100)
    letters = [one.to_dict() or {} for one in shop.client.collection("mail").stream()]
    assert "refund-decided" in [letter.get("kind") for letter in letters], letters
    assert shop.balance().is_balanced


def test_a_refund_that_fails_after_it_succeeded_returns_the_points(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_stripe(uid)
    shop.receive_all()
    refund = shop.ask_refund(uid, order)
    assert shop.wallet(uid)["available_points"] == SIGNUP
    shop.doubles.control.stripe.settle_refund(refund.provider_refund_id, "failed")
    shop.receive_all()
    assert shop.wallet(uid)["available_points"] == SIGNUP + 1100
    assert shop.ask_refund(uid, order, request_id="once-more").amount == 799
    assert shop.balance().is_balanced


def test_a_pending_refund_waits_for_its_event(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_stripe(uid)
    shop.receive_all()
    shop.doubles.control.stripe.plan_refunds("pending")
    refund = shop.ask_refund(uid, order)
    assert refund.state is RefundState.SENT
    assert shop.wallet(uid)["held_points"] == 1100
    shop.doubles.control.stripe.settle_refund(refund.provider_refund_id, "succeeded")
    shop.receive_all()
    assert shop.store.refund(refund.id).state is RefundState.SUCCEEDED  # type: ignore[union-attr]
    assert shop.wallet(uid)["held_points"] == 0


def test_dashboard_refunds_take_what_is_left_and_the_rest_is_owed(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_toss(uid)
    shop.spend(uid, SIGNUP + 100 + 700)
    shop.doubles.control.toss.refund_in_dashboard(order.id, 4_000)
    shop.receive_all()
    shop.receive_all()
    wallet = shop.wallet(uid)
    assert (wallet["available_points"], wallet["debt_points"]) == (0, 100)
    (refund,) = shop.store.refunds_of(shop.now_of(order))
    assert (refund.points, refund.owed_points, refund.origin.value) == (400, 100, "provider")
    shop.buy_with_stripe(uid, request_id="second-order")
    shop.receive_all()
    wallet = shop.wallet(uid)
    assert (wallet["available_points"], wallet["debt_points"]) == (1000 - 100 + 100, 0)
    assert shop.balance().is_balanced


def test_a_dispute_freezes_and_winning_it_thaws(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_stripe(uid)
    shop.receive_all()
    dispute = shop.doubles.control.stripe.open_dispute(shop.now_of(order).reference)
    shop.receive_all()
    wallet = shop.wallet(uid)
    assert (wallet["available_points"], wallet["held_points"]) == (SIGNUP, 1100)
    with pytest.raises(PaymentDisputed):
        shop.ask_refund(uid, order)
    shop.doubles.control.stripe.close_dispute(dispute["id"], "won")
    shop.receive_all()
    wallet = shop.wallet(uid)
    assert (wallet["available_points"], wallet["held_points"]) == (SIGNUP + 1100, 0)
    record = shop.document(f"disputes/{dispute['id']}")
    assert record["state"] == "won"
    assert record["destroy_at"] == destroy_at("complaint", record["closed_at"]), "three years from the decision"
    assert shop.balance().is_balanced


def test_a_lost_dispute_takes_the_points_and_lists_the_payer(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_stripe(uid)
    shop.receive_all()
    shop.spend(uid, SIGNUP + 100 + 900)
    dispute = shop.doubles.control.stripe.open_dispute(shop.now_of(order).reference)
    shop.receive_all()
    shop.doubles.control.stripe.close_dispute(dispute["id"], "lost")
    shop.receive_all()
    wallet = shop.wallet(uid)
    assert (wallet["available_points"], wallet["held_points"], wallet["debt_points"]) == (0, 0, 900)
    assert not shop.misuse.is_listed(("email:jisu@example.com",), shop.clock.now())
    shop.sweep()
    assert shop.misuse.is_listed(("email:jisu@example.com",), shop.clock.now())
    assert shop.document(f"disputes/{dispute['id']}")["is_misuse_due"] is False
    assert shop.balance().is_balanced


def test_a_dispute_that_is_won_on_appeal_gives_points_and_good_name_back(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_stripe(uid)
    shop.receive_all()
    stripe = shop.doubles.control.stripe
    dispute = stripe.open_dispute(shop.now_of(order).reference)
    stripe.close_dispute(dispute["id"], "lost")
    shop.receive_all()
    shop.sweep()
    assert shop.wallet(uid)["available_points"] == SIGNUP
    assert shop.misuse.is_listed(("email:jisu@example.com",), shop.clock.now())
    stripe.win_appeal(dispute["id"])
    shop.receive_all()
    shop.sweep()
    assert shop.wallet(uid)["available_points"] == SIGNUP + 1100
    assert not shop.misuse.is_listed(("email:jisu@example.com",), shop.clock.now())
    assert shop.document(f"disputes/{dispute['id']}")["is_misuse_due"] is False
    assert shop.balance().is_balanced
    assert not shop.settlements.run(shop.clock.now(), legal_day(shop.clock.now()))["difference_count"]


def test_who_wins_on_appeal_stays_listed_for_what_else_there_is(shop: Shop) -> None:
    uid, identity = shop.member(), "email:jisu@example.com"
    order = shop.buy_with_stripe(uid)
    shop.receive_all()
    stripe, began = shop.doubles.control.stripe, shop.clock.now()
    shop.misuse.list_identities((identity,), Case("suspended", "suspension-1"), began)
    shop.clock.move(timedelta(days=100))
    dispute = stripe.open_dispute(shop.now_of(order).reference)
    stripe.close_dispute(dispute["id"], "lost")
    shop.receive_all()
    shop.sweep()
    assert listed_until(shop) == {
        "suspended": destroy_at("misuse", began),
        CHARGEBACK: destroy_at("misuse", shop.clock.now()),
    }
    stripe.win_appeal(dispute["id"])
    shop.receive_all()
    shop.sweep()
    assert listed_until(shop) == {"suspended": destroy_at("misuse", began)}
    assert shop.misuse.is_listed((identity,), shop.clock.now())


def listed_until(shop: Shop) -> dict[str, datetime]:
    return {one.get("reason"): one.get("destroy_at") for one in shop.client.collection("misuse").stream()}


def test_points_a_job_gives_back_pay_a_debt(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_toss(uid)
    shop.spend(uid, SIGNUP + 100 + 990)
    accepted = shop.generation.create(
        uid, job_request(images=[{"model": "gpt-image", "quality": "low", "count": 2}]), shop.clock.now()
    )
    shop.doubles.control.toss.refund_in_dashboard(order.id)
    shop.receive_all()
    assert shop.wallet(uid)["debt_points"] == 1000
    shop.generation.cancel(uid, accepted.job_id, shop.clock.now())
    wallet = shop.wallet(uid)
    assert (wallet["available_points"], wallet["debt_points"]) == (0, 990)
    assert shop.balance().is_balanced


def test_a_virtual_account_is_refunded_to_the_account_the_buyer_names_and_that_is_forgotten(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_toss(uid, "virtual_account")
    shop.doubles.control.toss.deposit(order.id)
    shop.receive_all()
    with pytest.raises(RefundAccountMissing):
        shop.ask_refund(uid, order, 100)
    account = {"bank": "20", "account_number": "1002123456789", "holder_name": "김지수"}
    refund = shop.ask_refund(uid, order, 100, account=account)
    assert refund.state is RefundState.SUCCEEDED
    assert shop.document(f"refunds/{refund.id}")["account"] is None


def test_two_refunds_at_once_lock_once(shop: Shop) -> None:
    from concurrent.futures import ThreadPoolExecutor

    uid = shop.member()
    order = shop.buy_with_toss(uid)

    def ask(number: int) -> str:
        try:
            return shop.ask_refund(uid, order, 600, request_id=f"refund-{number}-x").state.value
        except (RefundInProgress, NothingToRefund) as refusal:
            return refusal.code

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(ask, range(6)))
    assert outcomes.count("succeeded") == 1, outcomes
    assert shop.wallet(uid)["available_points"] == SIGNUP + 1100 - 660
    assert shop.balance().is_balanced


@pytest.mark.parametrize("way", ["dispute", "refund"])
def test_what_came_and_went_before_anybody_heard_of_it_is_in_the_ledger_both_ways(shop: Shop, way: str) -> None:
    uid = shop.member()
    placed = shop.order(uid, Channel.CHECKOUT, currency="USD")
    session = placed.opening.reference
    stripe = shop.doubles.control.stripe
    stripe.pay_checkout(session, "pm_card_visa")
    if way == "dispute":
        stripe.close_dispute(stripe.open_dispute(session)["id"], "lost")
    else:
        stripe.refund_in_dashboard(session)
    shop.receive_all()
    entries = [entry.id for entry in shop.client.collection(f"wallets/{uid}/entries").stream()]
    assert f"grant:order:{placed.order.id}" in entries
    assert sum(entry.startswith(f"take-back:{way}:") for entry in entries) == 1
    assert shop.wallet(uid)["available_points"] == SIGNUP
    assert shop.balance().is_balanced
    assert not shop.settlements.run(shop.clock.now(), legal_day(shop.clock.now()))["difference_count"]
