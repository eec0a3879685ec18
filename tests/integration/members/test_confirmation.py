"""Consents to advertising: confirmed every two years or used no more, and asked for once, as the law words it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from google.cloud.firestore import DELETE_FIELD
from imagesfactory.accounts.changes import ConsentRequest, ProfileRequest
from imagesfactory.accounts.model import ConsentKind, Identity
from imagesfactory.doors import views_privacy
from imagesfactory.notices.campaigns import CampaignRequest
from imagesfactory.policy.company import company
from imagesfactory.rights.correction import CorrectionDecision, CorrectionRequest
from imagesfactory.staff.model import Role, StaffMember

from tests.backend import signup_request
from tests.members import Members
from tests.simulation.house import SimulatedHouse

UID, EMAIL = "uid-of-jisu-0000000000000000", "jisu@example.com"
VERSION = company().privacy_policy_version
OFFICER = StaffMember("soyeon", Role.OFFICER, "203.0.113.8")
KOREAN, ENGLISH = (
    "[이미지팩토리] 광고 수신 동의를 확인해 주세요",
    "[imagesfactory] Please confirm your consent to marketing messages",
)


@pytest.fixture
def service(house: Members) -> SimulatedHouse:
    """The whole backend; somebody agreed to advertising by mail on 24 November 2026, and was told so."""
    whole = SimulatedHouse(house.client, house.archive_client, house.doubles)
    join(whole, "2026-11-24T12:00")
    whole.work_off()
    whole.doubles.control.clear_mails()
    return whole


def join(service: SimulatedHouse, at: str, uid: str = UID, **statements: Any) -> None:
    go(service, at)
    service.accounts.admit(Identity(uid, EMAIL, "password"), service.clock.now())
    said = signup_request(**{"agrees_to_marketing_email": True, **statements})
    service.accounts.complete_signup(uid, said, service.clock.now())


def go(service: SimulatedHouse, to: str) -> None:
    """To a time of day in Seoul."""
    service.clock.instant = datetime.fromisoformat(f"{to}+09:00")


def sweep(service: SimulatedHouse, at: str) -> None:
    go(service, at)
    service.sweep()


def say(service: SimulatedHouse, **choices: bool) -> None:
    request = ConsentRequest.model_validate({"version": VERSION, "channel": "ios", **choices})
    service.profiles.set_consents(UID, request, service.clock.now())
    service.work_off()


def advertise(service: SimulatedHouse, number: int = 1) -> int:
    """A campaign, as far as it comes now; returns how many members it addressed."""
    body = dict.fromkeys(("subject_ko", "subject_en", "body_ko", "body_en"), "20 % more")
    request = CampaignRequest.model_validate({"request_id": f"campaign-{number}", **body})
    campaign_id = service.campaigns.begin(OFFICER, request, service.clock.now())
    service.work_off()
    return int(service.document(f"campaigns/{campaign_id}")["reached_count"])


def letters(service: SimulatedHouse, kind: str) -> list[dict[str, Any]]:
    return [mail for mail in service.doubles.control.mails(to=EMAIL) if mail["categories"] == [kind]]


def written(service: SimulatedHouse, kind: str) -> list[dict[str, Any]]:
    """The outbox' letters of that kind."""
    found = [one.to_dict() or {} for one in service.client.collection("mail").stream()]
    return [one for one in found if one["kind"] == kind]


def history(service: SimulatedHouse) -> list[dict[str, Any]]:
    """What was said of marketing by mail, the oldest first."""
    lines = [one.to_dict() or {} for one in service.client.collection(f"users/{UID}/consents").stream()]
    return sorted((one for one in lines if one["kind"] == "marketing_email"), key=lambda one: one["at"])


@pytest.mark.parametrize(
    ("agreed", "day_before", "anniversary"),
    [
        ("2026-11-25T00:30", "2028-11-24", "2028-11-25"),  # still the 24th in London
        ("2028-02-29T12:00", "2030-02-27", "2030-02-28"),
        ("2027-08-31T23:59", "2029-08-30", "2029-08-31"),
    ],
)
def test_advertising_ends_with_the_day_before_the_anniversary(
    service: SimulatedHouse, agreed: str, day_before: str, anniversary: str
) -> None:
    join(service, agreed, "uid-of-sora-0000000000000000")
    say(service, marketing_email=False)
    go(service, f"{day_before}T20:59")
    assert advertise(service) == 1
    assert len(letters(service, "advertisement")) == 1
    go(service, f"{anniversary}T00:00")
    assert advertise(service, 2) == 0
    assert len(letters(service, "advertisement")) == 1


def test_what_was_written_before_the_anniversary_does_not_leave_after_it(service: SimulatedHouse) -> None:
    go(service, "2028-11-23T23:00")
    assert advertise(service) == 1
    sweep(service, "2028-11-24T08:05")
    assert letters(service, "advertisement") == []
    failures = [one["failure"] for one in written(service, "advertisement")]
    assert failures == ["no-consent"]
    assert not list(service.client.collection("ads").stream())


