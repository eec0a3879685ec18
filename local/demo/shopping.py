"""The member's purchases: the app's part through the functions, the payer's part on the doubles' payment pages."""

from __future__ import annotations

import uuid
from typing import Any

from local.client import ClientApp, Member
from local.demo.steps import Step
from local.doubles import ControlClient

REFUNDED_POINTS = 400


class Shopping:
    """Buys and returns points as a client app and its user do."""

    def __init__(self, app: ClientApp, doubles: ControlClient) -> None:
        self._app = app
        self._doubles = doubles

    def buy_with_toss(self, member: Member, step: Step) -> dict[str, Any]:
        """Order a pack in won, pay by card in Toss' window, confirm; returns the paid order."""
        ordered = self._order(member, "widget", "KRW")
        step.say("she pays in the window")
        payment_key = self._doubles.toss.pay(ordered["order_id"], ordered["amount"], "card")
        confirmation = {"order_id": ordered["order_id"], "payment_key": payment_key, "amount": ordered["amount"]}
        paid = self._app.call("confirm_toss_payment", confirmation, member)
        step.result = f"{paid['amount']:,} won for {paid['points']:,} + {paid['bonus_points']:,} points"
        return paid

    def buy_with_stripe(self, member: Member, step: Step) -> dict[str, Any]:
        """Order a pack in dollars and pay on Stripe's page; the webhook does the rest. Returns the paid order."""
        ordered = self._order(member, "checkout", "USD")
        step.say("she pays on the page")
        self._doubles.stripe.pay_checkout(ordered["stripe"]["session_id"])
        step.say("the webhook arrives")
        with self._app.watch(f"orders/{ordered['order_id']}", member) as watch:
            paid = watch.until(lambda version: version["status"] == "paid")
        step.result = f"{paid['amount'] / 100:.2f} dollars for {paid['points']:,} + {paid['bonus_points']:,} points"
        return paid

    def refund_part(self, member: Member, order: dict[str, Any], step: Step) -> dict[str, Any]:
        """Return some unused points of an order; returns the order after the provider paid back."""
        wanted = {"request_id": _request_id(), "order_id": order["order_id"], "points": REFUNDED_POINTS}
        self._app.call("request_refund", wanted, member)
        with self._app.watch(f"orders/{order['order_id']}", member) as watch:
            after = watch.until(lambda version: version["refunded_points"] == REFUNDED_POINTS)
        step.result = f"{after['refunded_value']:,} won for {REFUNDED_POINTS} unused points"
        return after

    def _order(self, member: Member, channel: str, currency: str) -> dict[str, Any]:
        notice = self._app.call("get_packs")["notice_version"]
        wanted = {
            "request_id": _request_id(),
            "pack_id": "basic",
            "channel": channel,
            "currency": currency,
            "notice_version": notice,
        }
        return self._app.call("create_order", wanted, member)


def _request_id() -> str:
    return f"shopping-{uuid.uuid4().hex}"
