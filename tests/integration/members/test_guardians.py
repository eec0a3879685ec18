"""A parent's demand, from the form without an account to the empty database: mail both ways, checked, logged, once."""

from __future__ import annotations

from typing import Any

import pytest
from imagesfactory.accounts.errors import AccountNotActive, AccountUnknown
from imagesfactory.kit.rate import TooManyRequests
from imagesfactory.policy.company import company
from imagesfactory.policy.limits import limits
from imagesfactory.policy.retention import destroy_at
from imagesfactory.staff.model import Role, StaffMember
from imagesfactory.support.errors import (
    ChildNotUnderFourteen,
    InquiryMadeBefore,
    InquirySettled,
    NotAGuardiansInquiry,
)
from imagesfactory.support.request import GuardianRequest, OpenInquiryRequest
from imagesfactory.withdrawal.guardians import GuardianDemand
from pydantic import ValidationError

from tests.members import Members

CHILD, PARENT = "child@example.com", "parent@example.com"
OFFICER = StaffMember("soyeon", Role.OFFICER, "203.0.113.8")


def demand(house: Members, request_id: str = "demand-0001", place: str = "198.51.100.1", **more: Any) -> str:
    body = {
        "request_id": request_id,
        "account_email": CHILD,
        "child_is_under_fourteen": True,
        "guardian_name": "김보호",
        "relation": "parent",
        "contact_email": PARENT,
        "text": "아이가 몰래 가입했습니다",
    }
    request = GuardianRequest.model_validate(body | more)
    return house.support.create_for_guardian(request, place, house.clock.now()).id


def checked(inquiry_id: str, account: str = CHILD) -> GuardianDemand:
    return GuardianDemand(inquiry_id=inquiry_id, account_email=account, reason="가족관계증명서 확인")


def test_a_parent_asks_is_answered_and_the_childs_account_goes(house: Members) -> None:
    uid = house.member("uid-of-a-child-00000000000000", CHILD)
    inquiry_id = demand(house)
    assert demand(house) == inquiry_id
    house.work_off()
    (to_desk,) = house.doubles.control.mails(to=company().support_address)
    assert inquiry_id in to_desk["text"]
    assert "김보호" not in to_desk["text"], "the demand is read at the desk, where the look is logged"
    (received,) = house.doubles.control.mails(to=PARENT)
    assert "가족관계증명서" in received["text"]
    assert CHILD not in received["text"], "whether there is such an account is not said"
    assert house.document(f"users/{uid}")["status"] == "active"
    assert house.document(f"inquiries/{inquiry_id}")["about_account"] == CHILD

    house.guardians.close(OFFICER, checked(inquiry_id), house.clock.now())
    assert house.document(f"users/{uid}")["status"] == "withdrawing"
    house.work_off()
    assert "법정대리인임을 확인하여" in house.doubles.control.mails(to=PARENT)[-1]["text"]
    (told,) = house.doubles.control.mails(to=CHILD)
    assert "법정대리인의 요청을 확인하여 계정을 삭제했습니다" in told["text"]
    assert f"users/{uid}" not in house.everything()

    inquiry = house.document(f"inquiries/{inquiry_id}")
    assert (inquiry["state"], inquiry["about_account"]) == ("settled", "")
    assert inquiry["destroy_at"] == destroy_at("complaint", inquiry["settled_at"])
    messages = house.client.collection(f"inquiries/{inquiry_id}/messages").stream()
    assert {message.get("destroy_at") for message in messages} == {inquiry["destroy_at"]}
    (line,) = [content for path, content in house.everything().items() if path.startswith("accesses/")]
    assert (line["action"], line["record"], line["reason"]) == (
        "account-closed-for-guardian",
        inquiry_id,
        "가족관계증명서 확인",
    )
    with pytest.raises((AccountUnknown, AccountNotActive, InquirySettled)):
        house.guardians.close(OFFICER, checked(inquiry_id), house.clock.now())


def test_only_a_child_under_fourteen_and_only_with_a_way_to_answer(house: Members) -> None:
    with pytest.raises(ChildNotUnderFourteen):
        demand(house, child_is_under_fourteen=False)
    with pytest.raises(ValidationError):
        demand(house, contact_email=None)
    with pytest.raises(ValidationError):
        demand(house, guardian_name="")
    assert demand(house, contact_email=None, contact_telephone="010-1234-5678")
    assert demand(house, "demand-0002", account_email="nobody@example.com"), "the answer is the same for nobody"


def test_the_door_is_counted_by_place_and_nobody_uses_up_a_guardians_right_to_ask(house: Members) -> None:
    burst = limits().rate("inquiries_of_address").burst
    for number in range(burst):
        demand(house, f"demand-000{number}", "198.51.100.1", contact_email=f"{number}@example.com")
    with pytest.raises(TooManyRequests):
        demand(house, "demand-0099", "198.51.100.1")
    with pytest.raises(InquiryMadeBefore):
        demand(house, "demand-0000", "198.51.100.1", contact_email="0@example.com", text="something else")
    assert demand(house, "demand-0099", "198.51.100.9")


def test_staff_closes_only_what_the_guardian_asked_for(house: Members) -> None:
    child, other = house.member("child-1", CHILD), house.member("other-1", "other@example.com")
    inquiry_id = demand(house)
    body = {"request_id": "question-1", "topic": "privacy", "text": "x", "contact_email": PARENT}
    question = house.support.create_open(OpenInquiryRequest.model_validate(body), "192.0.2.1", house.clock.now())
    before = house.everything()
    for refused, wanted in (
        (NotAGuardiansInquiry, checked(inquiry_id, "other@example.com")),
        (NotAGuardiansInquiry, checked(question.id)),
        (AccountUnknown, checked(inquiry_id, "nobody@example.com")),
    ):
        with pytest.raises(refused):
            house.guardians.close(OFFICER, wanted, house.clock.now())
    assert house.everything() == before
    assert {house.document(f"users/{uid}")["status"] for uid in (child, other)} == {"active"}
