"""Changes of the policy: too early ones refused by the Seoul calendar, every member told once, consent asked anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from imagesfactory.accounts.errors import PolicyVersionOutdated
from imagesfactory.accounts.model import ConsentKind, Versions
from imagesfactory.accounts.renewal import ConsentRenewal
from imagesfactory.accounts.roll import MemberRoll
from imagesfactory.accounts.store import AccountStore
from imagesfactory.kit.errors import Refusal
from imagesfactory.mail.outbox import Outbox
from imagesfactory.notices import service
from imagesfactory.notices.errors import AnnouncedBefore, EffectiveTooEarly
from imagesfactory.notices.model import AgreementRequest, ChangeRequest, Document, check_notice
from imagesfactory.notices.service import TASK_FUNCTION, NoticeService
from imagesfactory.policy.company import company
from imagesfactory.staff.model import Role, StaffMember

from tests.backend import Backend

OFFICER = StaffMember("soyeon", Role.OFFICER, "203.0.113.8")
NOW = company().privacy_policy_version


def change(effective_on: str = "2027-01-01", **more: Any) -> ChangeRequest:
    body = {
        "document": "privacy",
        "effective_on": effective_on,
        "touches_rights": False,
        "needs_consent": False,
        "summary_ko": "보관 기간이 바뀝니다.",
        "summary_en": "A period changes.",
    }
    return ChangeRequest.model_validate(body | more)


def notices(backend: Backend, version: str = NOW) -> NoticeService:
    versions = Versions(company().terms_version, version)
    return NoticeService(
        backend.client,
        roll=MemberRoll(backend.client),
        renewal=ConsentRenewal(backend.client, versions),
        outbox=Outbox(backend.client),
        queue=backend.queue,
        versions=versions,
    )


@pytest.mark.parametrize(
    ("announced", "effective_on", "touches_rights", "earliest"),
    [
        ("2026-11-01T00:00:00+09:00", "2026-11-08", False, "2026-11-09"),
        ("2026-11-01T00:00:00+09:00", "2026-11-09", False, None),
        ("2026-11-01T23:59:59+09:00", "2026-11-09", False, None),
        ("2026-11-01T15:00:00+00:00", "2026-11-09", False, "2026-11-10"),  # already the 2nd in Seoul
        ("2026-11-01T12:00:00+09:00", "2026-11-30", True, "2026-12-02"),
        ("2026-11-01T12:00:00+09:00", "2026-12-02", True, None),
        ("2028-02-22T12:00:00+09:00", "2028-03-01", False, None),  # a leap day lies between
        ("2026-11-01T12:00:00+09:00", "2026-10-31", False, "2026-11-09"),
    ],
)
def test_the_whole_notice_lies_before_the_change(
    announced: str, effective_on: str, touches_rights: bool, earliest: str | None
) -> None:
    request = change(effective_on, touches_rights=touches_rights)
    refused = None
    try:
        check_notice(request, datetime.fromisoformat(announced).astimezone(UTC))
    except Refusal as refusal:
        refused = refusal
    assert (refused.details["earliest"] if refused else None) == earliest


def test_a_refused_announcement_leaves_nothing(backend: Backend) -> None:
    with pytest.raises(EffectiveTooEarly):
        notices(backend).announce(OFFICER, change("2026-11-25"), backend.clock.now())
    assert not list(backend.client.collection("policies").stream())
    assert not list(backend.client.collection("notices").stream())
    assert not backend.queue.waiting


def told(backend: Backend) -> list[str]:
    return sorted(one.get("owner") for one in backend.client.collection("mail").stream())


def test_every_member_is_told_once_page_by_page(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PAGE", 2)
    members = [backend.member(f"member-{number}", f"{number}@example.com") for number in range(5)]
    room = notices(backend)
    room.announce(OFFICER, change(), backend.clock.now())
    assert room.announce(OFFICER, change(), backend.clock.now()).announced_by == "soyeon"
    with pytest.raises(AnnouncedBefore):
        room.announce(OFFICER, change(summary_en="Something else."), backend.clock.now())
    while backend.queue.waiting:
        function, payload = backend.queue.waiting.popleft()
        assert function == TASK_FUNCTION
        room.tell(str(payload["change_id"]), backend.clock.now())
        room.tell(str(payload["change_id"]), backend.clock.now())  # tasks may come twice
    assert told(backend) == members
    record = backend.document("policies/privacy-2027-01-01")
    assert (record["told_count"], record["resume_at"]) == (5, None)
    assert not [uid for uid in members if uid in str(record)], "it lives for years, and they may leave"
    assert backend.document("notices/privacy-2027-01-01")["state"] == "published"
    backend.work_off()
    (mail,) = backend.doubles.control.mails(to="3@example.com")
    assert mail["subject"] == "[이미지팩토리] 개인정보 처리방침 변경 안내"
    assert "2027-01-01" in mail["text"]
    assert "보관 기간이 바뀝니다." in mail["text"]


def test_a_lost_task_is_found_by_the_sweep(backend: Backend) -> None:
    backend.member()
    room = notices(backend)
    room.announce(OFFICER, change(), backend.clock.now())
    backend.queue.waiting.clear()
    assert room.sweep(backend.clock.now(), 10) == 0
    backend.clock.move(timedelta(minutes=10))
    assert room.sweep(backend.clock.now(), 10) == 1
    ((_, payload),) = backend.queue.waiting
    room.tell(str(payload["change_id"]), backend.clock.now())
    assert told(backend) == ["jisu"]


def test_consent_is_asked_anew_only_when_the_change_in_force_needs_it(backend: Backend) -> None:
    uid = backend.member()
    accounts = AccountStore(backend.client)

    def due(version: str) -> tuple[Document, ...]:
        profile = accounts.get(uid)
        assert profile is not None
        return notices(backend, version).state(profile).due

    room = notices(backend)
    room.announce(OFFICER, change("2027-01-01"), backend.clock.now())
    assert due("2027-01-01") == ()
    room.announce(OFFICER, change("2027-02-01", needs_consent=True), backend.clock.now())
    assert due("2027-01-01") == ()
    assert due("2027-02-01") == (Document.PRIVACY,)

    later = notices(backend, "2027-02-01")
    outdated = {"document": "privacy", "version": "2027-01-01", "channel": "web"}
    with pytest.raises(PolicyVersionOutdated):
        later.agree(uid, AgreementRequest.model_validate(outdated), backend.clock.now())
    current = AgreementRequest.model_validate(outdated | {"version": "2027-02-01"})
    later.agree(uid, current, backend.clock.now())
    later.agree(uid, current, backend.clock.now() + timedelta(days=1))
    assert due("2027-02-01") == ()
    history = [one.to_dict() or {} for one in backend.client.collection(f"users/{uid}/consents").stream()]
    renewed = [one for one in history if one["version"] == "2027-02-01"]
    assert [(one["kind"], one["channel"]) for one in renewed] == [(ConsentKind.PRIVACY, "web")]
    assert len(history) == 6
