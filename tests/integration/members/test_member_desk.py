"""Members who ask the officer: looked up, exported and withdrawn for an inquiry, and every look on record."""

from __future__ import annotations

from typing import Any

import pytest
from imagesfactory.accounts.errors import AccountNotActive, AccountUnknown
from imagesfactory.kit.errors import Refusal
from imagesfactory.officer.model import MemberDemand, SuspensionRequest, WithdrawalDemand
from imagesfactory.staff.model import Role, StaffMember
from imagesfactory.support.errors import InquiryNotFound, InquirySettled, NotTheirInquiry
from imagesfactory.support.request import GuardianRequest, InquiryRequest, OpenInquiryRequest
from pydantic import ValidationError

from tests.members import Members

OFFICER = StaffMember("soyeon", Role.OFFICER, "203.0.113.8")
EMAIL, ELSEWHERE = "jisu@example.com", "jisu@elsewhere.example.com"
CHECKED = "본인 확인: 결제 내역과 생년월일 대조"


def asked(house: Members, owner: str = "", request_id: str = "request-01") -> str:
    """An inquiry of a member, or of somebody who cannot sign in."""
    body: dict[str, Any] = {"request_id": request_id, "topic": "privacy", "text": "로그인할 수 없습니다"}
    if owner:
        return house.support.create(owner, InquiryRequest.model_validate(body), house.clock.now()).id
    request = OpenInquiryRequest.model_validate(body | {"contact_email": ELSEWHERE})
    return house.support.create_open(request, "198.51.100.1", house.clock.now()).id


def demand(inquiry_id: str, **account: str) -> MemberDemand:
    named = account or {"account_email": EMAIL}
    return MemberDemand.model_validate({"inquiry_id": inquiry_id, "reason": CHECKED, **named})


def withdrawal(inquiry_id: str, **account: str) -> WithdrawalDemand:
    return WithdrawalDemand.model_validate(demand(inquiry_id, **account).model_dump())


def looks(house: Members) -> list[tuple[str, list[str], str]]:
    lines = (line.to_dict() or {} for line in house.client.collection("accesses").order_by("at").stream())
    return [(line["action"], line["subjects"], line["record"]) for line in lines]


def test_a_member_is_looked_up_for_an_inquiry_and_the_look_is_on_record_whatever_it_finds(house: Members) -> None:
    uid, inquiry_id = house.member(), asked(house)
    shown = house.member_desk.read(OFFICER, demand(inquiry_id, account_email="Jisu@Example.com"), house.clock.now())
    assert (shown.profile.uid, shown.suspension) == (uid, None)
    body = {"request_id": "suspension-1", "uid": uid, "category": "terms-breach", "reason": "x"}
    suspended = house.suspensions.suspend(OFFICER, SuspensionRequest.model_validate(body), house.clock.now())
    again = house.member_desk.read(OFFICER, demand(inquiry_id, uid=uid), house.clock.now())
    assert again.suspension is not None
    assert again.suspension.id == suspended
    with pytest.raises(AccountUnknown):
        house.member_desk.read(OFFICER, demand(inquiry_id, account_email="nobody@example.com"), house.clock.now())
    found = [look for look in looks(house) if look[0] == "member-read"]
    assert sorted(found) == sorted(
        [("member-read", [uid], inquiry_id), ("member-read", [uid], inquiry_id), ("member-read", [], inquiry_id)]
    )


def test_an_inquiry_opens_no_other_account(house: Members) -> None:
    jisu, sora = house.member(), house.member("sora", "sora@example.com")
    soras, settled = asked(house, sora), asked(house, "", "request-02")
    house.support_desk.settle(OFFICER, settled, house.clock.now())
    body = {
        "request_id": "demand-0001",
        "account_email": EMAIL,
        "child_is_under_fourteen": True,
        "guardian_name": "김보호",
        "relation": "parent",
        "contact_email": ELSEWHERE,
    }
    guardians = house.support.create_for_guardian(
        GuardianRequest.model_validate(body), "198.51.100.1", house.clock.now()
    ).id
    before = house.everything()
    refusals: list[tuple[type[Refusal], str]] = [
        *((NotTheirInquiry, soras), (NotTheirInquiry, guardians)),
        *((InquirySettled, settled), (InquiryNotFound, "a" * 24)),
    ]
    for refused, inquiry_id in refusals:
        for act in (house.member_desk.read, house.member_desk.export):
            with pytest.raises(refused):
                act(OFFICER, demand(inquiry_id, uid=jisu), house.clock.now())
        with pytest.raises(refused):
            house.member_desk.withdraw(OFFICER, withdrawal(inquiry_id, uid=jisu), house.clock.now())
    with pytest.raises(AccountUnknown):
        house.member_desk.withdraw(OFFICER, withdrawal(soras, account_email="nobody@example.com"), house.clock.now())
    assert house.everything() == before
    for named in ({"uid": jisu, "account_email": EMAIL}, {"uid": None}):
        with pytest.raises(ValidationError):
            MemberDemand.model_validate({"inquiry_id": soras, "reason": CHECKED, **named})


def test_an_export_for_a_member_names_the_officer_who_may_fetch_it(house: Members) -> None:
    uid, inquiry_id = house.member(), asked(house)
    own = house.exports.request(uid, house.clock.now())
    export = house.member_desk.export(OFFICER, demand(inquiry_id), house.clock.now())
    assert (export.id, export.file, export.handed_to) == (own.id, "", OFFICER.uid)
    house.work_off()
    export = house.member_desk.export(OFFICER, demand(inquiry_id), house.clock.now())
    assert (export.state.value, export.handed_to) == ("ready", OFFICER.uid)
    assert export.file in house.bucket.files
    assert house.document(f"exports/{export.id}")["handed_to"] == OFFICER.uid
    assert house.exports.request(uid, house.clock.now()) == export
    assert looks(house) == [("member-exported", [uid], inquiry_id)] * 2
    assert "export-finished" in {mail["categories"][0] for mail in house.doubles.control.mails(to=EMAIL)}


def test_a_withdrawal_for_a_member_is_one_commit_with_answer_and_record(house: Members) -> None:
    uid, inquiry_id = house.member(), asked(house)
    house.member_desk.withdraw(OFFICER, withdrawal(inquiry_id), house.clock.now())
    assert house.document(f"users/{uid}")["status"] == "withdrawing"
    assert house.document(f"inquiries/{inquiry_id}")["state"] == "settled"
    assert looks(house) == [("member-withdrawn", [uid], inquiry_id)]
    with pytest.raises((AccountNotActive, InquirySettled)):
        house.member_desk.withdraw(OFFICER, withdrawal(inquiry_id), house.clock.now())
    house.work_off()
    assert f"users/{uid}" not in house.everything()
    assert any("본인임을 확인하여" in mail["text"] for mail in house.doubles.control.mails(to=ELSEWHERE))
    assert "요청하신 탈퇴를 처리했습니다" in house.doubles.control.mails(to=EMAIL)[-1]["text"]
    assert len(looks(house)) == 1
