"""Receipts, coupons and letters: what members are shown about money."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from imagesfactory.doors import views_payments
from imagesfactory.kit.clock import legal_day
from imagesfactory.kit.errors import Contended
from imagesfactory.payments import receipts
from imagesfactory.payments.coupons import CouponService
from imagesfactory.payments.errors import CouponUnknown, CouponUsedBefore, OrderNotPaid
from imagesfactory.payments.request import CouponRequest

from local.doubles.core.faults import FaultRule
from tests.shop import RULES, Shop

SIGNUP = 100
COUPON = RULES.coupons[0]


def test_receipts_show_refunds_in_both_languages_and_as_pdf(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    uid = shop.member()
    order = shop.buy_with_toss(uid)
    shop.ask_refund(uid, order, 400)
    made = shop.receipts.get(uid, order.id)
    korean, english = receipts.as_html(made, "ko"), receipts.as_html(made, "en")
    assert "영수증" in korean
    assert "₩10,000" in korean
    assert "카드 · 현대카드 · 1234" in korean
    assert "Card · 현대카드 · 1234" in english
    assert "-₩4,000" in korean
    assert "₩6,000" in english
    assert "829-04-03406" in english
    assert made.number in english
    with caplog.at_level("WARNING"):
        pdf = receipts.as_pdf(made, "ko")
    assert caplog.records == [], "the font has every letter"
    assert pdf.startswith(b"%PDF-")
    assert len(pdf) < 200_000  # only the letters used are embedded
    assert b"NotoSansKR" in pdf


def test_a_lost_dispute_is_on_the_receipt(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_stripe(uid)
    shop.receive_all()
    shop.ask_refund(uid, order, 500)
    dispute = shop.doubles.control.stripe.open_dispute(shop.now_of(order).reference, amount=300)
    shop.receive_all()
    assert "$4.00" in receipts.as_html(shop.receipts.get(uid, order.id), "en"), "nothing is decided"
    shop.doubles.control.stripe.close_dispute(dispute["id"], "lost")
    shop.receive_all()
    made = shop.receipts.get(uid, order.id)
    assert made.en.lines[-2:] == (("Refunded", "-$3.99"), ("Returned by your bank", "-$3.00"))
    assert made.en.total == ("Total", "$1.00")
    details = views_payments.details(shop.orders.get(uid, order.id), shop.clock.now())
    (shown,) = details["disputes"]
    assert (shown["state"], shown["amount"], shown["currency"]) == ("lost", 300, "USD")


def test_a_refund_that_is_paid_back_late_owes_interest_and_says_so(shop: Shop) -> None:
    """E-Commerce Act article 18(2): 15 % a year from the day after the third business day."""
    uid = shop.member()
    order = shop.buy_with_toss(uid)
    shop.doubles.control.plan(FaultRule(provider="toss", path="*/cancel", effect="error", status=500))
    asked = shop.ask_refund(uid, order, 400)
    shop.go_to(shop.clock.now() + timedelta(days=20))
    shop.doubles.control.clear_faults()
    shop.sweep()
    refund = shop.store.refund(asked.id)
    assert refund is not None
    days_late = (legal_day(shop.clock.now()) - legal_day(asked.due_at)).days + 1
    assert refund.late_interest == math.ceil(4_000 * 0.15 * days_late / 365) > 20
    shop.work_off()
    (mail,) = [one for one in shop.doubles.control.mails() if "환불이 완료되었습니다" in one["subject"]]
    assert f"지연배상금: ₩{refund.late_interest}" in mail["text"]
    assert f"₩{refund.late_interest}" in mail["html"]
    details = shop.orders.get(uid, order.id)
    assert shop.receipts.get(uid, order.id).en.lines[-1][1] == f"₩{refund.late_interest}"
    assert views_payments.details(details, shop.clock.now())["refunds"][0]["late_interest"] == refund.late_interest


def test_no_receipt_before_the_money(shop: Shop) -> None:
    uid = shop.member()
    order = shop.order(uid).order
    with pytest.raises(OrderNotPaid):
        shop.receipts.get(uid, order.id)


def test_letters_about_money_reach_the_member(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_toss(uid)
    shop.ask_refund(uid, order, 400)
    shop.receipts.mail(uid, order.id, shop.clock.now())
    shop.receipts.mail(uid, order.id, shop.clock.now())
    shop.work_off()
    mails = shop.doubles.control.mails(to="jisu@example.com", at_least=3)
    subjects = sorted(mail["subject"] for mail in mails)
    assert len(subjects) == 3
    assert any("포인트 구매가 완료되었습니다" in subject for subject in subjects)
    assert any("환불이 완료되었습니다" in subject for subject in subjects)
    assert any(order.receipt_number in subject for subject in subjects)
    bought = next(mail for mail in mails if "구매" in mail["subject"])
    assert RULES.refunds.notice.ko[:20] in bought["text"]


def test_receipt_numbers_have_no_gap_within_a_lane(shop: Shop) -> None:
    uid = shop.member()
    numbers = []
    for number in range(12):
        shop.clock.move(timedelta(minutes=1))
        numbers.append(shop.buy_with_toss(uid, request_id=f"request-{number:02d}").receipt_number)
    lanes: dict[str, list[int]] = {}
    for receipt in numbers:
        year, lane, count = receipt.split("-")
        lanes.setdefault(f"{year}-{lane}", []).append(int(count))
    assert all(counts == list(range(1, len(counts) + 1)) for counts in lanes.values())


def coupon(code: str, request_id: str = "coupon-request") -> CouponRequest:
    return CouponRequest(request_id=request_id, code=code)


def test_a_coupon_counts_once_for_each_member(shop: Shop) -> None:
    uid, other = shop.member(), shop.member("other", "other@example.com")
    first = coupon(f" {COUPON.code.lower()} ")
    assert shop.coupons.redeem(uid, first, shop.clock.now()) == COUPON.points
    assert shop.coupons.redeem(uid, first, shop.clock.now()) == COUPON.points, "its answer was lost"
    with pytest.raises(CouponUsedBefore):
        shop.coupons.redeem(uid, coupon(COUPON.code, "another-request"), shop.clock.now())
    shop.coupons.redeem(other, coupon(COUPON.code), shop.clock.now())
    assert shop.wallet(uid)["available_points"] == SIGNUP + COUPON.points
    with pytest.raises(CouponUnknown):
        shop.coupons.redeem(uid, coupon("GUESSED"), shop.clock.now())
    shop.clock.move(timedelta(days=2000))
    assert shop.coupons.redeem(uid, first, shop.clock.now()) == COUPON.points, "no new use"
    with pytest.raises(CouponUnknown):
        shop.coupons.redeem(shop.member("third", "third@example.com"), coupon(COUPON.code), shop.clock.now())
    assert shop.balance().is_balanced


def test_a_coupon_that_left_the_catalogue_still_answers_its_own_request(shop: Shop) -> None:
    uid = shop.member()
    shop.coupons.redeem(uid, coupon(COUPON.code), shop.clock.now())
    later = CouponService(shop.client, points=shop.points, rules=RULES.model_copy(update={"coupons": ()}))
    assert later.redeem(uid, coupon(COUPON.code), shop.clock.now()) == COUPON.points
    assert shop.wallet(uid)["available_points"] == SIGNUP + COUPON.points
    with pytest.raises(CouponUnknown):
        later.redeem(shop.member("other", "other@example.com"), coupon(COUPON.code), shop.clock.now())


def test_a_coupon_redeemed_many_times_at_once_counts_once(shop: Shop) -> None:
    uid = shop.member()

    def redeem(number: int) -> str:
        try:
            request = coupon(COUPON.code, f"request-{number}")
            return str(shop.coupons.redeem(uid, request, shop.clock.now()))
        except (CouponUsedBefore, Contended) as refusal:
            return refusal.code

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(redeem, range(8)))
    assert outcomes.count(str(COUPON.points)) == 1, outcomes
    assert shop.wallet(uid)["available_points"] == SIGNUP + COUPON.points
    assert shop.balance().is_balanced
