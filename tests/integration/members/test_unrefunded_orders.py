"""Money that no provider pays back: a withdrawal ends all the same, and whatever people do is in the books."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from google.cloud.firestore import Client
from imagesfactory.kit.clock import legal_day
from imagesfactory.payments.errors import ClaimTooLate, MoreThanPaid, OrderNotFound, PaymentDisputed, RequestIdReused
from imagesfactory.payments.model import Order, Refund
from imagesfactory.payments.request import HandRefundRequest
from imagesfactory.payments.settlement import Settlements
from imagesfactory.staff.model import Role, StaffMember
from imagesfactory.withdrawal.model import Channel
from imagesfactory.withdrawal.open_money import OpenMoney
from imagesfactory.withdrawal.settling import REFUND_REFUSED_WAIT, REFUSALS_MAX
from pydantic import ValidationError

from local.doubles.core.faults import FaultRule
from tests.members import Members

SIGNUP = 100
FINANCE = StaffMember("uid-of-finance", Role.FINANCE, "203.0.113.5")
MISTYPED = {"bank": "99", "account_number": "110123456789", "holder_name": "김지수"}
"""No such bank: the provider refuses."""


def paid_by_deposit(house: Members, uid: str) -> Order:
    order = house.buy_with_toss(uid, "virtual_account")
    house.doubles.control.toss.deposit(order.id)
    house.receive_all()
    return house.now_of(order)


def gone_without_an_account(house: Members) -> Order:
    """The order of somebody who left on somebody else's word, so that nobody could be asked where money should go."""
    uid = house.member()
    order = paid_by_deposit(house, uid)
    house.withdrawals.begin(uid, Channel.GUARDIAN, house.clock.now())
    house.come_to_the_end()
    return order


def by_hand(house: Members, order: Order, **more: Any) -> Refund:
    request = {
        "request_id": "refund-by-hand-1",
        "order_id": order.id,
        "amount": order.amount,
        "ground": "termination",
        "reason": "Toss refused the account; paid by transfer",
    }
    return house.hand_refunds.record(FINANCE, HandRefundRequest.model_validate(request | more), house.clock.now())


def let_days_pass(house: Members) -> None:
    for _ in range(2):
        house.clock.move(timedelta(days=1, minutes=1))
        house.sweep()


def differences(house: Members) -> list[dict[str, Any]]:
    settlements = Settlements(house.client, providers=house.providers, archive=house.archive_client)
    today = legal_day(house.clock.now())
    return [
        one for days in (0, 1, 2) for one in settlements.run(house.clock.now(), today - timedelta(days))["differences"]
    ]


def test_what_staff_refund_at_toss_after_the_withdrawal_is_in_our_books(house: Members) -> None:
    order = gone_without_an_account(house)
    (evidence,) = [content for path, content in house.everything().items() if path.startswith("withdrawn/")]
    assert evidence["unrefunded_orders"] == [order.id]
    house.doubles.control.toss.refund_in_dashboard(order.id)
    house.receive_all()
    (refund,) = [content for path, content in house.everything().items() if path.startswith("refunds/")]
    assert (refund["state"], refund["amount"], refund["order_id"]) == ("succeeded", order.amount, order.id)
    let_days_pass(house)
    assert house.everything(house.archive_client)[f"orders/{order.id}"]["refunded_value"] == order.amount
    assert [path for path in house.everything() if path.startswith(("orders/", "refunds/"))] == []


def test_a_refund_that_is_refused_again_and_again_holds_no_withdrawal_up(house: Members) -> None:
    uid = house.member()
    order = paid_by_deposit(house, uid)
    house.withdraw(uid, refund_account=MISTYPED)
    for _ in range(REFUSALS_MAX + 1):
        house.work_off()
        house.clock.move(REFUND_REFUSED_WAIT + timedelta(minutes=1))
        house.sweep()
    here, archive = house.everything(), house.everything(house.archive_client)
    assert f"users/{uid}" not in here
    assert archive[f"orders/{order.id}"]["refunded_value"] == 0
    refused = [content for path, content in archive.items() if path.startswith("refunds/")]
    assert [one["state"] for one in refused] == ["failed"] * REFUSALS_MAX
    (evidence,) = [content for path, content in here.items() if path.startswith("withdrawn/")]
    assert evidence["unrefunded_orders"] == [order.id]
    (letter,) = [mail for mail in house.doubles.control.mails() if "계정이 삭제되었습니다" in mail["subject"]]
    assert "돌려드리지 못한 주문이 1건" in letter["text"]


