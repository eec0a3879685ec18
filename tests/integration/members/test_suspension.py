"""A member is suspended: what closes, what stays open, what becomes of work and money under way, and the way back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from imagesfactory.accounts.devices import DeviceRequest
from imagesfactory.accounts.errors import AccountNotActive, AccountSuspended, AccountUnknown
from imagesfactory.accounts.model import Identity
from imagesfactory.accounts.service import Visit
from imagesfactory.kit.errors import RetryLater
from imagesfactory.officer.errors import SuspendedBefore, SuspensionUnknown
from imagesfactory.officer.model import ReinstatementRequest, SuspensionRequest
from imagesfactory.payments.model import OrderStatus
from imagesfactory.points.model import WalletClosed
from imagesfactory.points.store import WalletStore
from imagesfactory.policy.retention import destroy_at
from imagesfactory.privacy.misuse import Case
from imagesfactory.rights.correction import CorrectionRequest
from imagesfactory.staff.model import Role, StaffMember
from imagesfactory.support.request import InquiryRequest
from imagesfactory.withdrawal.model import Channel

from tests.backend import job_request
from tests.members import Members, SignIns

OFFICER = StaffMember("soyeon", Role.OFFICER, "203.0.113.8")
EMAIL = "jisu@example.com"


def wanted(uid: str = "jisu", **more: Any) -> SuspensionRequest:
    body = {"request_id": "suspension-1", "uid": uid, "category": "prohibited-content", "reason": "신고 3건 확인"}
    return SuspensionRequest.model_validate(body | more)


def suspend(house: Members, uid: str = "jisu", **more: Any) -> str:
    return house.suspensions.suspend(OFFICER, wanted(uid, **more), house.clock.now())


def reinstate(house: Members, suspension_id: str) -> None:
    request = ReinstatementRequest(suspension_id=suspension_id, reason="소명 확인")
    house.suspensions.reinstate(OFFICER, request, house.clock.now())


def looks(house: Members) -> list[tuple[str, str, str]]:
    lines = (line.to_dict() or {} for line in house.client.collection("accesses").stream())
    return sorted((line["action"], line["record"], line["reason"]) for line in lines)


def test_one_commit_closes_account_and_wallet_once_and_the_member_is_told_why_and_what_remains(house: Members) -> None:
    uid = house.member()
    points = house.wallet(uid)["available_points"]
    suspension_id = suspend(house)
    assert suspend(house) == suspension_id
    assert house.document(f"users/{uid}")["status"] == "suspended"
    assert (house.wallet(uid)["status"], house.wallet(uid)["available_points"]) == ("closed", points)
    assert house.sign_ins.ended == [uid]
    assert house.document(f"suspensions/{suspension_id}")["resume_at"] is None
    assert looks(house) == [("member-suspended", suspension_id, "신고 3건 확인")]
    house.work_off()
    (letter,) = house.doubles.control.mails(to=EMAIL)
    for said in ("금지된 내용의 이미지 생성", "support@imagesfactory.com", "문의", "환불", "탈퇴"):
        assert said in letter["text"]
    assert "신고 3건" not in letter["text"], "the officer's own words are for the log alone"


def test_the_service_refuses_with_a_stable_code_and_rights_do_not(house: Members) -> None:
    uid = house.member()
    suspend(house)
    now = house.clock.now()
    for use in (
        lambda: house.generation.create(uid, job_request(), now),
        lambda: house.order(uid, request_id="order-2-of-test"),
    ):
        with pytest.raises(WalletClosed):
            use()
    with pytest.raises(AccountSuspended):
        house.profiles.active(uid)
    house.accounts.sign_in(Identity(uid, EMAIL, "password"), Visit("e1", "198.51.100.7", "Firefox"), now)
    assert house.my_page.overview(uid).profile.status.value == "suspended"
    house.exports.request(uid, now)
    house.corrections.request(uid, CorrectionRequest(request_id="correction-1", text="이름"), now)
    asked = {"request_id": "inquiry-1", "topic": "appeal", "text": "오해입니다"}
    assert house.support.create(uid, InquiryRequest.model_validate(asked), now)
    house.leave(uid)
    assert f"users/{uid}" not in house.everything()
    assert not [path for path in house.everything() if path.startswith("suspensions/")]


def test_unused_paid_points_go_back_by_refund_or_withdrawal(house: Members) -> None:
    uid = house.member()
    first, second = house.buy_with_toss(uid), house.buy_with_toss(uid, request_id="order-2-of-test")
    suspend(house)
    assert house.ask_refund(uid, first).state.value == "succeeded"
    house.leave(uid)
    assert not house.store.order(second.id)
    refunds = [one for path, one in house.everything(house.archive_client).items() if path.startswith("refunds/")]
    assert {one["state"] for one in refunds} == {"succeeded"}
    assert {one["order_id"] for one in refunds} == {first.id, second.id}


def test_jobs_nobody_began_are_released_and_unpaid_orders_end_so_that_no_deposit_comes_in(house: Members) -> None:
    uid = house.member()
    points = house.wallet(uid)["available_points"]
    accepted = house.generation.create(uid, job_request(), house.clock.now())
    waits = house.buy_with_toss(uid, "virtual_account")
    assert waits.status is OrderStatus.WAITING
    suspend(house)
    assert {image["state"] for image in house.job(accepted.job_id)["images"].values()} == {"released"}
    assert (house.wallet(uid)["available_points"], house.wallet(uid)["held_points"]) == (points, 0)
    assert house.now_of(waits).is_closed
    assert house.balance().is_balanced


def test_no_payment_is_confirmed_that_would_have_to_go_back(house: Members) -> None:
    uid = house.member()
    order = house.order(uid).order
    key = house.doubles.control.toss.pay(order.id, order.amount, "card")
    house.client.document(f"wallets/{uid}").update({"status": "closed"})  # the commit alone, before the order is ended
    with pytest.raises(WalletClosed):
        house.confirm(uid, order, key)
    assert house.settle(order).status is OrderStatus.CREATED


def test_what_is_paid_on_a_page_that_was_open_goes_back(house: Members) -> None:
    uid = house.member()
    order = house.buy_with_stripe(uid)
    house.client.document(f"wallets/{uid}").update({"status": "closed"})  # before the order could be ended
    house.receive_all()
    house.sweep()
    after = house.now_of(order)
    assert (after.is_paid, after.is_granted) == (True, False)
    refunds = [one.to_dict() or {} for one in house.client.collection("refunds").stream()]
    assert [(one["origin"], one["state"]) for one in refunds] == [("automatic", "succeeded")]


def test_who_is_reinstated_is_listed_for_that_by_no_former_address_and_stays_so_for_the_rest(house: Members) -> None:
    uid, new = house.member(), "jisu@new.example"
    other = Case("chargeback-lost", "dispute-1")
    house.misuse.list_identities((f"email:{EMAIL}",), other, house.clock.now())
    suspension_id = suspend(house)
    house.clock.move(timedelta(minutes=1))
    moved = Identity(uid, new, "password", is_email_verified=True)
    house.accounts.sign_in(moved, Visit("in-1", "", ""), house.clock.now())
    assert house.document(f"users/{uid}")["email"] == new
    assert listed_for(house) == ["chargeback-lost", "suspended"]
    reinstate(house, suspension_id)
    assert listed_for(house) == ["chargeback-lost"]


def listed_for(house: Members) -> list[str]:
    return sorted(one.get("reason") for one in house.client.collection("misuse").stream())


def test_reinstated_once_with_the_points_as_they_were(house: Members) -> None:
    uid = house.member()
    points = house.wallet(uid)["available_points"]
    suspension_id = suspend(house)
    assert house.misuse.is_listed((f"email:{EMAIL}",), house.clock.now()), "nobody joins a second time meanwhile"
    reinstate(house, suspension_id)
    assert house.document(f"users/{uid}")["status"] == "active"
    assert (house.wallet(uid)["status"], house.wallet(uid)["available_points"]) == ("open", points)
    assert not house.misuse.is_listed((f"email:{EMAIL}",), house.clock.now())
    record = house.document(f"suspensions/{suspension_id}")
    assert record["destroy_at"] == destroy_at("misuse", record["ended_at"])
    house.work_off()
    subjects = [mail["subject"] for mail in house.doubles.control.mails(to=EMAIL)]
    assert any("해제" in subject for subject in subjects)

    house.clock.move(timedelta(hours=1))
    again = suspend(house, request_id="suspension-2")
    reinstate(house, suspension_id)
    assert suspend(house) == suspension_id
    assert house.document(f"users/{uid}")["status"] == "suspended", "what comes late undoes nothing and repeats nothing"
    assert again != suspension_id
    assert [action for action, _, _ in looks(house)] == ["member-reinstated", "member-suspended", "member-suspended"]


class Unreachable(SignIns):
    """A directory that does not answer."""

    def end_sessions(self, uid: str) -> None:
        raise RetryLater("directory-unavailable")


@pytest.mark.parametrize("by", ["the sweep", "asking again"])
def test_sessions_that_did_not_end_are_ended_later(house: Members, by: str) -> None:
    uid = house.member()
    house.suspensions._directory = Unreachable()
    with pytest.raises(RetryLater):
        suspend(house)
    assert house.document(f"users/{uid}")["status"] == "suspended"
    house.suspensions._directory = house.sign_ins
    if by == "the sweep":
        house.clock.move(timedelta(minutes=6))
        house.sweep()
    else:
        suspend(house)
    assert house.sign_ins.ended == [uid]
    assert house.misuse.is_listed((f"email:{EMAIL}",), house.clock.now())


def test_refusals_change_nothing(house: Members) -> None:
    uid = house.member()
    suspension_id = suspend(house)
    house.accounts.admit(Identity("new", "new@example.com", "password"), house.clock.now())
    before = house.everything()
    for refused, request in (
        (AccountUnknown, wanted("nobody")),
        (AccountNotActive, wanted("new")),
        (SuspendedBefore, wanted(uid, request_id="suspension-2")),
        (SuspendedBefore, wanted(uid, category="payment-abuse")),
    ):
        with pytest.raises(refused):
            house.suspensions.suspend(OFFICER, request, house.clock.now())
    with pytest.raises(SuspensionUnknown):
        reinstate(house, "a" * 24)
    assert house.everything() == before
    house.withdrawals.begin(uid, Channel.MEMBER, house.clock.now())
    with pytest.raises(AccountNotActive):
        reinstate(house, suspension_id)


def test_a_suspended_member_hears_of_changes_of_the_policy_and_of_no_campaign(house: Members) -> None:
    from imagesfactory.accounts.roll import MemberRoll

    house.member()
    house.member("sora", "sora@example.com")
    suspend(house)
    roll = MemberRoll(house.client)
    assert roll.page("", 10) == ["jisu", "sora"]
    assert roll.page("jisu", 10) == ["sora"]
    assert [profile.uid for profile in roll.profiles("", 10)] == ["sora"]
    request = DeviceRequest(device_id="device-1", platform="web")
    from imagesfactory.accounts.devices import DeviceService

    with pytest.raises(AccountSuspended):
        DeviceService(house.client, WalletStore(house.client)).register("jisu", request, house.clock.now())
