"""Refunds and disputes of the Stripe double, and the ledger that they leave."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from local.doubles import ControlClient
from local.doubles.control import ControlRefused


def paid(shop: Any, amount: int = 10_000, method: str = "pm_card_visa", currency: str = "krw") -> Any:
    return shop.v1.payment_intents.create(
        {"amount": amount, "currency": currency, "payment_method": method, "confirm": True}
    )


def charge_of(shop: Any, intent: Any) -> Any:
    return shop.v1.charges.retrieve(intent.latest_charge)


def event_types(shop: Any) -> list[str]:
    return [one.type for one in shop.v1.events.list({"limit": 100}).data][::-1]


def ledger_sum(shop: Any) -> int:
    return sum(row.amount for row in shop.v1.balance_transactions.list({"limit": 100}).data)


def test_parts_then_the_rest_and_never_more(shop: Any) -> None:
    intent = paid(shop)
    part = shop.v1.refunds.create({"payment_intent": intent.id, "amount": 3_000, "metadata": {"request": "r1"}})
    assert (part.status, part.charge, part.metadata["request"]) == ("succeeded", intent.latest_charge, "r1")
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        shop.v1.refunds.create({"payment_intent": intent.id, "amount": 7_001})
    assert shop.v1.refunds.create({"charge": intent.latest_charge}).amount == 7_000
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.v1.refunds.create({"payment_intent": intent.id})
    assert caught.value.code == "charge_already_refunded"
    charge = charge_of(shop, intent)
    assert (charge.amount_refunded, charge.refunded) == (10_000, True)
    assert [one.amount for one in shop.v1.refunds.list({"payment_intent": intent.id}).data] == [7_000, 3_000]
    assert ledger_sum(shop) == 0


def test_dashboard_refund_looks_like_any_other(shop: Any, control: ControlClient) -> None:
    intent = paid(shop)
    refund = control.stripe.refund_in_dashboard(intent.id, 4_000)
    assert shop.v1.refunds.retrieve(refund["id"]).amount == 4_000
    (event,) = shop.v1.events.list({"type": "refund.created"}).data
    assert event.request.id is None
    with pytest.raises(ControlRefused, match="unrefunded"):
        control.stripe.refund_in_dashboard(intent.id, 6_001)


@pytest.mark.parametrize("end", ["succeeded", "failed"])
def test_pending_refund_ends(shop: Any, control: ControlClient, end: str) -> None:
    intent = paid(shop, method="pm_card_pendingRefund")
    refund = shop.v1.refunds.create({"payment_intent": intent.id, "amount": 4_000})
    assert refund.status == "pending"
    control.stripe.settle_refund(refund.id, end)
    assert shop.v1.refunds.retrieve(refund.id).status == end
    assert charge_of(shop, intent).amount_refunded == (4_000 if end == "succeeded" else 0)
    assert ledger_sum(shop) == (6_000 if end == "succeeded" else 10_000)
    with pytest.raises(ControlRefused, match="status is"):
        control.stripe.settle_refund(refund.id, "succeeded")


def test_refund_that_fails_can_be_made_again(shop: Any, control: ControlClient) -> None:
    intent = paid(shop)
    control.stripe.plan_refunds("failed")
    first = shop.v1.refunds.create({"payment_intent": intent.id})
    assert (first.status, first.failure_reason) == ("failed", "lost_or_stolen_card")
    assert event_types(shop)[-6:] == [
        "refund.created",
        "charge.refunded",
        "refund.failed",
        "refund.updated",
        "charge.refund.updated",
        "charge.updated",
    ]
    assert shop.v1.refunds.create({"payment_intent": intent.id}).status == "succeeded"
    assert ledger_sum(shop) == 0


def test_lost_dispute(shop: Any, control: ControlClient) -> None:
    intent = paid(shop)
    dispute = control.stripe.open_dispute(intent.id, "product_not_received", 6_000)
    assert charge_of(shop, intent).disputed
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.v1.refunds.create({"payment_intent": intent.id})
    assert caught.value.code == "charge_disputed"
    answered = shop.v1.disputes.update(dispute["id"], {"evidence": {"uncategorized_text": "delivered"}})
    assert (answered.status, answered.evidence_details.submission_count) == ("under_review", 1)
    control.stripe.close_dispute(dispute["id"], "lost")
    assert shop.v1.disputes.retrieve(dispute["id"]).status == "lost"
    assert ledger_sum(shop) == 4_000
    with pytest.raises(ControlRefused, match="already closed"):
        control.stripe.close_dispute(dispute["id"], "won")


def test_won_dispute_brings_the_money_back(shop: Any, control: ControlClient) -> None:
    intent = paid(shop, method="pm_card_createDispute")
    (dispute,) = shop.v1.disputes.list({"payment_intent": intent.id}).data
    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", "fraudulent", 10_000)
    control.stripe.close_dispute(dispute.id, "won")
    assert [row.amount for row in shop.v1.disputes.retrieve(dispute.id).balance_transactions] == [-10_000, 10_000]
    assert event_types(shop)[-4:] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    ]
    assert shop.v1.refunds.create({"payment_intent": intent.id}).status == "succeeded"


def test_inquiry_moves_no_money(shop: Any, control: ControlClient) -> None:
    intent = paid(shop)
    dispute = control.stripe.open_dispute(intent.id, inquiry=True)
    assert (dispute["status"], dispute["is_charge_refundable"]) == ("warning_needs_response", True)
    assert shop.v1.refunds.create({"payment_intent": intent.id, "amount": 1_000}).status == "succeeded"
    control.stripe.close_dispute(dispute["id"], "won")
    assert shop.v1.disputes.retrieve(dispute["id"]).status == "warning_closed"
    assert ledger_sum(shop) == 9_000


def test_shop_can_give_in(shop: Any, control: ControlClient) -> None:
    dispute = control.stripe.open_dispute(paid(shop).id)
    assert shop.v1.disputes.close(dispute["id"]).status == "lost"


@pytest.mark.parametrize("amount", [0, -5, 10_001])
def test_impossible_amounts(shop: Any, control: ControlClient, amount: int) -> None:
    intent = paid(shop)
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.refunds.create({"payment_intent": intent.id, "amount": amount})
    with pytest.raises(ControlRefused):
        control.stripe.open_dispute(intent.id, amount=amount)
    assert charge_of(shop, intent).amount_refunded == 0


def test_unpaid_cannot_be_refunded(shop: Any, control: ControlClient) -> None:
    waiting = shop.v1.payment_intents.create({"amount": 1_000, "currency": "usd"})
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        shop.v1.refunds.create({"payment_intent": waiting.id})
    control.stripe.pay_intent(waiting.id, "pm_usBankAccount_success")
    with pytest.raises(stripe.InvalidRequestError, match="pending"):
        shop.v1.refunds.create({"payment_intent": waiting.id})
