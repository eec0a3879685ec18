"""Somebody needs help, mail comes back, and anybody reads the policy: on the deployed functions and the real carrier's
double, which signs and posts its events by itself.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
import requests
from firebase_admin import auth
from google.cloud import firestore
from imagesfactory.kit.ids import keyed_hash
from imagesfactory.mail.model import Fate
from imagesfactory.policy.company import company
from imagesfactory.policy.limits import limits
from imagesfactory.vendors.directory import firebase_app
from imagesfactory.vendors.session_cookies import SessionCookies

from local.client import CallRefused, ClientApp, Member
from local.demo.office import Office
from local.doubles import ControlClient
from local.staff.__main__ import main as change_roles
from local.suite import Suite
from tests.journeys.test_a_members_story import PASSWORD, address, new_member, statements


@pytest.fixture
def office(served: Suite) -> Iterator[Office]:
    with patch.dict(os.environ, served.client_environment()):
        yield Office(served)


@pytest.fixture
def doubles(suite: Suite) -> ControlClient:
    return ControlClient(suite.doubles["home"])


@pytest.fixture
def app(suite: Suite) -> ClientApp:
    return ClientApp(suite)


def staff(app: ClientApp, suite: Suite, role: str) -> Member:
    """Somebody who was given a role at the terminal and signed in again."""
    member = new_member(app)
    arguments = [member.email, "--project", suite.project, "--give", role, "--reason", "test"]
    assert change_roles(arguments) == 0
    assert auth.get_user(member.uid, app=firebase_app(suite.project)).custom_claims in (None, {})
    assert change_roles([*arguments, "--apply"]) == 0
    return app.sign_in(member.email, PASSWORD)


def question(**changes: Any) -> dict[str, Any]:
    return {"request_id": uuid.uuid4().hex, "topic": "service", "text": "이미지를 다시 받고 싶어요", **changes}


def test_an_inquiry_with_mail_both_ways(app: ClientApp, office: Office, doubles: ControlClient, suite: Suite) -> None:
    member = new_member(app)
    inquiry_id = app.call("create_inquiry", question(), member)["inquiry_id"]
    assert doubles.mails(to=company().support_address, at_least=1)
    assert len(doubles.mails(to=member.email, at_least=1)) == 1

    support = staff(app, suite, "support")
    with pytest.raises(CallRefused) as refused:
        app.call("list_inquiries", {}, member)
    assert refused.value.code == "staff-only"
    assert inquiry_id in [one["inquiry_id"] for one in app.call("list_inquiries", {}, support)["inquiries"]]
    read = app.call("read_inquiry", {"inquiry_id": inquiry_id}, support)
    assert [one["text"] for one in read["messages"]] == ["이미지를 다시 받고 싶어요"]
    answer = {"request_id": uuid.uuid4().hex, "inquiry_id": inquiry_id, "text": "다시 보내 드렸습니다."}
    assert app.call("answer_inquiry", answer, support)["state"] == "answered"
    assert "다시 보내 드렸습니다." in doubles.mails(to=member.email, at_least=2)[-1]["text"]

    with app.watch(f"inquiries/{inquiry_id}", member) as watch:
        watch.until(lambda version: version["state"] == "answered")
    assert app.call("settle_inquiry", {"inquiry_id": inquiry_id}, support)["settled_at"]
    assert office.document(f"inquiries/{inquiry_id}")["destroy_at"] is not None
    lines = office.database.collection("accesses").where(
        filter=firestore.FieldFilter("subjects", "array_contains", member.uid)
    )
    assert {line.get("action") for line in lines.stream()} == {
        "inquiries-listed",
        "inquiry-read",
        "inquiry-answered",
        "inquiry-settled",
    }


def test_a_stranger_appeals_without_an_account_and_a_member_is_stopped_when_it_gets_too_much(
    app: ClientApp,
) -> None:
    body = question(topic="appeal", contact_email=address(), language="en")
    assert app.call("create_open_inquiry", body)["state"] == "open"
    member = app.verify_email(app.sign_up(address(), PASSWORD))
    rate = limits().rate(limits().functions["redeem_coupon"].member or "")
    guess = {"request_id": "coupon-request", "code": "NONE"}
    for _ in range(rate.burst):
        with pytest.raises(CallRefused) as guessed:
            app.call("redeem_coupon", guess, member)
        assert guessed.value.code == "coupon-unknown"
    with pytest.raises(CallRefused) as refused:
        app.call("redeem_coupon", guess, member)
    assert refused.value.code == "too-many-requests"


def test_returned_mail_is_told_on_my_page(app: ClientApp, office: Office) -> None:
    member = app.verify_email(app.sign_up(f"bounce+{uuid.uuid4().hex}@example.com", PASSWORD))
    app.call("complete_signup", statements(app), member)
    inquiry_id = app.call("create_inquiry", question(), member)["inquiry_id"]
    with office.watching(f"mail/{inquiry_id}-received") as letter:
        assert letter.until(lambda version: version["fate"] == Fate.BOUNCED.rank)["state"] == "sent"
    with app.watch(f"users/{member.uid}/alerts/{inquiry_id}-received", member) as alert:
        assert alert.until(bool)["kind"] == "mail-returned"


def test_everybody_reads_the_policy_and_nobody_posts_to_it(suite: Suite) -> None:
    url = suite.function_url("policy_page")
    korean, english = requests.get(url, timeout=60), requests.get(url, params={"lang": "en"}, timeout=60)
    assert (korean.status_code, english.status_code) == (200, 200)
    assert "개인정보 처리방침" in korean.text
    assert "Privacy policy" in english.text
    assert "개인정보 보호책임자" in korean.text
    assert korean.headers["Cache-Control"].startswith("public")
    assert "Set-Cookie" not in korean.headers
    assert requests.post(url, timeout=60).status_code == 405
    events = suite.function_url("mail_events")
    assert requests.get(events, timeout=60).status_code == 405
    assert requests.post(events, data=b"[]", timeout=60).status_code == 401


def test_one_click_refuses_advertising_and_a_look_does_not(
    app: ClientApp, office: Office, doubles: ControlClient, suite: Suite
) -> None:
    member = app.verify_email(app.sign_up(address(), PASSWORD))
    app.call("complete_signup", statements(app, agrees_to_marketing_email=True), member)
    seal = keyed_hash(suite.given.secrets["PSEUDONYM_KEY"], "unsubscribe", member.uid)[:40]
    url = suite.function_url("unsubscribe")
    way_out = {"m": f"{member.uid}.{seal}"}
    assert requests.get(url, params={"m": f"{member.uid}.forged"}, timeout=60).status_code == 404
    assert "<button>" in requests.get(url, params=way_out, timeout=60).text
    consents = office.document(f"users/{member.uid}")["consents"]
    assert consents["marketing_email"]["is_granted"]
    assert requests.post(url, params=way_out, timeout=60).status_code == 200
    consents = office.document(f"users/{member.uid}")["consents"]
    assert not consents["marketing_email"]["is_granted"]
    assert requests.post(url, params=way_out, timeout=60).status_code == 200


def test_a_website_keeps_a_session_in_a_cookie_and_ends_it(app: ClientApp, suite: Suite, office: Office) -> None:
    member = app.sign_in(new_member(app).email, PASSWORD)
    url, origin = suite.function_url("create_session"), {"Origin": "https://imagesfactory.com"}
    body = {"id_token": member.id_token}
    assert requests.get(url, timeout=60).status_code == 405
    assert requests.post(url, json=body, timeout=60).status_code == 403
    assert requests.post(url, json=body, headers={"Origin": "https://evil.example"}, timeout=60).status_code == 403
    assert requests.post(url, json={"id_token": "forged"}, headers=origin, timeout=60).status_code == 401
    made = requests.post(url, json=body, headers=origin, timeout=60)
    assert made.status_code == 204
    for word in ("HttpOnly", "Secure", "SameSite=Strict"):
        assert word in made.headers["Set-Cookie"]
    cookie = made.headers["Set-Cookie"].removeprefix("__session=").partition(";")[0]
    sessions = SessionCookies(project=suite.project)
    assert sessions.holder(cookie) == member.uid
    ended = requests.post(
        suite.function_url("end_session"), json={}, headers={**origin, "Cookie": f"__session={cookie}"}, timeout=60
    )
    assert ended.status_code == 204
    assert "__session=;" in ended.headers["Set-Cookie"]
    assert auth.get_user(member.uid, app=firebase_app(suite.project)).tokens_valid_after_timestamp > 0
