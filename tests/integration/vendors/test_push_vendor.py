"""Firebase Cloud Messaging: google-auth's session against the double."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Literal

import pytest
from imagesfactory.accounts.devices import PushAddress
from imagesfactory.mail.ports import AddressGone, LetterRefused, Push, SenderBusy
from imagesfactory.vendors.firebase_push import FirebasePusher

from local.doubles import Doubles, FaultRule

PHONE = PushAddress(kind="token", value="a-telephone-of-jisu")
PUSH = Push(
    title="이미지가 완성되었습니다",
    text="4장을 만들었습니다.",
    replaces="a24lettersanddigits",
    data={"kind": "images-ended", "job_id": "job-1"},
    lives_for=timedelta(hours=1),
)


@pytest.fixture
def pusher(doubles: Doubles) -> FirebasePusher:
    return FirebasePusher(project="demo-push", address=doubles.addresses.fcm_url, call_seconds=5)


def test_a_notification_replaces_its_like_and_ends_on_every_platform(doubles: Doubles, pusher: FirebasePusher) -> None:
    name = pusher.push(PUSH, PHONE)
    (pushed,) = doubles.control.pushes(to=PHONE.value)
    message = pushed["message"]
    expires = int(message["apns"]["headers"].pop("apns-expiration"))
    assert (pushed["name"], expires > 1_700_000_000) == (name, True)
    assert message == {
        "token": PHONE.value,
        "notification": {"title": PUSH.title, "body": PUSH.text},
        "data": {"kind": "images-ended", "job_id": "job-1"},
        "android": {"collapse_key": PUSH.replaces, "ttl": "3600s", "notification": {"tag": PUSH.replaces}},
        "apns": {"headers": {"apns-collapse-id": PUSH.replaces}},
        "webpush": {
            "headers": {"TTL": "3600", "Topic": PUSH.replaces},
            "notification": {"tag": PUSH.replaces},
        },
    }


def test_an_installation_is_reached_now_or_never(doubles: Doubles, pusher: FirebasePusher) -> None:
    pusher.push(replace(PUSH, lives_for=timedelta(0)), PushAddress(kind="installation", value="cAfEbAbE-installation"))
    (pushed,) = doubles.control.pushes()
    assert (pushed["to"], pushed["message"]["fid"]) == ("cAfEbAbE-installation",) * 2
    assert pushed["message"]["apns"]["headers"]["apns-expiration"] == "0"
    assert pushed["message"]["android"]["ttl"] == "0s"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("token", "a-removed-app"),
        ("token", "other-project-token"),
        ("token", "no token at all"),
        ("installation", "no installation at all"),
    ],
)
def test_an_address_that_ends_is_told_from_everything_else(
    doubles: Doubles, pusher: FirebasePusher, kind: Literal["token", "installation"], value: str
) -> None:
    doubles.control.remove_app("a-removed-app")
    with pytest.raises(AddressGone):
        pusher.push(PUSH, PushAddress(kind=kind, value=value))


@pytest.mark.parametrize(
    "rule",
    [
        FaultRule(effect="error", provider="fcm", code="QUOTA_EXCEEDED", retry_after_seconds=7),
        FaultRule(effect="error", provider="fcm", code="UNAVAILABLE", retry_after_seconds=7),
        FaultRule(effect="error", provider="fcm", code="THIRD_PARTY_AUTH_ERROR", retry_after_seconds=7),
    ],
)
def test_what_passes_is_tried_once_and_later(doubles: Doubles, pusher: FirebasePusher, rule: FaultRule) -> None:
    doubles.control.plan(rule)
    with pytest.raises(SenderBusy):
        pusher.push(PUSH, PHONE)
    assert len(doubles.control.requests("fcm")) == 1


@pytest.mark.parametrize("effect", ["lost", "cut"])
def test_a_broken_connection_passes(doubles: Doubles, pusher: FirebasePusher, effect: str) -> None:
    doubles.control.plan(FaultRule.from_json({"effect": effect, "provider": "fcm"}))
    with pytest.raises(SenderBusy):
        pusher.push(PUSH, PHONE)


def test_the_carriers_delay_is_kept(doubles: Doubles, pusher: FirebasePusher) -> None:
    doubles.control.plan(FaultRule(effect="error", provider="fcm", status=429, retry_after_seconds=42))
    with pytest.raises(SenderBusy) as busy:
        pusher.push(PUSH, PHONE)
    assert busy.value.delay == timedelta(seconds=42)


def test_a_notification_of_ours_that_is_wrong_is_refused(pusher: FirebasePusher) -> None:
    with pytest.raises(LetterRefused, match="INVALID_ARGUMENT"):
        pusher.push(replace(PUSH, text="x" * 5000), PHONE)
    with pytest.raises(LetterRefused):
        pusher.push(replace(PUSH, data={"from": "reserved"}), PHONE)
