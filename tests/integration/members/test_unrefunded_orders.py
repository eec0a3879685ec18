"""Money that a withdrawal could not pay back: what becomes of it afterwards is still written down."""

from __future__ import annotations

from datetime import timedelta

from imagesfactory.payments.model import Order
from imagesfactory.withdrawal.model import Channel

from tests.members import Members


def paid_by_deposit(house: Members, uid: str) -> Order:
    order = house.buy_with_toss(uid, "virtual_account")
    house.doubles.control.toss.deposit(order.id)
    return house.settle(order)


def leave_without_an_account(house: Members, uid: str) -> None:
    """On somebody else's word: nobody can be asked where the money should go."""
    house.withdrawals.begin(uid, Channel.GUARDIAN, house.clock.now())
    house.come_to_the_end()


def test_what_staff_refund_at_toss_after_the_withdrawal_is_in_our_books(house: Members) -> None:
    uid = house.member()
    order = paid_by_deposit(house, uid)
    house.receive_all()
    leave_without_an_account(house, uid)
    (evidence,) = [content for path, content in house.everything().items() if path.startswith("withdrawn/")]
    assert evidence["unrefunded_orders"] == [order.id]
    house.doubles.control.toss.refund_in_dashboard(order.id)
    house.receive_all()
    (refund,) = [content for path, content in house.everything().items() if path.startswith("refunds/")]
    assert (refund["state"], refund["amount"], refund["order_id"]) == ("succeeded", order.amount, order.id)
    for _ in range(2):
        house.clock.move(timedelta(days=1, minutes=1))
        house.sweep()
    archive = house.everything(house.archive_client)
    assert archive[f"orders/{order.id}"]["refunded_value"] == order.amount
    assert [path for path in house.everything() if path.startswith(("orders/", "refunds/"))] == []
