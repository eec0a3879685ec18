"""The daily settlement: each movement is compared once, on the day on which its provider booked it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from imagesfactory.kit.clock import legal_day, start_of_legal_day
from imagesfactory.payments import settlement
from imagesfactory.payments.errors import SettlementNotFound
from imagesfactory.payments.settlement import Settlements

from local.doubles.core.faults import FaultRule
from tests.shop import Shop

SIGNUP = 100
BEFORE_MIDNIGHT = timedelta(minutes=30)
"""More than a test takes, so that it crosses midnight only where it says so."""


def test_a_day_on_which_everything_agrees(shop: Shop) -> None:
    day = shop.go_to_noon()
    uid = shop.member()
    toss = shop.buy_with_toss(uid)
    shop.buy_with_stripe(uid, request_id="stripe-dollars")
    shop.buy_with_stripe(uid, request_id="stripe-won-usd", currency="KRW")
    shop.receive_all()
    shop.ask_refund(uid, toss, 400)
    report = report_of(shop, day)
    assert report["differences"] == []
    won = {"provider_in": 10_000, "ours_in": 10_000}
    assert report["providers"]["toss"]["sums"]["KRW"] == {**won, "provider_out": -4_000, "ours_out": -4_000}
    assert report["providers"]["stripe"]["sums"] == {"USD": {"provider_in": 799, "ours_in": 799}, "KRW": won}
    assert report["ledger"]["total"] == 0
    assert report["outstanding"]["paid_up_to_30_days"] == 2_600
    assert report["outstanding"]["bonus_up_to_30_days"] == SIGNUP + 260
    assert shop.settlements.get(None)["day"] == day.isoformat()
    with pytest.raises(SettlementNotFound):
        shop.settlements.get("2020-01-01")


def test_a_night_too_short_for_every_wallet_is_gone_on_with_in_the_next(shop: Shop) -> None:
    members = [shop.member(f"member-{number}", f"m{number}@example.com") for number in range(3)]
    short = Settlements(shop.client, providers=shop.providers, walk=timedelta(0))
    day = legal_day(shop.clock.now())
    nights = [short.run(shop.clock.now(), day + timedelta(days=night))["ledger"] for night in range(4)]
    assert [night["reached"] for night in nights] == [*members, ""]
    assert [night["wallets"] for night in nights] == [1, 1, 1, 0]
    assert [night["after"] for night in nights] == ["", *members]
    whole = shop.settlements.run(shop.clock.now(), day + timedelta(days=4))["ledger"]
    assert (whole["wallets"], whole["after"], whole["reached"]) == (3, "", "")


def test_differences_are_listed_and_nothing_is_fixed(shop: Shop) -> None:
    day = shop.go_to_noon()
    uid = shop.member()
    lost = shop.buy_with_stripe(uid)
    wrong = shop.buy_with_toss(uid, request_id="wrong-amount")
    shop.client.document(f"payments/toss-{wrong.id}").update({"amount": 1})
    report = report_of(shop, day)
    kinds = {(one["of"], one["kind"]) for one in report["differences"]}
    assert kinds == {("stripe", "not-recorded"), ("toss", "amount-differs")}
    assert not shop.now_of(lost).is_paid
    assert shop.document(f"payments/toss-{wrong.id}")["amount"] == 1


def test_a_payment_without_points_is_listed(shop: Shop) -> None:
    day = shop.go_to_noon()
    uid = shop.member()
    order = shop.buy_with_toss(uid)
    shop.client.document(f"wallets/{uid}/entries/grant:order:{order.id}").delete()
    report = report_of(shop, day)
    assert [one["kind"] for one in report["differences"]] == ["payment-without-points"]
    assert report["ledger"]["wrong_wallets"] == 1


def test_a_deposit_that_is_neither_supplied_nor_sent_back_is_listed_until_somebody_paid_it(shop: Shop) -> None:
    """Its refund names no account, so that Toss refuses it for good: the member paid and has nothing."""
    day = shop.go_to_noon()
    uid = shop.member()
    order = shop.buy_with_toss(uid, "virtual_account")
    shop.client.document(f"wallets/{uid}").update({"status": "closed"})
    shop.doubles.control.toss.deposit(order.id)
    shop.receive_all()
    shop.sweep()
    (refund,) = shop.store.refunds_of(shop.now_of(order))
    assert (refund.state.value, refund.reason.value) == ("failed", "not-supplied")
    assert [one["kind"] for one in report_of(shop, day)["differences"]] == ["payment-without-points"]
    shop.client.document(f"orders/{order.id}").update({"refunded_value": order.amount})
    assert report_of(shop, day)["differences"] == []


@pytest.mark.parametrize(("few", "after_the_purchase"), [(500, 3), (0, 5)], ids=["days", "from three hours again"])
def test_quiet_time_costs_few_questions_and_busy_time_is_cut_small(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, few: int, after_the_purchase: int
) -> None:
    monkeypatch.setattr(settlement, "LINES_FEW", few)
    shop.go_to_noon()
    uid = shop.member()
    shop.buy_with_toss(uid)
    shop.doubles.control.clear_requests()
    now = shop.clock.now()
    books, differences = shop.settlements.compare(now - timedelta(days=30), now + timedelta(days=3))
    assert differences == []
    assert books["toss"]["sums"]["KRW"]["ours_in"] == 10_000
    questions = shop.doubles.control.requests(provider="toss", path="/v1/transactions")
    assert len(questions) == 3 + 30 + after_the_purchase, "3, 6 and 12 hours, then days"


def test_a_provider_that_does_not_answer_is_reported(shop: Shop) -> None:
    day = shop.go_to_noon()
    shop.doubles.control.plan(FaultRule(provider="toss", path="/v1/transactions", effect="error", status=500))
    report = report_of(shop, day)
    assert report["differences"] == [{"of": "toss", "kind": "provider-unread", "id": ""}]


def the_evening(shop: Shop) -> date:
    """Go to half an hour before a midnight in Seoul; the day that ends then."""
    day = legal_day(shop.clock.now()) + timedelta(days=1)
    shop.go_to(start_of_legal_day(day + timedelta(days=1)) - BEFORE_MIDNIGHT)
    return day


def cross_midnight(shop: Shop) -> None:
    shop.go_to(shop.clock.now() + 2 * BEFORE_MIDNIGHT)


def report_of(shop: Shop, day: date) -> dict[str, Any]:
    return shop.settlements.run(start_of_legal_day(day + timedelta(days=3)), day)


def sums(shop: Shop, day: date, currency: str) -> dict[str, dict[str, int]]:
    """What moved on a day, by provider, when both books agree on it."""
    report = report_of(shop, day)
    assert report["differences"] == []
    found = {}
    for provider, book in report["providers"].items():
        totals = book["sums"].get(currency, {})
        assert totals.get("provider_in") == totals.get("ours_in")
        assert totals.get("provider_out") == totals.get("ours_out")
        found[provider] = {way: totals.get(f"ours_{way}", 0) for way in ("in", "out")}
    return found


def test_what_was_begun_before_midnight_counts_on_the_day_it_was_booked(shop: Shop) -> None:
    uid = shop.member()
    evening = the_evening(shop)
    toss = shop.buy_with_toss(uid)
    account = shop.buy_with_toss(uid, "virtual_account", request_id="deposit-tomorrow")
    stripe = shop.buy_with_stripe(uid, request_id="paid-today")
    slow = shop.buy_with_stripe(uid, "pm_usBankAccount_success", request_id="slow-one")
    disputed = shop.buy_with_stripe(uid, request_id="disputed")
    shop.receive_all()
    shop.doubles.control.stripe.plan_refunds("pending")
    pending = shop.ask_refund(uid, stripe, 500)
    dispute = shop.doubles.control.stripe.open_dispute(shop.now_of(disputed).reference)
    shop.receive_all()

    cross_midnight(shop)
    morning = evening + timedelta(days=1)
    shop.ask_refund(uid, toss, 400, request_id="refund-in-the-morning")
    shop.doubles.control.toss.deposit(account.id)
    shop.doubles.control.stripe.settle_payment(shop.now_of(slow).reference)
    shop.doubles.control.stripe.settle_refund(pending.provider_refund_id, "failed")
    shop.doubles.control.stripe.close_dispute(dispute["id"], "won")
    shop.receive_all()

    assert sums(shop, evening, "KRW")["toss"] == {"in": 10_000, "out": 0}
    assert sums(shop, evening, "USD")["stripe"] == {"in": 2 * 799, "out": -399 - 799}
    assert sums(shop, morning, "KRW")["toss"] == {"in": 10_000, "out": -4_000}
    assert sums(shop, morning, "USD")["stripe"] == {"in": 799 + 399 + 799, "out": 0}
    assert sums(shop, morning + timedelta(days=1), "USD")["stripe"] == {"in": 0, "out": 0}


def test_what_we_hear_of_late_still_counts_on_the_day_it_was_booked(shop: Shop) -> None:
    uid = shop.member()
    evening = the_evening(shop)
    order = shop.buy_with_stripe(uid)
    assert [one["kind"] for one in report_of(shop, evening)["differences"]] == ["not-recorded"]
    cross_midnight(shop)
    shop.receive_all()
    assert shop.now_of(order).is_paid
    assert sums(shop, evening, "USD")["stripe"] == {"in": 799, "out": 0}
    assert sums(shop, evening + timedelta(days=1), "USD")["stripe"] == {"in": 0, "out": 0}


@pytest.mark.parametrize("is_told", [True, False], ids=["told", "found by the sweep"])
def test_a_payment_that_is_booked_long_after_it_came_in(shop: Shop, is_told: bool) -> None:
    uid = shop.member()
    evening = the_evening(shop)
    shop.doubles.control.stripe.plan_late_bookings()
    order = shop.buy_with_stripe(uid)
    shop.receive_all()
    assert shop.now_of(order).is_paid
    assert shop.wallet(uid)["available_points"] == SIGNUP + 1100, "points do not wait for the books"
    assert sums(shop, evening, "USD")["stripe"] == {"in": 0, "out": 0}

    cross_midnight(shop)
    shop.doubles.control.stripe.book_payment(shop.now_of(order).reference)
    if is_told:
        shop.receive_all()
    else:
        shop.clock.move(timedelta(hours=1))
        shop.sweep()
    assert shop.now_of(order).resume_at is None
    assert sums(shop, evening, "USD")["stripe"] == {"in": 0, "out": 0}
    assert sums(shop, evening + timedelta(days=1), "USD")["stripe"] == {"in": 799, "out": 0}
    assert shop.wallet(uid)["available_points"] == SIGNUP + 1100


def test_money_that_stripe_exchanges_is_compared_as_it_was_charged(shop: Shop) -> None:
    """An account's balance is kept in its own currency, whatever buyers pay in."""
    day = shop.go_to_noon()
    uid = shop.member()
    stripe = shop.doubles.control.stripe
    stripe.plan_exchange("krw", 13.8)
    order = shop.buy_with_stripe(uid)
    disputed = shop.buy_with_stripe(uid, request_id="disputed")
    shop.receive_all()
    refund = shop.ask_refund(uid, order, 500)
    stripe.settle_refund(refund.provider_refund_id, "failed")
    stripe.close_dispute(stripe.open_dispute(shop.now_of(disputed).reference)["id"], "won")
    shop.receive_all()
    assert sums(shop, day, "USD")["stripe"] == {"in": 799 + 399 + 2 * 799, "out": -399 - 799}