def test_a_refund_that_is_refused_only_when_asked_about_again_is_not_forgotten(house: Members) -> None:
    uid = house.member()
    order = paid_by_deposit(house, uid)
    house.doubles.control.plan(FaultRule(provider="toss", path="*/cancel", effect="error", status=500, times=1))
    house.withdraw(uid, refund_account=MISTYPED)
    for _ in range(REFUSALS_MAX + 1):
        house.work_off()
        house.clock.move(REFUND_REFUSED_WAIT + timedelta(minutes=1))
        house.sweep()
    refused = [one for path, one in house.everything(house.archive_client).items() if path.startswith("refunds/")]
    assert [one["state"] for one in refused] == ["failed"] * REFUSALS_MAX
    (evidence,) = [content for path, content in house.everything().items() if path.startswith("withdrawn/")]
    assert evidence["unrefunded_orders"] == [order.id]


class Overtaken:
    """The archive, as somebody reads it who is overtaken right afterwards."""

    def __init__(self, archive: Client, overtake: Callable[[], object]) -> None:
        self._archive = archive
        self._overtake = [overtake]

    def get_all(self, references: Any) -> list[Any]:
        found = list(self._archive.get_all(references))
        while self._overtake:
            self._overtake.pop()()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._archive, name)


def test_who_brings_an_order_back_late_undoes_nothing_of_who_was_faster(house: Members) -> None:
    order = gone_without_an_account(house)
    archive: Any = Overtaken(house.archive_client, lambda: by_hand(house, order))
    late = OpenMoney(house.client, archive, house.settling)
    assert late.recall(order.id, house.clock.now())
    assert house.now_of(order).refunded_value == order.amount
    let_days_pass(house)
    assert house.everything(house.archive_client)[f"orders/{order.id}"]["refunded_value"] == order.amount
    assert [path for path in house.everything() if path.startswith(("orders/", "refunds/"))] == []


def test_an_order_whose_copy_was_left_in_the_archive_comes_to_its_end_there(house: Members) -> None:
    """Somebody brought it back and died before the removal."""
    order = gone_without_an_account(house)
    left = {path: one for path, one in house.everything(house.archive_client).items() if order.id in repr((path, one))}
    assert house.open_money.recall(order.id, house.clock.now())
    for path, content in left.items():
        house.archive_client.document(path).set(content)
    assert house.open_money.recall(order.id, house.clock.now())
    refund = by_hand(house, order)
    let_days_pass(house)
    archive = house.everything(house.archive_client)
    assert archive[f"orders/{order.id}"]["refunded_value"] == order.amount
    assert f"refunds/{refund.id}" in archive
    assert [path for path in house.everything() if path.startswith(("orders/", "refunds/"))] == []


def test_what_was_paid_by_hand_to_somebody_who_left_is_recorded_once(house: Members) -> None:
    order = gone_without_an_account(house)
    refund = by_hand(house, order)
    assert by_hand(house, order) == refund
    with pytest.raises(RequestIdReused):
        by_hand(house, order, amount=order.amount - 1)
    with pytest.raises(MoreThanPaid):
        by_hand(house, order, request_id="refund-by-hand-2", amount=1)
    with pytest.raises(OrderNotFound):
        by_hand(house, order, order_id="a" * 24)
    (look,) = [content for path, content in house.everything().items() if path.startswith("accesses/")]
    assert (look["staff"], look["record"], look["action"]) == (FINANCE.uid, order.id, "refund-recorded")
    assert "by transfer" in look["reason"]
    let_days_pass(house)
    archive = house.everything(house.archive_client)
    assert archive[f"refunds/{refund.id}"]["origin"] == "by-hand"
    assert archive[f"orders/{order.id}"]["refunded_value"] == order.amount
    assert [path for path in house.everything() if path.startswith(("orders/", "refunds/"))] == []
    assert differences(house) == []


def test_a_member_whose_refund_was_paid_by_hand_has_the_points_no_more(house: Members) -> None:
    uid = house.member()
    order = paid_by_deposit(house, uid)
    house.ask_refund(uid, order, account=MISTYPED)
    assert house.wallet(uid)["available_points"] == SIGNUP + 1100
    refund = by_hand(house, order)
    assert (refund.points, refund.bonus_points, refund.owed_points) == (1000, 100, 0)
    assert house.wallet(uid)["available_points"] == SIGNUP
    house.settle(order)
    house.work_off()
    assert house.balance().is_balanced
    assert differences(house) == []
    assert [mail for mail in house.doubles.control.mails() if "환불이 완료되었습니다" in mail["subject"]]
    house.leave(uid)
    (evidence,) = [content for path, content in house.everything().items() if path.startswith("withdrawn/")]
    assert evidence["unrefunded_orders"] == []


