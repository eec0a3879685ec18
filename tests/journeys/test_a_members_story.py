"""What a member does, through the deployed functions on the official emulators: the story and every way it may stop."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

import pytest
from google.cloud import firestore

from local.client import CallRefused, ClientApp, Member, SignInRefused
from local.demo.office import Office
from local.doubles import ControlClient, FaultRule
from local.scheduler import EmulatorTargets, Scheduler, read_schedules
from local.suite import Suite
from local.suite.suite import ROOT

PASSWORD = "correct horse battery"
PROMPT = "달빛 아래 종이배와 비밀스러운 고래"
LOW = {"model": "gpt-image", "quality": "low"}


@pytest.fixture
def office(suite: Suite) -> Iterator[Office]:
    with patch.dict(os.environ, suite.client_environment()):
        yield Office(suite)


@pytest.fixture
def doubles(suite: Suite) -> Iterator[ControlClient]:
    control = ControlClient(suite.doubles["home"])
    yield control
    control.clear_faults()


@pytest.fixture
def app(suite: Suite) -> ClientApp:
    return ClientApp(suite)


def address() -> str:
    return f"{uuid.uuid4().hex}@example.com"


def sign_up(app: ClientApp) -> Member:
    return app.verify_email(app.sign_up(address(), PASSWORD))


def statements(app: ClientApp, **changes: Any) -> dict[str, Any]:
    catalog = app.call("get_catalog")
    body = {
        "name": "김지수",
        "is_over_fourteen": True,
        "language": "ko",
        "terms_version": catalog["terms_version"],
        "privacy_version": catalog["privacy_version"],
        "agrees_to_terms": True,
        "agrees_to_privacy": True,
    }
    return body | changes


def new_member(app: ClientApp) -> Member:
    member = sign_up(app)
    app.call("complete_signup", statements(app), member)
    return member


def job_body(**changes: Any) -> dict[str, Any]:
    body = {"request_id": f"r-{uuid.uuid4().hex}", "prompt": PROMPT, "images": [LOW]}
    return body | changes


def finished(app: ClientApp, job_id: str, member: Member) -> dict[str, Any]:
    with app.watch(f"jobs/{job_id}", member) as watch:
        return watch.until(lambda version: version["status"] == "finished")


def test_four_images_of_two_providers_arrive_in_bucket_and_mail(
    app: ClientApp, office: Office, doubles: ControlClient
) -> None:
    member = new_member(app)
    images = [{"model": "gpt-image", "quality": "low", "count": 2}, {"model": "stability-core", "count": 2}]
    accepted = app.call("create_job", job_body(images=images), member)

    job = finished(app, accepted["job_id"], member)

    assert [job["images"][str(number)]["state"] for number in range(4)] == ["stored"] * 4
    assert (job["captured_points"], job["released_points"]) == (26, 0)
    for image in job["images"].values():
        assert office.file(image["file"]).startswith(b"\x89PNG")
        assert b"trainedAlgorithmicMedia" in office.file(image["file"])
    (mail,) = doubles.mails(to=member.email, at_least=1)
    assert len(mail["attachments"]) == 4
    assert office.trial_balance().is_balanced


def test_a_legacy_engine_works_where_it_is_switched_on(app: ClientApp, office: Office) -> None:
    member = new_member(app)
    accepted = app.call("create_job", job_body(images=[{"model": "stability-xl"}]), member)
    image = finished(app, accepted["job_id"], member)["images"]["0"]
    assert (image["state"], image["model"]) == ("stored", "stability-xl")
    assert office.file(image["file"]).startswith(b"\x89PNG")


def test_a_listed_identity_cannot_join_by_any_spelling(app: ClientApp, office: Office) -> None:
    office.list_as_misuser("abuser@gmail.com")
    for spelling in ("abuser@gmail.com", "A.Buser+again@googlemail.com"):
        with pytest.raises(SignInRefused) as refused:
            app.sign_up(spelling, PASSWORD)
        assert refused.value.code == "BLOCKING_FUNCTION_ERROR_RESPONSE"
    with pytest.raises(SignInRefused):
        app.sign_in_with_google("ab.user@gmail.com", "google-id-1", "Somebody")


def test_google_members_join_with_name_and_need_no_confirmation_mail(app: ClientApp, office: Office) -> None:
    member = app.sign_in_with_google(address(), uuid.uuid4().hex, "Jisu Kim")
    assert office.document(f"users/{member.uid}")["name"] == "Jisu Kim"
    assert app.call("complete_signup", statements(app), member)["status"] == "active"


def test_a_visit_is_noted_at_sign_in(app: ClientApp, office: Office) -> None:
    member = sign_up(app)
    app.sign_in(member.email, PASSWORD)
    lines = office.database.collection("visits").where(filter=firestore.FieldFilter("owner", "==", member.uid)).get()
    assert len(lines) >= 2
    assert all(line.get("destroy_at") > line.get("at") for line in lines)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"agrees_to_privacy": False}, "consent-missing"),
        ({"terms_version": "1999-01-01"}, "policy-version-outdated"),
        ({"name": " "}, "name-invalid"),
        ({"name": 7}, "malformed"),
        ({"surprise": 1}, "malformed"),
    ],
)
def test_a_sign_up_that_lacks_something_stays_unfinished(
    app: ClientApp, office: Office, change: dict[str, Any], code: str
) -> None:
    member = sign_up(app)
    with pytest.raises(CallRefused) as refused:
        app.call("complete_signup", statements(app, **change), member)
    assert refused.value.code == code
    assert office.document(f"users/{member.uid}")["status"] == "unfinished"


def test_who_is_under_fourteen_is_on_the_way_out_and_cannot_say_otherwise(app: ClientApp, office: Office) -> None:
    member = sign_up(app)
    for is_over_fourteen, code in ((False, "under-fourteen"), (True, "account-not-active")):
        with pytest.raises(CallRefused) as refused:
            app.call("complete_signup", statements(app, is_over_fourteen=is_over_fourteen), member)
        assert refused.value.code == code
    assert office.document(f"users/{member.uid}")["status"] == "removing"


def test_completing_twice_is_completing_once(app: ClientApp, office: Office) -> None:
    member = sign_up(app)
    body = statements(app)
    assert app.call("complete_signup", body, member) == app.call("complete_signup", body, member)
    assert office.document(f"wallets/{member.uid}")["available_points"] == 100
    with pytest.raises(CallRefused) as refused:
        app.call("complete_signup", statements(app, name="다른 이름"), member)
    assert refused.value.code == "signup-completed-before"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"images": [{"model": "nonesuch"}]}, "INVALID_ARGUMENT", "unknown-model"),
        ({"images": []}, "INVALID_ARGUMENT", "image-count-out-of-range"),
        ({"images": [{**LOW, "count": 99}]}, "INVALID_ARGUMENT", "image-count-out-of-range"),
        ({"prompt": ""}, "INVALID_ARGUMENT", "prompt-empty"),
        ({"prompt": "x" * 50_000}, "INVALID_ARGUMENT", "prompt-too-long"),
        ({"prompt": ["a", "list"]}, "INVALID_ARGUMENT", "malformed"),
        ({"images": {"model": "gpt-image"}}, "INVALID_ARGUMENT", "malformed"),
        ({"request_id": "x"}, "INVALID_ARGUMENT", "malformed"),
        (
            {"images": [{"model": "gpt-image", "quality": "high", "count": 4}]},
            "FAILED_PRECONDITION",
            "not-enough-points",
        ),
    ],
)
def test_bad_requests_have_a_stable_code_in_both_languages_and_change_nothing(
    app: ClientApp, office: Office, change: dict[str, Any], status: str, code: str
) -> None:
    member = new_member(app)
    with pytest.raises(CallRefused) as refused:
        app.call("create_job", job_body(**change), member)
    assert (refused.value.status, refused.value.code) == (status, code)
    assert set(refused.value.details["message"]) == {"ko", "en"}
    assert office.document(f"wallets/{member.uid}")["available_points"] == 100


def test_strangers_and_the_unready_get_nothing(app: ClientApp) -> None:
    def code_of(name: str, body: Any, member: Member | None) -> tuple[str, str]:
        with pytest.raises(CallRefused) as refused:
            app.call(name, body, member)
        return refused.value.status, refused.value.code

    assert code_of("create_job", job_body(), None) == ("UNAUTHENTICATED", "sign-in-required")
    unverified = app.sign_up(address(), PASSWORD)
    assert code_of("create_job", job_body(), unverified) == ("FAILED_PRECONDITION", "email-not-verified")
    unfinished = app.verify_email(unverified)
    assert code_of("create_job", job_body(), unfinished) == ("FAILED_PRECONDITION", "signup-unfinished")
    owner, stranger = new_member(app), new_member(app)
    job_id = app.call("create_job", job_body(), owner)["job_id"]
    assert code_of("cancel_job", {"job_id": job_id}, stranger) == ("NOT_FOUND", "job-not-found")
    finished(app, job_id, owner)
    forged = Member(owner.uid, owner.email, owner.id_token[:-20] + "tampered", "")
    with pytest.raises(CallRefused) as refused:
        app.call("create_job", job_body(), forged)
    assert refused.value.status == "UNAUTHENTICATED"


def test_ten_requests_at_once_with_points_for_three_admit_three(app: ClientApp, office: Office) -> None:
    member = new_member(app)
    thirty = [{"model": "gpt-image", "quality": "high"}]

    def ask(_: int) -> str:
        try:
            return str(app.call("create_job", job_body(images=thirty), member)["job_id"])
        except CallRefused as refused:
            return refused.code

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(ask, range(10)))
    assert answers.count("not-enough-points") == 7
    for job_id in answers:
        if job_id != "not-enough-points":
            assert finished(app, job_id, member)["captured_points"] == 30
    assert office.document(f"wallets/{member.uid}")["available_points"] == 10
    assert office.trial_balance().is_balanced


def test_a_provider_that_is_down_is_replaced_and_the_member_told(
    app: ClientApp, office: Office, doubles: ControlClient
) -> None:
    member = new_member(app)
    doubles.plan(FaultRule(effect="error", provider="openai", path="*generations*", status=503))
    accepted = app.call("create_job", job_body(images=[{"model": "gpt-image", "quality": "medium"}]), member)
    job = finished(app, accepted["job_id"], member)
    image = job["images"]["0"]
    assert (image["state"], image["model"], image["tried"]) == ("stored", "stability-core", ["gpt-image"])
    assert (job["captured_points"], job["released_points"]) == (8, 2)


def test_images_that_were_not_made_say_why_in_both_languages(app: ClientApp, doubles: ControlClient) -> None:
    member = new_member(app)
    doubles.plan(
        FaultRule(effect="error", provider="openai", path="*generations*", status=400, code="moderation_blocked")
    )
    accepted = app.call("create_job", job_body(), member)
    reason = finished(app, accepted["job_id"], member)["images"]["0"]["reason"]
    assert reason["code"] == "content-rejected"
    assert "차감하지 않았습니다" in reason["ko"]
    assert "not charged" in reason["en"]


def test_a_bounced_connection_to_the_carrier_is_tried_again_and_one_mail_arrives(
    app: ClientApp, office: Office, doubles: ControlClient
) -> None:
    member = new_member(app)
    doubles.plan(FaultRule(effect="error", provider="sendgrid", status=503, times=1))
    job_id = app.call("create_job", job_body(), member)["job_id"]
    finished(app, job_id, member)
    assert len(doubles.mails(to=member.email, at_least=1, timeout_seconds=120)) == 1
    with office.watching(f"mail/{job_id}-finished") as letter:
        assert letter.until(lambda version: version["state"] == "sent")["words"] is None


def test_the_sweep_removes_a_sign_up_that_was_never_completed(app: ClientApp, office: Office, suite: Suite) -> None:
    member = sign_up(app)
    account = office.database.document(f"users/{member.uid}")
    account.update({"created_at": firestore.SERVER_TIMESTAMP, "destroy_at": firestore.SERVER_TIMESTAMP})
    scheduler = Scheduler(
        read_schedules(ROOT / "scheduler.yaml"), EmulatorTargets(suite.addresses.functions.url, suite.project)
    )
    assert scheduler.fire_now("sweep")
    assert not account.get().exists
    with pytest.raises(SignInRefused) as refused:
        app.sign_in(member.email, PASSWORD)
    assert refused.value.code == "EMAIL_NOT_FOUND"


def test_malformed_calls_are_refused_without_a_trace_of_internals(app: ClientApp) -> None:
    bodies: tuple[Any, ...] = (None, [], "text", 7, {"job_id": {"$ne": 1}}, {"job_id": "../../x"})
    for body in bodies:
        with pytest.raises(CallRefused) as refused:
            app.call("cancel_job", body, new_member_once(app))
        assert refused.value.code == "malformed"
        assert "Traceback" not in json.dumps(refused.value.details)


_somebody: dict[int, Member] = {}


def new_member_once(app: ClientApp) -> Member:
    return _somebody.setdefault(0, _somebody.get(0) or new_member(app))
