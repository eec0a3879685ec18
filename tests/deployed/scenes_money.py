"""Orders, payments, refunds, coupons, the providers' events and the settlement."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from imagesfactory.kit.clock import legal_day
from imagesfactory.payments.settlement import LOOK_BACK_DAYS

from tests.deployed.functions import Answer
from tests.deployed.records import State
from tests.deployed.scenes import Scene
from tests.deployed.scenes_members import all_is_well, answered, task
from tests.deployed.world import FINANCE, World, order_of

POINTS = 500
COUPON = {"request_id": "coupon-1-of-test", "code": "WELCOME2026"}
COUPON_POINTS = 50
NOTHING_HAPPENED: dict[str, Any] = {
    "providers": {"toss": {"sums": {}}},
    "differences": [],
    "difference_count": 0,
    "ledger": {"total": 0, "wrong_wallets": 0},
}
"""What a report says of a day on which nothing happened, as far as it is read."""


def places(channel: str) -> Any:
    return answered("create_order", order_of(channel, "order-1-of-test"))


def was_placed_once(_world: World, state: State) -> None:
    assert state.one("orders")["status"] == "expired", "nobody paid it"
    assert state.one("wallets")["available_points"] == 100


def authorised(world: World) -> None:
    world.member()
    world.notes["wanted"] = world.authorised()


def confirms(world: World) -> Answer:
    return world.call("confirm_toss_payment", world.notes["wanted"])


def is_paid(_world: World, state: State) -> None:
    assert state.one("orders")["status"] == "paid"
    assert state.one("wallets")["available_points"] == 100 + POINTS
    assert len(state.under("payments")) == 1
    assert len(state.under("receipt_numbers")) == 1


def is_paid_or_closed(world: World, state: State) -> None:
    """Nobody confirmed it in time: then no money was taken either, which the invariants see to."""
    if state.one("orders")["status"] != "expired":
        is_paid(world, state)


def bought(world: World) -> None:
    world.member()
    world.notes["order"] = world.buys_with_toss()
    world.work_off()


def bought_with_stripe(world: World) -> None:
    paid_with_stripe(world)
    for event in world.doubles.control.stripe.messages():
        assert world.post_stripe(event).status == 200
    world.work_off()


def of_order(name: str, **more: Any) -> Any:
    return lambda world: world.call(name, {"order_id": world.notes["order"].order_id, **more})


def refunds(world: World) -> Answer:
    wanted = {"request_id": "refund-1-of-test", "order_id": world.notes["order"].order_id, "points": 200}
    return world.call("request_refund", wanted)


def is_refunded(_world: World, state: State) -> None:
    assert state.one("refunds")["state"] == "succeeded"
    assert state.one("wallets")["available_points"] == 100 + POINTS - 200
    assert state.one("orders")["refunded_points"] == 200


def records_refund(world: World) -> Answer:
    wanted = {
        "request_id": "refund-by-hand-1",
        "order_id": world.notes["order"].order_id,
        "amount": 2_000,
        "ground": "termination",
        "reason": "the provider refuses so old a payment",
    }
    return world.call("record_refund_by_hand", wanted, FINANCE)


def was_redeemed(_world: World, state: State) -> None:
    assert state.one("wallets")["available_points"] == 100 + COUPON_POINTS
    assert len(state.under("coupon_uses")) == 1


def mails_receipt(_world: World, state: State) -> None:
    letters = [mail for mail in state.mails if mail["categories"] == ["receipt"]]
    assert 1 <= len(letters) <= 2, "asked for days later, it goes out once more"


# -- events


def paid_with_stripe(world: World) -> None:
    world.member()
    world.notes["order"] = world.pays_with_stripe()


def stripe_event(world: World) -> None:
    paid_with_stripe(world)
    (world.notes["event"],) = world.doubles.control.stripe.messages("checkout.session.completed")


def posts_stripe(world: World) -> Answer:
    return world.post_stripe(world.notes["event"])


def deposit_event(world: World) -> None:
    """A virtual account that was paid into: the event is how we learn of it."""
    world.member()
    wanted = world.authorised(method="virtual_account")
    assert world.call("confirm_toss_payment", wanted).status == 200
    world.doubles.control.toss.deposit(wanted["order_id"])
    world.notes["event"] = world.doubles.control.toss.messages()[-1]


def posts_toss(world: World) -> Answer:
    return world.post_toss(world.notes["event"])


def inbox_event(world: World) -> None:
    stripe_event(world)
    assert posts_stripe(world).status == 200
    world.notes["document"] = world.created("inbox")


def tells_inbox(world: World) -> Answer:
    return world.functions.created("on_event_received", world.notes["document"])


def inbox_task(world: World) -> None:
    inbox_event(world)
    assert tells_inbox(world).status == 200
    world.notes["task"] = world.take_task("processevent")


# -- the settlement


def a_day_later(world: World) -> None:
    """All days before are settled."""
    today = legal_day(world.clock.now())
    for back in range(1, LOOK_BACK_DAYS + 1):
        day = (today - timedelta(days=back)).isoformat()
        world.client.document(f"settlements/{day}").set({"day": day, "is_over": True, **NOTHING_HAPPENED})
    bought(world)
    world.move(timedelta(days=1))


def settles(world: World) -> Answer:
    return world.functions.schedule("settle")


def was_compared(_world: World, state: State) -> None:
    reports = state.under("settlements")
    assert any(report["providers"]["toss"]["sums"] for report in reports.values()), "the day of the purchase"
    assert [report["differences"] for report in reports.values()] == [[]] * len(reports)


def was_settled(world: World) -> None:
    a_day_later(world)
    assert settles(world).status == 200


def reads_settlement(world: World) -> Answer:
    return world.call("get_settlement", {}, FINANCE)


SCENES: tuple[Scene, ...] = (
    Scene("get_packs", World.member, answered("get_packs"), all_is_well, changes_nothing=True),
    Scene("create_order", World.member, places("widget"), was_placed_once, label="toss"),
    Scene("create_order", World.member, places("checkout"), was_placed_once, label="stripe"),
    Scene("create_order", World.member, places("intent"), was_placed_once, label="app"),
    Scene(
        "confirm_toss_payment",
        authorised,
        confirms,
        is_paid,
        done_late=is_paid_or_closed,
        refused_late=frozenset({"order-closed"}),
    ),
    Scene("get_order", bought, of_order("get_order"), all_is_well, changes_nothing=True),
    Scene("list_orders", bought, answered("list_orders"), all_is_well, changes_nothing=True),
    Scene("get_receipt", bought, of_order("get_receipt"), all_is_well, changes_nothing=True),
    Scene("get_receipt", bought, of_order("get_receipt", form="mail"), mails_receipt, label="mail"),
    Scene("request_refund", bought, refunds, is_refunded, label="toss"),
    Scene("request_refund", bought_with_stripe, refunds, is_refunded, label="stripe"),
    Scene("record_refund_by_hand", bought, records_refund, is_refunded),
    Scene("redeem_coupon", World.member, answered("redeem_coupon", COUPON), was_redeemed),
    Scene("stripe_webhook", stripe_event, posts_stripe, is_paid),
    Scene("toss_webhook", deposit_event, posts_toss, is_paid),
    Scene("on_event_received", inbox_event, tells_inbox, is_paid),
    Scene("processevent", inbox_task, task, is_paid),
    Scene("settle", a_day_later, settles, was_compared, nights=7),
    Scene("get_settlement", was_settled, reads_settlement, was_compared),
)