def test_what_is_paid_by_hand_late_owes_interest_from_a_refusal_that_was_not_made_good(
    house: Members, capsys: pytest.CaptureFixture[str]
) -> None:
    uid = house.member()
    order = paid_by_deposit(house, uid)
    house.ask_refund(uid, order, 400, account=MISTYPED)
    house.clock.move(timedelta(days=20))
    capsys.readouterr()
    assert by_hand(house, order, amount=4_000).late_interest > 0
    assert capsys.readouterr().out.count("refund.interest_owed") == 1
    house.clock.move(timedelta(days=20))
    assert by_hand(house, order, amount=6_000, request_id="refund-by-hand-2").late_interest == 0
    assert "refund.interest_owed" not in capsys.readouterr().out


def claim(house: Members, known_days_ago: int = 0) -> dict[str, Any]:
    """What was supplied was not what had been shown: known so long ago, and said today."""
    today = legal_day(house.clock.now())
    days = {"known_on": (today - timedelta(known_days_ago)).isoformat(), "claimed_on": today.isoformat()}
    return {"ground": "differs-from-display", "claim": days}


@pytest.mark.parametrize("owed", [700, 0], ids=["terminated", "not what had been shown"])
def test_what_was_used_is_owed_unless_it_was_not_what_had_been_shown(house: Members, owed: int) -> None:
    """E-Commerce Act article 17(3)."""
    uid = house.member()
    order = house.buy_with_toss(uid)
    house.spend(uid, SIGNUP + 100 + 700)
    refund = by_hand(house, order, **({} if owed else claim(house)))
    assert (refund.points, refund.owed_points) == (300 + owed, owed)
    wallet = house.wallet(uid)
    assert (wallet["available_points"], wallet["debt_points"]) == (0, owed)
    settled = house.now_of(order)
    assert (settled.refunded_value, settled.refunded_points) == (order.amount, order.points)
    assert house.balance().is_balanced


def test_what_was_forgiven_is_not_billed_with_the_rest(house: Members) -> None:
    uid = house.member()
    order = house.buy_with_toss(uid)
    house.spend(uid, SIGNUP + 100 + 700)
    forgiven = by_hand(house, order, amount=order.amount * 6 // 10, **claim(house))
    assert (forgiven.points, forgiven.owed_points, house.now_of(order).refunded_points) == (300, 0, 600)
    rest = by_hand(house, order, amount=order.amount * 4 // 10, request_id="refund-by-hand-2")
    assert (rest.points, rest.owed_points, house.now_of(order).refunded_points) == (400, 400, 1000)
    assert house.balance().is_balanced


def test_what_differs_is_claimed_within_a_month_of_knowing_and_three_of_the_supply(house: Members) -> None:
    uid = house.member()
    order = house.buy_with_toss(uid)
    house.clock.move(timedelta(days=60))
    with pytest.raises(ClaimTooLate):
        by_hand(house, order, **claim(house, known_days_ago=35))
    with pytest.raises(ValidationError):
        by_hand(house, order, ground="termination", claim=claim(house)["claim"])
    house.clock.move(timedelta(days=35))
    with pytest.raises(ClaimTooLate):
        by_hand(house, order, **claim(house))
    house.clock.move(timedelta(days=-10))
    assert by_hand(house, order, **claim(house, known_days_ago=20)).state.value == "succeeded"


def test_money_that_a_bank_disputes_is_not_paid_by_hand_as_well(house: Members) -> None:
    uid = house.member()
    order = house.buy_with_stripe(uid)
    house.receive_all()
    house.doubles.control.stripe.open_dispute(house.now_of(order).reference)
    house.receive_all()
    with pytest.raises(PaymentDisputed):
        by_hand(house, order)
    assert [path for path in house.everything() if path.startswith("accesses/")] == []


def test_a_deposit_into_an_account_that_is_being_closed_is_not_forgotten(house: Members) -> None:
    """It grants nothing any more, and its automatic refund has no account to go to."""
    uid = house.member()
    order = house.buy_with_toss(uid, "virtual_account")
    house.withdraw(uid)
    house.doubles.control.toss.deposit(order.id)
    house.come_to_the_end()
    (evidence,) = [content for path, content in house.everything().items() if path.startswith("withdrawn/")]
    assert evidence["unrefunded_orders"] == [order.id]


def test_a_provider_that_is_down_when_somebody_leaves_is_waited_for(house: Members) -> None:
    uid = house.member()
    house.buy_with_toss(uid)
    house.withdraw(uid)
    house.doubles.control.plan(FaultRule(provider="toss", path="*/cancel", effect="error", status=500))
    for _ in range(REFUSALS_MAX + 1):
        house.clock.move(REFUND_REFUSED_WAIT + timedelta(minutes=1))
        house.sweep()
    assert house.document(f"withdrawals/{uid}")["step"] == "settle-money"
