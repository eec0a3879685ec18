"""Days pass in a moment for the deployed functions; the time outside does not. After the other journeys, by its name:
the clock goes forward only.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from unittest.mock import patch

import pytest
from rich.console import Console

from local.client import ClientApp
from local.demo.office import Office
from local.demo.shopping import Shopping
from local.demo.steps import Step
from local.doubles import ControlClient
from local.scheduler import EmulatorTargets, Scheduler, read_schedules
from local.suite import Suite
from local.suite.suite import ROOT
from tests.journeys.test_a_members_story import PASSWORD, finished, job_body, new_member


@pytest.fixture
def office(suite: Suite) -> Iterator[Office]:
    with patch.dict(os.environ, suite.client_environment()):
        yield Office(suite)


@pytest.fixture
def app(suite: Suite) -> ClientApp:
    return ClientApp(suite)


def fire(suite: Suite, name: str) -> None:
    targets = EmulatorTargets(suite.addresses.functions.url, suite.project)
    Scheduler(read_schedules(ROOT / "scheduler.yaml"), targets).fire_now(name)


def test_an_image_lives_ninety_days_and_is_gone_the_day_after(suite: Suite, app: ClientApp, office: Office) -> None:
    member = new_member(app)
    first = finished(app, app.call("create_job", job_body(), member)["job_id"], member)
    suite.clock.move(days=90)
    fire(suite, "purge")
    assert office.file(first["images"]["0"]["file"]), "its last day"

    member = new_member(app)
    second = finished(app, app.call("create_job", job_body(), member)["job_id"], member)
    suite.clock.move(days=1)
    fire(suite, "purge")

    with pytest.raises(FileNotFoundError):
        office.file(first["images"]["0"]["file"])
    with pytest.raises(KeyError):
        office.document(f"jobs/{first['job_id']}")
    assert office.file(second["images"]["0"]["file"]), "dated by the moved clock"


def test_what_is_dated_outside_stays_believed(suite: Suite, app: ClientApp) -> None:
    suite.clock.move(days=7)
    member = new_member(app)
    with Console(quiet=True).status("") as status:
        paid = Shopping(app, ControlClient(suite.doubles["home"])).buy_with_stripe(member, Step("", status))
    assert paid["status"] == "paid", "its webhook is signed with the time outside"
    assert abs(suite.clock.now() - paid["paid_at"]) < timedelta(hours=1), "the provider's double went along"
    member = app.sign_in(member.email, PASSWORD)
    shown = app.call("withdraw", {}, member)
    assert app.call("withdraw", {"confirmed": shown["confirm"]}, member)["status"] == "withdrawing"