def test_a_consent_given_at_sign_up_is_confirmed_by_letter_and_none_given_is_not(service: SimulatedHouse) -> None:
    join(service, "2026-11-25T12:00", "uid-of-sora-0000000000000000")
    join(service, "2026-11-26T12:00", "uid-of-nari-0000000000000000", agrees_to_marketing_email=False)
    service.work_off()
    (letter,) = letters(service, "consent-changed")
    for part in (letter["text"], letter["html"]):
        for fact in ("2026-11-25", "이메일", "동의", "엠제이스튜디오"):
            assert fact in part
        assert "철회" not in part


def test_the_letter_says_what_the_law_wants_in_the_members_language(service: SimulatedHouse) -> None:
    go(service, "2026-12-31T12:00")
    say(service, marketing_push=True)
    sweep(service, "2028-10-23T23:59")
    assert letters(service, "consent-reminder") == []
    sweep(service, "2028-10-24T00:00")
    (korean,) = letters(service, "consent-reminder")
    assert korean["subject"] == KOREAN
    service.profiles.update(UID, ProfileRequest(language="en"), service.clock.now())
    sweep(service, "2028-11-30T00:00")
    _, english = letters(service, "consent-reminder")
    assert english["subject"] == ENGLISH
    for mail, facts in (
        (
            korean,
            (
                "엠제이스튜디오(이미지팩토리)",
                "이메일 마케팅",
                "2026-11-24",
                "2028-11-24",
                "제62조의3",
                "광고가 아닙니다",
            ),
        ),
        (english, ("MJ Studio (imagesfactory)", "push message", "2026-12-31", "2028-12-31", "62-3", "not advertising")),
    ):
        for part in (mail["text"], mail["html"]):
            assert not [fact for fact in (*facts, "https://imagesfactory.example/my-page") if fact not in part]
        assert "List-Unsubscribe" not in mail["headers"], "it is none of what can be refused"
    assert "푸시" not in korean["text"], "that one is not due yet"
    assert "by e-mail" not in english["text"], "that one was asked for before"


def test_one_letter_asks_for_all_that_is_due(service: SimulatedHouse) -> None:
    say(service, marketing_push=True)
    sweep(service, "2028-10-24T00:05")
    (letter,) = letters(service, "consent-reminder")
    assert "이메일 마케팅" in letter["text"]
    assert "푸시 마케팅" in letter["text"]


def test_sweeps_that_meet_and_come_again_ask_once_for_each_period(service: SimulatedHouse) -> None:
    go(service, "2028-10-24T00:00")
    with ThreadPoolExecutor(4) as sweeps:
        for _ in range(4):
            sweeps.submit(service.profiles.ask_to_confirm, service.clock.now(), 100)
    for day in ("2028-10-24T00:05", "2028-11-23T12:00", "2028-11-24T12:00", "2029-12-01T12:00"):
        sweep(service, day)
    assert len(letters(service, "consent-reminder")) == 1
    assert service.document(f"users/{UID}")["confirmation_due_at"] is None


def test_whoever_could_not_be_asked_in_time_gets_no_letter_about_a_day_gone_by(service: SimulatedHouse) -> None:
    go(service, "2028-11-24T00:05")
    assert service.profiles.ask_to_confirm(service.clock.now(), 100) == 0
    assert written(service, "consent-reminder") == []
    assert service.document(f"users/{UID}")["confirmation_due_at"] is None
    assert shown(service)["has_lapsed"] is True


def test_of_two_consents_only_the_one_that_still_holds_is_asked_for(service: SimulatedHouse) -> None:
    go(service, "2026-12-10T12:00")
    say(service, marketing_push=True)
    go(service, "2028-12-01T12:00")
    assert service.profiles.ask_to_confirm(service.clock.now(), 100) == 1
    service.work_off()
    (letter,) = letters(service, "consent-reminder")
    assert "푸시 마케팅" in letter["text"]
    assert "이메일 마케팅" not in letter["text"]


def test_a_confirmation_is_a_line_of_the_history_begins_two_years_and_is_told(service: SimulatedHouse) -> None:
    sweep(service, "2028-10-24T00:05")
    go(service, "2028-11-01T12:00")
    for _ in range(2):  # whoever loses the answer asks again
        say(service, marketing_email=True)
    first, second = history(service)
    assert first["lapses_at"] == datetime.fromisoformat("2028-11-24T00:00+09:00")
    assert (second["is_granted"], second["channel"], second["version"]) == (True, "ios", VERSION)
    assert (second["at"], second["lapses_at"]) == (
        service.clock.now(),
        datetime.fromisoformat("2030-11-01T00:00+09:00"),
    )
    assert len(letters(service, "consent-changed")) == 1
    go(service, "2028-11-24T12:00")
    assert advertise(service) == 1
    sweep(service, "2030-10-01T00:05")
    assert len(letters(service, "consent-reminder")) == 2


