"""The harness itself: one function of every kind is called by its real wire and does its work."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.backend import SIGNUP
from tests.deployed.functions import Answer, Deployed, Kind, kind_of, names
from tests.deployed.surroundings import ORIGIN, Surroundings
from tests.deployed.tokens import SignIn

JISU = SignIn("uid-of-jisu-0000000000000000", "jisu@example.com")
SORA = SignIn("uid-of-sora-0000000000000000", "sora@example.com")
INQUIRY = {"request_id": "inquiry-1", "topic": "service", "text": "Where are my images?"}


def sign_up(deployed: Deployed) -> str:
    assert deployed.block("before_create", JISU) == (200, {})
    token = deployed.token(JISU)
    assert deployed.call("complete_signup", SIGNUP, token).status == 200
    return token


def test_every_deployed_function_has_a_kind_and_is_served(deployed: Deployed) -> None:
    assert {kind_of(name) for name in names()} == set(Kind)
    for name in names():
        answer = deployed.request(name, "GET", path="/__/health")
        assert answer.status < 500 or kind_of(name) is Kind.SCHEDULE, (name, answer)


def test_a_job_runs_through_triggers_and_tasks_to_a_letter(
    deployed: Deployed, surroundings: Surroundings, database: Any
) -> None:
    token = sign_up(deployed)
    asked = {
        "request_id": "request-1",
        "prompt": "a paper boat under the moon",
        "images": [{"model": "gpt-image", "quality": "low", "count": 1}],
    }
    job = deployed.call("create_job", asked, token)
    assert job.status == 200, job
    (snapshot,) = database.collection("jobs").stream()
    assert deployed.created("on_job_created", snapshot) == Answer(200, "OK")
    task = surroundings.tasks.waiting.popleft()
    assert deployed.task(task.function, task.body, task.name).status == 200
    (letter,) = database.collection("mail").stream()
    assert deployed.created("on_mail_created", letter) == Answer(200, "OK")
    task = surroundings.tasks.waiting.popleft()
    assert deployed.task(task.function, task.body, task.name).status == 200
    (sent,) = surroundings.doubles.control.mails()
    assert JISU.email in str(sent["to"])
    assert deployed.schedule("sweep").status == 200


def test_a_sweep_of_which_a_part_fails_does_all_the_others_and_is_asked_for_again(
    deployed: Deployed, surroundings: Surroundings, database: Any
) -> None:
    token = sign_up(deployed)
    assert deployed.call("create_inquiry", INQUIRY, token).status == 200
    assert deployed.block("before_create", SORA) == (200, {})
    surroundings.clock.move(timedelta(days=91))
    queues, surroundings.tasks.queues = surroundings.tasks.queues, frozenset()
    assert deployed.schedule("sweep").status == 500
    assert not database.collection("users").document(SORA.uid).get().exists
    (wallet,) = database.collection("wallets").stream()
    assert wallet.get("available_points") == 0, "the bonus of the sign-up lives for 90 days"
    assert not surroundings.tasks.waiting
    surroundings.tasks.queues = queues
    assert deployed.schedule("sweep").status == 200
    assert {task.function for task in surroundings.tasks.waiting} == {"deliver"}


@pytest.mark.parametrize("forged", ["", "no.token.", None])
def test_a_caller_without_a_good_token_is_refused(deployed: Deployed, forged: str | None) -> None:
    assert deployed.call("create_job", {}, forged).status == 401


def test_a_sign_in_that_is_gone_makes_no_session_however_good_its_token_is(deployed: Deployed) -> None:
    body = json.dumps({"id_token": deployed.token(JISU)}).encode()
    headers = {"Content-Type": "application/json", "Origin": ORIGIN}
    assert deployed.post("create_session", body, headers).status == 401
