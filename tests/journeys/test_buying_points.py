"""Buying and returning points through the deployed functions, the webhooks and the payment doubles."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from rich.console import Console

from local.client import CallRefused, ClientApp, Member
from local.demo.office import Office
from local.demo.shopping import REFUNDED_POINTS, Shopping
from local.demo.steps import Step
from local.doubles import ControlClient
from local.suite import Suite
from local.suite.suite import ROOT
from tests.journeys.test_a_members_story import new_member


@pytest.fixture
def office(suite: Suite) -> Iterator[Office]:
    with patch.dict(os.environ, suite.client_environment()):
        yield Office(suite)


@pytest.fixture
def app(suite: Suite) -> ClientApp:
    return ClientApp(suite)


@pytest.fixture
def shopping(app: ClientApp, suite: Suite) -> Shopping:
    return Shopping(app, ControlClient(suite.doubles["home"]))


@pytest.fixture
def step() -> Iterator[Step]:
    with Console(quiet=True).status("") as status:
        yield Step("", status)


def points(office: Office, member: Member) -> int:
    return int(office.document(f"wallets/{member.uid}")["available_points"])


def test_both_providers_post_into_one_wallet_and_a_part_goes_back(
    app: ClientApp, shopping: Shopping, office: Office, step: Step
) -> None:
    member = new_member(app)
    toss = shopping.buy_with_toss(member, step)
    assert points(office, member) == 100 + 1100
    shopping.buy_with_stripe(member, step)
    assert points(office, member) == 100 + 2200
    after = shopping.refund_part(member, toss, step)
    assert (after["refunded_points"], after["refunded_value"]) == (REFUNDED_POINTS, 4000)
    assert points(office, member) == 100 + 2200 - REFUNDED_POINTS - 40, "the bonus goes back in proportion"
    orders = app.call("list_orders", {}, member)["orders"]
    assert {order["provider"] for order in orders} == {"toss", "stripe"}
    receipt = app.call("get_receipt", {"order_id": toss["order_id"], "form": "pdf"}, member)
    assert receipt
    assert office.trial_balance().is_balanced


def test_the_operators_settlement_finds_both_books_alike(
    app: ClientApp, shopping: Shopping, served: Suite, step: Step
) -> None:
    member = new_member(app)
    shopping.refund_part(member, shopping.buy_with_toss(member, step), step)
    shopping.buy_with_stripe(member, step)
    command = [sys.executable, "-m", "local.settle", "--day", "today", "--again"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "functions")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert served.project in done.stdout
    assert "Both books agree" in done.stdout
    shown = subprocess.run(command[:-1], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert shown.stdout == done.stdout, "the kept report shows the same"


def test_an_order_of_somebody_else_does_not_exist(app: ClientApp, shopping: Shopping, step: Step) -> None:
    owner, stranger = new_member(app), new_member(app)
    order = shopping.buy_with_toss(owner, step)
    for function in ("get_order", "get_receipt"):
        with pytest.raises(CallRefused) as refused:
            app.call(function, {"order_id": order["order_id"]}, stranger)
        assert refused.value.status == "NOT_FOUND"


def test_an_amount_that_was_not_ordered_is_not_confirmed(app: ClientApp, suite: Suite, office: Office) -> None:
    member = new_member(app)
    wanted = {
        "request_id": "order-with-wrong-amount",
        "pack_id": "basic",
        "channel": "widget",
        "currency": "KRW",
        "notice_version": app.call("get_packs")["notice_version"],
    }
    order = app.call("create_order", wanted, member)
    assert app.call("create_order", wanted, member)["order_id"] == order["order_id"]
    key = ControlClient(suite.doubles["home"]).toss.pay(order["order_id"], order["amount"], "card")
    with pytest.raises(CallRefused):
        app.call("confirm_toss_payment", {"order_id": order["order_id"], "payment_key": key, "amount": 1}, member)
    assert points(office, member) == 100