def test_before_it_is_asked_for_nothing_is_confirmed(service: SimulatedHouse) -> None:
    go(service, "2028-10-23T23:59")
    say(service, marketing_email=True)
    assert len(history(service)) == 1
    assert letters(service, "consent-changed") == []


def test_a_lapsed_consent_is_shown_given_anew_or_taken_back(service: SimulatedHouse) -> None:
    sweep(service, "2028-10-24T00:05")
    go(service, "2028-11-24T00:00")
    assert shown(service) == {
        "asked_from": "2028-10-23T15:00:00+00:00",
        "lapses_at": "2028-11-23T15:00:00+00:00",
        "has_lapsed": True,
    }
    say(service, marketing_email=True)
    assert shown(service)["has_lapsed"] is False
    assert advertise(service) == 1
    go(service, "2030-11-24T09:00")
    say(service, marketing_email=False)
    assert shown(service) == {"asked_from": None, "lapses_at": None, "has_lapsed": False}
    assert [one["is_granted"] for one in history(service)] == [True, True, False]
    sweep(service, "2032-10-24T09:00")
    assert len(letters(service, "consent-reminder")) == 1


def shown(service: SimulatedHouse) -> dict[str, Any]:
    page = views_privacy.my_page(service.my_page.overview(UID), service.clock.now())
    consent = page["profile"]["consents"]["marketing_email"]
    return {name: consent[name] for name in ("asked_from", "lapses_at", "has_lapsed")}


def test_the_members_own_records_say_until_when(service: SimulatedHouse) -> None:
    sweep(service, "2028-10-24T00:05")
    (profile,), _ = service.my_page.records(UID, "users/{uid}", None)
    assert profile["consents"]["marketing_email"]["lapses_at"] == datetime.fromisoformat("2028-11-24T00:00+09:00")
    assert profile["asked_to_confirm_at"] == service.clock.now()
    assert "confirmation_due_at" not in profile


def test_while_a_correction_is_pending_the_letter_waits(service: SimulatedHouse) -> None:
    go(service, "2028-10-23T12:00")
    asked = CorrectionRequest(request_id="correction-1", text="my name is wrong")
    correction_id = service.corrections.request(UID, asked, service.clock.now())
    sweep(service, "2028-10-24T12:00")
    assert letters(service, "consent-reminder") == []
    decision = CorrectionDecision(correction_id=correction_id, is_done=True, reason="고쳤습니다", name="김지우")
    service.corrections.decide(OFFICER, decision, service.clock.now())
    service.work_off()
    (letter,) = letters(service, "consent-reminder")
    assert "김지우님" in letter["text"]


@pytest.mark.parametrize("status", ["suspended", "withdrawing"])
def test_nobody_who_is_kept_out_or_leaves_is_asked(service: SimulatedHouse, status: str) -> None:
    go(service, "2028-10-23T12:00")
    if status == "suspended":
        service.client.document(f"users/{UID}").update({"status": status})
    else:
        service.withdraw(UID)
    service.profiles.ask_to_confirm(datetime.fromisoformat("2028-10-24T12:00+09:00"), 100)
    assert written(service, "consent-reminder") == []
    assert service.document(f"users/{UID}")["confirmation_due_at"] is None


def test_a_profile_from_before_is_judged_by_its_consents_and_asked_once_it_was_written_again(
    service: SimulatedHouse,
) -> None:
    before = dict.fromkeys(
        ("asked_to_confirm_at", "confirmation_due_at", "consents.marketing_email.lapses_at"), DELETE_FIELD
    )
    service.client.document(f"users/{UID}").update(before)
    go(service, "2028-11-23T12:00")
    assert advertise(service) == 1
    service.profiles.update(UID, ProfileRequest(language="ko"), service.clock.now())
    service.sweep()
    assert len(letters(service, "consent-reminder")) == 1
    go(service, "2028-11-24T12:00")
    assert advertise(service, 2) == 0
    profile = service.profiles.active(UID)
    assert not profile.has_consent(ConsentKind.MARKETING_EMAIL, service.clock.now())
    assert profile.has_consent(ConsentKind.MARKETING_EMAIL, service.clock.now() - timedelta(hours=13))


@pytest.mark.parametrize("status", ["active", "suspended"])
def test_a_way_out_counts_also_for_somebody_who_is_suspended_and_once(service: SimulatedHouse, status: str) -> None:
    service.client.document(f"users/{UID}").update({"status": status})
    for _ in range(2):
        service.profiles.unsubscribe(UID, ConsentKind.MARKETING_EMAIL, service.clock.now() + timedelta(hours=1))
    assert [line["is_granted"] for line in history(service)] == [True, False]
    assert not service.document(f"users/{UID}")["consents"]["marketing_email"]["is_granted"]


def test_a_way_out_of_nobody_is_fine(service: SimulatedHouse) -> None:
    service.profiles.unsubscribe("nobody", ConsentKind.MARKETING_PUSH, service.clock.now())
