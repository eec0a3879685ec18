"""The truth page as staff calls it."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from imagesfactory.truth.model import AUDITED, Check
from rich.console import Console

from local.operator import Backend
from local.truth.__main__ import read, show
from local.truth.table import NAMED
from tests.deployed.functions import Deployed
from tests.deployed.surroundings import PROJECT
from tests.deployed.tokens import SignIn

OPERATOR = SignIn("uid-of-operator-000000000000", "operator@example.com")


def test_operators_see_it_and_nobody_else(deployed: Deployed, database: Any) -> None:
    assert deployed.call("get_truth", {}).status == 401
    for roles in ([], ["officer", "support", "finance"]):
        assert deployed.call("get_truth", {}, deployed.token(OPERATOR, roles=roles)).status == 403
    answer = deployed.call("get_truth", {}, deployed.token(OPERATOR, roles=["operator"]))
    assert answer.status == 200, answer
    assert answer.body["result"]["is_green"] is True
    assert {one["check"] for one in answer.body["result"]["verdicts"]} == {*Check} - AUDITED
    assert list(database.collection("accesses").stream()) == []


def test_whoever_is_shown_members_is_on_the_access_log(deployed: Deployed, database: Any) -> None:
    database.document("users/stray").set({"destroy_at": datetime.now(UTC) - timedelta(days=1)})
    answer = deployed.call("get_truth", {}, deployed.token(OPERATOR, roles=["operator"]))
    (red,) = [one for one in answer.body["result"]["verdicts"] if not one["is_green"]]
    assert (red["check"], red["count"], red["ids"]) == ("sign-ups-on-time", 1, ["users/stray"])
    (line,) = [snapshot.to_dict() for snapshot in database.collection("accesses").stream()]
    assert (line["staff"], line["role"], line["action"]) == (OPERATOR.uid, "operator", "truth-read")
    assert line["subjects"] == ["stray"]


@pytest.mark.usefixtures("deployed")
def test_a_terminal_that_is_shown_members_is_on_the_access_log_as_well(database: Any) -> None:
    shown = io.StringIO()
    console = Console(file=shown, width=200)
    for untruth in (None, "users/stray"):
        if untruth:
            database.document(untruth).set({"destroy_at": datetime.now(UTC) - timedelta(days=1)})
        show(console, read(console, Backend(PROJECT, is_local=True), days=0), NAMED)
        noted = [snapshot.to_dict() for snapshot in database.collection("accesses").stream()]
        assert [(line["staff"][:9], line["action"], line["subjects"]) for line in noted] == (
            [("terminal:", "truth-read", ["stray"])] if untruth else []
        )
    assert "users/stray" in shown.getvalue()


def test_every_night_it_is_looked_at_and_red_is_an_error(
    deployed: Deployed, database: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    for untruth, severity in ((None, "INFO"), ("users/stray", "ERROR")):
        if untruth:
            database.document(untruth).set({"destroy_at": datetime.now(UTC) - timedelta(days=1)})
        capfd.readouterr()
        assert deployed.schedule("settle").status == 200
        lines = [json.loads(line) for line in capfd.readouterr().out.splitlines() if line.startswith("{")]
        assert [line["severity"] for line in lines if line["message"] == "truth.looked"] == [severity]


def test_a_sweep_says_that_nothing_ran_at_night(
    deployed: Deployed, database: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """The account is a whole one: some sweep of the day looks at it."""
    assert deployed.block("before_create", OPERATOR).status == 200
    database.document(f"users/{OPERATOR.uid}").update({"created_at": datetime.now(UTC) - timedelta(days=3)})
    assert deployed.schedule("sweep").status == 200
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines() if line.startswith("{")]
    assert {line["code"] for line in lines if line["message"] == "night.missed"} == {"purge-ran", "settlement-made"}
