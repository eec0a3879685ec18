"""Advertising mail: only with consent at the moment of sending, labelled, by day, with a record and a way out."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from imagesfactory.accounts.model import Identity
from imagesfactory.accounts.roll import MemberRoll
from imagesfactory.mail.advertising import Advertiser, waits_until
from imagesfactory.mail.model import Fate, MailEvent
from imagesfactory.mail.outbox import Outbox
from imagesfactory.notices import campaigns
from imagesfactory.notices.campaigns import (
    TASK_FUNCTION,
    AdvertiserUnknown,
    CampaignBegunBefore,
    CampaignRequest,
    CampaignService,
)
from imagesfactory.policy.retention import destroy_at
from imagesfactory.staff.model import Role, StaffMember

from tests.backend import ADVERTISER, PSEUDONYM_KEY, Backend, signup_request

OFFICER = StaffMember("soyeon", Role.OFFICER, "203.0.113.8")


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-24T20:59:59+09:00", None),
        ("2026-11-24T08:00:00+09:00", None),
        ("2026-11-24T21:00:00+09:00", "2026-11-25T08:00:00+09:00"),
        ("2026-11-24T07:59:59+09:00", "2026-11-24T08:00:00+09:00"),
        ("2026-12-31T15:30:00+00:00", "2027-01-01T08:00:00+09:00"),  # past midnight in Seoul
    ],
)
def test_nothing_is_advertised_at_night_in_seoul(now: str, until: str | None) -> None:
    assert waits_until(datetime.fromisoformat(now)) == (datetime.fromisoformat(until) if until else None)


def test_a_way_out_is_its_members_own() -> None:
    token = parse_qs(urlsplit(ADVERTISER.unsubscribe_url("ji.su")).query)["m"][0]
    assert ADVERTISER.member_of(token) == "ji.su"
    for forged in (token[:-1], "minji." + token.rpartition(".")[2], "", ".", "ji.su."):
        assert ADVERTISER.member_of(forged) is None


def request(**changes: str) -> CampaignRequest:
    body = {
        "request_id": "spring-2027",
        "subject_ko": "봄맞이 포인트",
        "subject_en": "Spring points",
        "body_ko": "20% 더 드립니다.",
        "body_en": "20 % more.",
    }
    return CampaignRequest.model_validate(body | changes)


def service(backend: Backend, advertiser: Advertiser = ADVERTISER) -> CampaignService:
    return CampaignService(
        backend.client,
        roll=MemberRoll(backend.client),
        outbox=Outbox(backend.client),
        queue=backend.queue,
        advertiser=advertiser,
    )


def fan(backend: Backend, uid: str, language: str = "ko") -> str:
    """A member who agrees to advertising."""
    backend.accounts.admit(Identity(uid, f"{uid}@example.com", "password"), backend.clock.now())
    statements = signup_request(agrees_to_marketing_email=True, language=language)
    backend.accounts.complete_signup(uid, statements, backend.clock.now())
    return uid


def ads_to(backend: Backend, uid: str) -> list[dict[str, Any]]:
    return [mail for mail in backend.doubles.control.mails(to=f"{uid}@example.com") if "(광고)" in mail["subject"]]


def carry_on(backend: Backend, room: CampaignService) -> None:
    while backend.queue.waiting:
        function, payload = backend.queue.waiting.popleft()
        assert function == TASK_FUNCTION
        for _ in range(2):  # tasks may come twice
            room.proceed(str(payload["campaign_id"]), backend.clock.now())


def test_only_those_who_agree_get_it_labelled_and_on_record(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaigns, "PAGE", 2)
    fans = [fan(backend, "arin"), fan(backend, "dohyun", "en"), fan(backend, "yuna")]
    backend.member("jisu")
    backend.clock.instant = datetime.fromisoformat("2026-11-24T10:00:00+09:00")
    room = service(backend)
    campaign_id = room.begin(OFFICER, request(), backend.clock.now())
    assert room.begin(OFFICER, request(), backend.clock.now()) == campaign_id
    with pytest.raises(CampaignBegunBefore):
        room.begin(OFFICER, request(body_ko="30% 더 드립니다."), backend.clock.now())
    carry_on(backend, room)
    backend.work_off()

    (korean,) = ads_to(backend, "arin")
    (english,) = ads_to(backend, "dohyun")
    assert not ads_to(backend, "jisu")
    assert korean["subject"] == "(광고) [이미지팩토리] 봄맞이 포인트"
    assert english["subject"] == "(광고) [imagesfactory] Spring points"
    for part in (korean["text"], english["text"], korean["html"]):
        for fact in ("서울특별시 강남구", "02-0000-0001", "support@imagesfactory.com", ADVERTISER.unsubscribe_page):
            assert fact in part
    assert korean["headers"]["List-Unsubscribe"] == f"<{ADVERTISER.unsubscribe_url('arin')}>"
    assert korean["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    records = [one.to_dict() or {} for one in backend.client.collection("ads").stream()]
    assert sorted(one["owner"] for one in records) == fans
    assert {one["campaign"] for one in records} == {campaign_id}
    assert not [uid for uid in fans if uid in str(backend.document(f"campaigns/{campaign_id}"))], "it lives for years"
    assert all(one["destroy_at"] == destroy_at("advertising", one["sent_at"]) for one in records)


def test_consent_taken_back_before_the_letter_leaves_counts(backend: Backend) -> None:
    uid = fan(backend, "arin")
    room = service(backend)
    room.begin(OFFICER, request(), backend.clock.now())
    carry_on(backend, room)
    backend.client.document(f"users/{uid}").update({"consents.marketing_email.is_granted": False})
    backend.work_off()
    assert not ads_to(backend, "arin")
    letters = {letter.get("kind"): letter for letter in backend.client.collection("mail").stream()}
    assert letters["advertisement"].get("failure") == "no-consent"
    assert not list(backend.client.collection("ads").stream())


def test_who_reports_an_advertisement_as_spam_gets_no_more_of_them_and_everything_else(backend: Backend) -> None:
    uid = "spam"
    backend.accounts.admit(Identity(uid, "spam@example.com", "password"), backend.clock.now())
    backend.accounts.complete_signup(uid, signup_request(agrees_to_marketing_email=True), backend.clock.now())
    backend.clock.instant = datetime.fromisoformat("2026-11-24T10:00:00+09:00")
    room = service(backend)
    room.begin(OFFICER, request(), backend.clock.now())
    carry_on(backend, room)
    backend.work_off()
    written = {letter.get("kind"): letter for letter in backend.client.collection("mail").stream()}
    advertisement = written["advertisement"]
    report = MailEvent(advertisement.id, "spam@example.com", Fate.SPAM)
    for _ in range(2):  # events may come twice
        assert backend.mail_events.apply(report, backend.clock.now())

    consent = backend.document(f"users/{uid}")["consents"]["marketing_email"]
    assert (consent["is_granted"], consent["channel"]) == (False, "spam-report")
    assert not list(backend.client.collection("suppressions").stream())
    assert not list(backend.client.collection(f"users/{uid}/alerts").stream())
    backend.work_off()
    _, _, told = backend.doubles.control.mails(to="spam@example.com")
    assert "동의 내역이 변경되었습니다" in told["subject"]
    assert told["states"] == {"spam@example.com": "spam"}, "it was not dropped: SendGrid's own list does not count"


def test_a_letter_of_the_night_waits_for_the_morning(backend: Backend) -> None:
    fan(backend, "arin")
    backend.clock.instant = datetime.fromisoformat("2026-11-24T23:00:00+09:00")
    room = service(backend)
    room.begin(OFFICER, request(), backend.clock.now())
    carry_on(backend, room)
    backend.work_off()
    assert not ads_to(backend, "arin")
    backend.clock.instant = datetime.fromisoformat("2026-11-25T08:03:00+09:00")
    backend.mail.sweep(backend.clock.now(), 10)
    backend.work_off()
    assert len(ads_to(backend, "arin")) == 1


def test_without_the_facts_of_the_law_there_is_no_campaign(backend: Backend) -> None:
    nameless = Advertiser("", "", ADVERTISER.unsubscribe_page, PSEUDONYM_KEY)
    with pytest.raises(AdvertiserUnknown):
        service(backend, nameless).begin(OFFICER, request(), backend.clock.now())
    assert not list(backend.client.collection("campaigns").stream())