def test_an_inquiry_of_a_bank_moves_no_money(shop: Shop) -> None:
    day = shop.go_to_noon()
    uid = shop.member()
    order = shop.buy_with_stripe(uid)
    shop.receive_all()
    inquiry = shop.doubles.control.stripe.open_dispute(shop.now_of(order).reference, inquiry=True)
    shop.receive_all()
    assert shop.document(f"disputes/{inquiry['id']}")["state"] == "open"
    shop.doubles.control.stripe.close_dispute(inquiry["id"], "won")
    shop.receive_all()
    assert sums(shop, day, "USD")["stripe"] == {"in": 799, "out": 0}


def test_a_deposit_that_the_bank_took_back_is_shown_to_people(shop: Shop) -> None:
    """Toss's books have no line for it: only the member's order tells."""
    uid = shop.member()
    evening = the_evening(shop)
    order = shop.buy_with_toss(uid, "virtual_account")
    shop.doubles.control.toss.deposit(order.id)
    shop.receive_all()
    cross_midnight(shop)
    shop.doubles.control.toss.take_deposit_back(order.id)
    shop.receive_all()
    assert sums(shop, evening, "KRW")["toss"] == {"in": 10_000, "out": 0}
    (difference,) = report_of(shop, evening + timedelta(days=1))["differences"]
    assert (difference["kind"], difference["id"]) == ("not-at-provider", shop.now_of(order).reference)
    assert difference["ours"] == {"amount": -10_000, "currency": "KRW"}


def test_the_period_of_withdrawal_starts_when_the_points_are_supplied(shop: Shop) -> None:
    """E-Commerce Act article 17(1): from the supply, where that is later than the payment."""
    uid = shop.member()
    order = shop.buy_with_stripe(uid)
    shop.clock.move(timedelta(days=3))
    shop.receive_all()
    supplied_at = shop.now_of(order).supplied_at
    assert supplied_at == shop.clock.now()
    shop.clock.move(timedelta(days=6))
    assert shop.ask_refund(uid, order, 100).reason.value == "withdrawal-of-offer"
    shop.clock.move(timedelta(days=9))
    assert shop.ask_refund(uid, order, 100, request_id="refund-too-late").reason.value == "termination"
