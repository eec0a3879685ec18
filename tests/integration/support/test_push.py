"""Notifications: what is pushed to whom, once for each device, by day where it advertises, and never to an app gone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from google.cloud.firestore import FieldFilter
from imagesfactory.accounts.devices import DeviceRequest, DeviceService
from imagesfactory.accounts.model import Identity
from imagesfactory.accounts.roll import MemberRoll
from imagesfactory.kit import unit_of_work
from imagesfactory.mail.outbox import Outbox
from imagesfactory.mail.words import AnswerWaiting
from imagesfactory.notices.campaigns import CampaignRequest, CampaignService
from imagesfactory.points.store import WalletStore
from imagesfactory.staff.model import Role, StaffMember

from local.doubles import FaultRule
from tests.backend import ADVERTISER, Backend, job_request, signup_request

OFFICER = StaffMember("soyeon", Role.OFFICER, "203.0.113.8")
PHONE, TABLET = "the-telephone-of-jisu", "the-tablet-of-jisu"
CAMPAIGN = {
    "request_id": "spring-2027",
    "subject_ko": "봄맞이 포인트",
    "subject_en": "Spring points",
    "body_ko": "20% 더 드립니다.",
    "body_en": "20 % more.",
}


def has_device(backend: Backend, uid: str, address: str) -> str:
    """The app is installed; returns where its document is."""
    push = {"kind": "token", "value": address}
    device = DeviceRequest.model_validate({"device_id": f"on-{address}", "platform": "ios", "push": push})
    DeviceService(backend.client, WalletStore(backend.client)).register(uid, device, backend.clock.now())
    return f"users/{uid}/devices/on-{address}"


def pushed(backend: Backend, to: str | None = None) -> list[dict[str, Any]]:
    return [one["message"] for one in backend.doubles.control.pushes(to=to)]


def notify(backend: Backend, uid: str, key: str = "a-notification") -> str:
    """A notification in the outbox and its task in the queue."""
    outbox, now = Outbox(backend.client), backend.clock.now()
    unit_of_work.run(backend.client, lambda unit: outbox.notify(unit, key, uid, AnswerWaiting("inquiry-1"), now))
    return key


def outcome(backend: Backend, key: str) -> tuple[str, str, Any]:
    letter = backend.document(f"mail/{key}")
    return letter["state"], letter["failure"], letter["words"]


def test_the_end_of_a_job_is_pushed_once_to_each_device_and_says_nothing_of_the_picture(backend: Backend) -> None:
    uid = backend.member()
    has_device(backend, uid, PHONE)
    has_device(backend, uid, TABLET)
    accepted = backend.generation.create(uid, job_request(), backend.clock.now())
    backend.work_off()
    backend.work_off()
    (phone,), (tablet,) = pushed(backend, PHONE), pushed(backend, TABLET)
    assert phone["notification"] == {"title": "이미지가 완성되었습니다", "body": "4장을 만들었습니다."}
    assert phone["data"] == {"kind": "images-ended", "job_id": accepted.job_id}
    assert phone["android"]["collapse_key"] == tablet["android"]["collapse_key"]
    said = str(backend.doubles.control.requests("fcm"))
    assert not [word for word in ("paper boat", "jisu@example.com", "김지수", uid + "/") if word in said]
    assert outcome(backend, f"{accepted.job_id}-ended") == ("sent", "", None)


def test_a_job_that_failed_says_so_and_what_did_not(backend: Backend) -> None:
    uid = backend.member()
    has_device(backend, uid, PHONE)
    backend.doubles.control.plan(FaultRule(effect="error", provider="openai", path="/v1/images/*", status=400))
    backend.doubles.control.plan(FaultRule(effect="error", provider="stability", status=400))
    backend.generation.create(uid, job_request(), backend.clock.now())
    backend.work_off()
    (message,) = pushed(backend)
    assert message["notification"] == {"title": "이미지를 만들지 못했습니다", "body": "포인트는 사용되지 않았습니다."}


def test_nothing_is_written_for_a_member_whom_nothing_reaches(backend: Backend) -> None:
    uid = backend.member()
    backend.generation.create(uid, job_request(), backend.clock.now())
    backend.work_off()
    assert [one.get("kind") for one in backend.client.collection("mail").stream()] == ["job-finished"]


def test_an_app_that_was_removed_is_forgotten_and_the_others_are_reached(backend: Backend) -> None:
    uid = backend.member()
    gone, kept = has_device(backend, uid, PHONE), has_device(backend, uid, TABLET)
    backend.doubles.control.remove_app(PHONE)
    key = notify(backend, uid)
    backend.work_off()
    assert (len(pushed(backend, PHONE)), len(pushed(backend, TABLET))) == (0, 1)
    assert (backend.document(gone)["push"], backend.document(kept)["push"]["value"]) == (None, TABLET)
    backend.doubles.control.remove_app(TABLET)
    last = notify(backend, uid, "the-last-one")
    backend.work_off()
    assert (outcome(backend, key)[:2], outcome(backend, last)[:2]) == (("sent", ""), ("failed", "no-device"))


def test_a_carrier_that_is_busy_is_asked_again_and_a_device_that_was_reached_is_not(backend: Backend) -> None:
    uid = backend.member()
    has_device(backend, uid, PHONE)
    has_device(backend, uid, TABLET)
    backend.doubles.control.plan(FaultRule(effect="error", provider="fcm", status=503, calls=(1, 2, 3)))
    key = notify(backend, uid)
    backend.work_off()  # the first round reaches neither, the second one of them
    letter = backend.document(f"mail/{key}")
    assert (letter["state"], letter["attempts"], len(pushed(backend))) == ("sent", 1, 1)


def test_what_one_device_can_never_take_keeps_it_from_no_other(backend: Backend) -> None:
    uid = backend.member()
    has_device(backend, uid, PHONE)
    has_device(backend, uid, TABLET)
    backend.doubles.control.plan(FaultRule(effect="error", provider="fcm", code="INVALID_ARGUMENT", calls=(1, 3, 4)))
    reached, refused = notify(backend, uid), notify(backend, uid, "wrong-for-all")
    backend.work_off()
    assert (outcome(backend, reached)[:2], len(pushed(backend))) == (("sent", ""), 1)
    assert outcome(backend, refused)[0] == "failed"


def test_one_who_leaves_or_waits_for_a_correction_hears_nothing(backend: Backend) -> None:
    uid = backend.member()
    has_device(backend, uid, PHONE)
    backend.client.document(f"users/{uid}").update({"is_correction_pending": True})
    held = notify(backend, uid, "held")
    backend.work_off()
    assert backend.document(f"mail/{held}")["is_held"] is True
    backend.client.document(f"users/{uid}").update({"is_correction_pending": False, "status": "withdrawing"})
    backend.mail.release(uid, backend.clock.now() + timedelta(hours=2))
    backend.clock.move(timedelta(hours=2))
    backend.work_off()
    assert outcome(backend, held)[:2] == ("failed", "recipient-gone")
    assert not pushed(backend)


def test_an_address_belongs_to_whoever_registered_it_last(backend: Backend) -> None:
    first, second = backend.member("jisu", "jisu@example.com"), backend.member("minji", "minji@example.com")
    left = has_device(backend, first, PHONE)
    has_device(backend, second, PHONE)
    assert backend.document(left)["push"] is None
    notify(backend, first)
    backend.work_off()
    assert not pushed(backend)


def fan(backend: Backend, uid: str, language: str = "ko") -> str:
    """A member with a telephone who agrees to pushed advertising, and to no other."""
    backend.accounts.admit(Identity(uid, f"{uid}@example.com", "password"), backend.clock.now())
    statements = signup_request(agrees_to_marketing_push=True, language=language)
    backend.accounts.complete_signup(uid, statements, backend.clock.now())
    for confirmation in backend.client.collection("mail").where(filter=FieldFilter("owner", "==", uid)).stream():
        confirmation.reference.delete()
    has_device(backend, uid, f"telephone-of-{uid}")
    return uid


def advertise(backend: Backend, at: str) -> str:
    """A campaign is begun, and every page of it carried on."""
    backend.clock.instant = datetime.fromisoformat(at)
    outbox, roll = Outbox(backend.client), MemberRoll(backend.client)
    room = CampaignService(backend.client, roll=roll, outbox=outbox, queue=backend.queue, advertiser=ADVERTISER)
    campaign_id = room.begin(OFFICER, CampaignRequest.model_validate(CAMPAIGN), backend.clock.now())
    for _ in range(2):  # tasks may come twice
        room.proceed(campaign_id, backend.clock.now())
    backend.queue.waiting.clear()
    return campaign_id


def test_advertising_is_pushed_to_those_who_agree_labelled_on_record_and_over_by_the_evening(backend: Backend) -> None:
    fan(backend, "arin")
    fan(backend, "dohyun", "en")
    has_device(backend, backend.member("jisu"), PHONE)
    campaign_id = advertise(backend, "2026-11-24T20:00:00+09:00")
    backend.work_off()
    (korean,), (english,) = pushed(backend, "telephone-of-arin"), pushed(backend, "telephone-of-dohyun")
    assert not pushed(backend, PHONE)
    assert not backend.doubles.control.mails(to="arin@example.com")
    assert korean["notification"] == {
        "title": "(광고) [이미지팩토리] 봄맞이 포인트",
        "body": "엠제이스튜디오 02-0000-0001\n무료 수신거부: 마이페이지 > 광고 수신 동의",
    }
    assert english["notification"]["title"] == "(광고) [imagesfactory] Spring points"
    assert korean["data"]["unsubscribe_url"] == ADVERTISER.unsubscribe_url("arin", "push")
    assert 3500 <= int(korean["android"]["ttl"].removesuffix("s")) <= 3600, (
        "what a device hears after 21:00 is a breach"
    )
    records = [one.to_dict() or {} for one in backend.client.collection("ads").stream()]
    assert sorted(one["owner"] for one in records) == ["arin", "dohyun"]
    assert {(one["channel"], one["campaign"]) for one in records} == {("push", campaign_id)}


def test_advertising_of_the_night_waits_and_a_consent_taken_back_meanwhile_counts(backend: Backend) -> None:
    fan(backend, "arin")
    fan(backend, "yuna")
    advertise(backend, "2026-11-24T21:00:00+09:00")
    backend.work_off()
    assert not pushed(backend)
    backend.client.document("users/yuna").update({"consents.marketing_push.is_granted": False})
    backend.clock.instant = datetime.fromisoformat("2026-11-25T08:03:00+09:00")
    backend.mail.sweep(backend.clock.now(), 10)
    backend.work_off()
    assert [one["to"] for one in backend.doubles.control.pushes()] == ["telephone-of-arin"]
    failures = [one.get("failure") for one in backend.client.collection("mail").stream()]
    assert sorted(failures) == ["", "no-consent"]
