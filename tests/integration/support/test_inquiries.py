"""Inquiries from the first word to their last day: mails both ways, every look of staff logged, floods refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from imagesfactory.accounts.errors import SignupRefused
from imagesfactory.accounts.model import Identity
from imagesfactory.kit.rate import TooManyRequests
from imagesfactory.policy.company import company
from imagesfactory.policy.limits import limits
from imagesfactory.policy.retention import destroy_at
from imagesfactory.privacy.misuse import Case
from imagesfactory.rights.appeals import AppealGrant, AppealService
from imagesfactory.rights.errors import NotListed
from imagesfactory.staff.model import Action, Role, StaffMember
from imagesfactory.support.errors import InquiryMadeBefore, InquiryNotFound, InquirySettled
from imagesfactory.support.forgetting import ContactErasure
from imagesfactory.support.model import QUIET_AFTER, Author, State
from imagesfactory.support.request import InquiriesQuery, InquiryRequest, MessageRequest, OpenInquiryRequest
from imagesfactory.vendors.sendgrid_recipients import SendGridRecipients

from local.doubles import FaultRule
from tests.backend import Backend

MINJI = StaffMember("minji", Role.SUPPORT, "203.0.113.7")
QUESTION = "영수증을 다시 받고 싶어요 <b>지금</b>"


def ask(backend: Backend, uid: str, request_id: str = "question-1", text: str = QUESTION) -> str:
    request = InquiryRequest.model_validate({"request_id": request_id, "topic": "payment", "text": text})
    return backend.support.create(uid, request, backend.clock.now()).id


def appeal(backend: Backend, request_id: str = "appeal-01", address: str = "198.51.100.1", **more: Any) -> str:
    body = {"request_id": request_id, "topic": "appeal", "text": "저는 아닙니다", "contact_email": "nari@example.com"}
    request = OpenInquiryRequest.model_validate(body | more)
    return backend.support.create_open(request, address, backend.clock.now()).id


def words(inquiry_id: str, request_id: str, text: str = "네, 보내 드렸습니다.") -> MessageRequest:
    return MessageRequest.model_validate({"request_id": request_id, "inquiry_id": inquiry_id, "text": text})


def accesses(backend: Backend) -> list[dict[str, Any]]:
    return [line.to_dict() or {} for line in backend.client.collection("accesses").order_by("at").stream()]


def destroy_days(backend: Backend, inquiry_id: str) -> set[datetime | None]:
    messages = backend.client.collection(f"inquiries/{inquiry_id}/messages").stream()
    found = [message.get("destroy_at") for message in messages]
    assert found
    return {backend.document(f"inquiries/{inquiry_id}")["destroy_at"], *found}


def test_mail_goes_both_ways_and_nothing_of_it_stays_in_the_outbox(backend: Backend) -> None:
    uid = backend.member()
    inquiry_id = ask(backend, uid)
    backend.work_off()
    (to_desk,) = backend.doubles.control.mails(to=company().support_address)
    for part in ("text", "html"):
        assert f"/staff/inquiries/{inquiry_id}" in to_desk[part]
        assert "영수증" not in to_desk[part], "what was asked is read where each look is logged"
    (received,) = backend.doubles.control.mails(to="jisu@example.com")
    assert inquiry_id in received["text"]
    assert QUESTION not in received["text"]

    backend.support_desk.answer(MINJI, words(inquiry_id, "answer-01"), backend.clock.now())
    backend.work_off()

    assert "네, 보내 드렸습니다." in backend.doubles.control.mails(to="jisu@example.com")[-1]["text"]
    assert all(letter.get("words") is None for letter in backend.client.collection("mail").stream())


def test_every_look_of_staff_is_logged_before_it_is_had(backend: Backend) -> None:
    uid = backend.member()
    inquiry_id = ask(backend, uid)
    now = backend.clock.now()
    (listed,) = backend.support_desk.page(MINJI, InquiriesQuery(), now)
    assert listed.id == inquiry_id
    _, messages = backend.support_desk.get(MINJI, inquiry_id, now + timedelta(seconds=1))
    assert [(message.author, message.text) for message in messages] == [(Author.MEMBER, QUESTION)]
    backend.support_desk.answer(MINJI, words(inquiry_id, "answer-01"), now + timedelta(seconds=2))
    backend.support_desk.settle(MINJI, inquiry_id, now + timedelta(seconds=3))

    lines = accesses(backend)
    assert [line["action"] for line in lines] == [
        Action.INQUIRIES_LISTED,
        Action.INQUIRY_READ,
        Action.INQUIRY_ANSWERED,
        Action.INQUIRY_SETTLED,
    ]
    for line in lines:
        assert (line["staff"], line["role"], line["ip_address"]) == ("minji", "support", "203.0.113.7")
        assert line["subjects"] == [uid]
        assert line["destroy_at"] == destroy_at("access_log", line["at"])
    officer = StaffMember("soyeon", Role.OFFICER, "203.0.113.8")
    read = backend.access_log.read(officer, uid, now + timedelta(seconds=4))
    assert len(read) == 5  # looking at the log is on the log
    assert read[0]["action"] == Action.ACCESSES_READ


def test_who_asks_without_an_account_is_forgotten_by_the_carrier_a_day_after_it_is_settled(backend: Backend) -> None:
    carrier = SendGridRecipients(api_key="local", host=backend.doubles.addresses.sendgrid_url)
    erasure = ContactErasure(backend.client, carrier)
    settled = appeal(backend)
    appeal(backend, "appeal-02", contact_email="open@example.com")
    members = ask(backend, backend.member())
    for inquiry_id in (settled, members):
        backend.support_desk.settle(MINJI, inquiry_id, backend.clock.now())
    assert erasure.sweep(backend.clock.now(), 10) == 0, "its last letter may be on its way"
    backend.clock.move(timedelta(days=1))
    rule = FaultRule(effect="error", provider="sendgrid", path="*erasejob*", status=503)
    fault = backend.doubles.control.plan(rule)
    assert erasure.sweep(backend.clock.now(), 10) == 0
    backend.doubles.control.remove_fault(fault)
    assert erasure.sweep(backend.clock.now(), 10) == 1
    assert erasure.sweep(backend.clock.now(), 10) == 0
    assert [one["email_addresses"] for one in backend.doubles.control.erasures()] == [["nari@example.com"]]
    assert backend.document(f"inquiries/{settled}")["contact_email"] == "nari@example.com", "a law keeps it here"


def test_three_years_begin_when_it_is_settled_for_every_message_alike(backend: Backend) -> None:
    inquiry_id = ask(backend, backend.member())
    backend.support.reply("jisu", words(inquiry_id, "more-0001", "하나 더요"), backend.clock.now())
    assert destroy_days(backend, inquiry_id) == {None}
    backend.clock.move(timedelta(days=40))
    backend.support_desk.settle(MINJI, inquiry_id, backend.clock.now())
    ends = destroy_at("complaint", backend.clock.now())
    assert destroy_days(backend, inquiry_id) == {ends}
    backend.clock.move(timedelta(days=1))
    backend.support_desk.settle(MINJI, inquiry_id, backend.clock.now())
    assert destroy_days(backend, inquiry_id) == {ends}
    with pytest.raises(InquirySettled):
        backend.support.reply("jisu", words(inquiry_id, "more-0002"), backend.clock.now())


def test_an_answer_that_nobody_continues_settles_itself_and_an_open_question_never_does(backend: Backend) -> None:
    uid = backend.member()
    answered, waiting = ask(backend, uid), ask(backend, uid, "question-2", "다른 질문")
    backend.support_desk.answer(MINJI, words(answered, "answer-01"), backend.clock.now())
    backend.clock.move(QUIET_AFTER - timedelta(seconds=1))
    assert backend.support.sweep(backend.clock.now(), 10) == 0
    backend.clock.move(timedelta(seconds=1))
    assert backend.support.sweep(backend.clock.now(), 10) == 1
    assert backend.document(f"inquiries/{answered}")["state"] == State.SETTLED
    assert backend.document(f"inquiries/{waiting}")["state"] == State.OPEN


def test_asking_twice_is_asking_once_and_an_id_stands_for_one_question(backend: Backend) -> None:
    uid = backend.member()
    inquiry_id = ask(backend, uid)
    assert ask(backend, uid) == inquiry_id
    with pytest.raises(InquiryMadeBefore):
        ask(backend, uid, text="ein anderer Text")
    for _ in range(2):
        backend.support.reply(uid, words(inquiry_id, "more-0001"), backend.clock.now())
        backend.support_desk.answer(MINJI, words(inquiry_id, "answer-01"), backend.clock.now())
    assert len(backend.document(f"inquiries/{inquiry_id}")["message_ids"]) == 3
    assert len(accesses(backend)) == 1


def test_strangers_do_not_see_whether_an_inquiry_exists(backend: Backend) -> None:
    inquiry_id = ask(backend, backend.member())
    stranger = backend.member("stranger", "stranger@example.com")
    for wanted in (inquiry_id, "a" * 24):
        with pytest.raises(InquiryNotFound):
            backend.support.reply(stranger, words(wanted, "more-0001"), backend.clock.now())


def test_somebody_refused_at_sign_up_appeals_without_an_account_and_is_answered(backend: Backend) -> None:
    inquiry_id = appeal(backend, language="en")
    backend.work_off()
    backend.support_desk.answer(MINJI, words(inquiry_id, "answer-01", "You may join again."), backend.clock.now())
    backend.work_off()
    confirmed, answered = backend.doubles.control.mails(to="nari@example.com")
    assert confirmed["subject"] == "[imagesfactory] We have your inquiry"
    assert "You may join again." in answered["text"]
    assert "/inquiries/" not in answered["text"]
    assert accesses(backend)[-1]["subjects"] == []


def test_an_appeal_that_is_granted_lets_them_join_by_every_way_they_were_kept_out(backend: Backend) -> None:
    identity = Identity("nari", "Na.Ri+x@gmail.com", "google.com", google_id="google-7")
    backend.misuse.list_identities(identity.names, Case("chargeback", "dispute-1"), backend.clock.now())
    backend.misuse.list_identities(("google:google-7",), Case("chargeback", "dispute-2"), backend.clock.now())
    other = Case("chargeback", "dispute-3")
    backend.misuse.list_identities(("email:other@example.com",), other, backend.clock.now())
    with pytest.raises(SignupRefused):
        backend.accounts.admit(identity, backend.clock.now())
    inquiry_id = appeal(backend, contact_email="nari@gmail.com")
    appeals = AppealService(backend.client, misuse=backend.misuse, accesses=backend.access_log)
    officer = StaffMember("soyeon", Role.OFFICER, "203.0.113.8")
    body = {"email": "nari@gmail.com", "inquiry_id": inquiry_id, "reason": "카드사 확인"}
    assert appeals.grant(officer, AppealGrant.model_validate(body), backend.clock.now()) == 2
    with pytest.raises(NotListed):
        appeals.grant(officer, AppealGrant.model_validate(body), backend.clock.now())
    backend.accounts.admit(identity, backend.clock.now())
    assert backend.misuse.is_listed(("email:other@example.com",), backend.clock.now())
    (line,) = accesses(backend)
    assert (line["action"], line["record"], line["reason"]) == ("appeal-granted", inquiry_id, "카드사 확인")


def test_a_listed_identity_is_kept_out_through_the_last_day_of_its_year_and_not_by_name(backend: Backend) -> None:
    now = backend.clock.now()
    backend.misuse.list_identities(("email:nari@example.com",), Case("chargeback", "dispute-1"), now)
    (record,) = backend.client.collection("misuse").stream()
    assert "nari" not in record.id + repr(record.to_dict())
    ends = record.get("destroy_at")
    assert ends == destroy_at("misuse", now)
    identity = Identity("nari", "nari@example.com", "password")
    with pytest.raises(SignupRefused):
        backend.accounts.admit(identity, ends - timedelta(microseconds=1))
    backend.accounts.admit(identity, ends)


def test_one_network_asks_without_an_account_so_often_and_is_not_remembered(backend: Backend) -> None:
    rate = limits().rate("inquiries_of_address")
    for number in range(rate.burst):
        appeal(backend, f"flood-{number:02}", "192.0.2.1", contact_email=f"{number}@example.com")
    with pytest.raises(TooManyRequests) as refused:
        appeal(backend, "flood-99", "192.0.2.1", contact_email="99@example.com")
    assert refused.value.details["retry_after_seconds"] == rate.refill.total_seconds()
    appeal(backend, "appeal-01", "192.0.2.2")
    stored = [one.to_dict() or {} for one in backend.client.collection("allowances").stream()]
    assert all(set(one) == {"whole_at", "destroy_at"} for one in stored)
    backend.clock.move(rate.refill)
    appeal(backend, "flood-99", "192.0.2.1", contact_email="99@example.com")


def test_naming_somebodys_address_neither_floods_it_nor_takes_its_owners_right_to_ask(backend: Backend) -> None:
    burst = limits().rate("letters_to_contact").burst
    ids = [appeal(backend, f"appeal-{number:02}", f"198.51.100.{number}") for number in range(burst + 2)]
    assert len(set(ids)) == burst + 2
    confirmations = [f"{inquiry_id}-received" for inquiry_id in ids]
    posted = {letter.id for letter in backend.client.collection("mail").stream()}
    assert [name in posted for name in confirmations] == [True] * burst + [False, False]
    backend.support_desk.answer(MINJI, words(ids[-1], "answer-01"), backend.clock.now())
    assert backend.document(f"inquiries/{ids[-1]}")["state"] == "answered"


def test_a_member_cannot_flood_either(backend: Backend) -> None:
    uid = backend.member()
    for number in range(limits().rate("inquiries_of_member").burst):
        ask(backend, uid, f"question-{number}", str(number))
    with pytest.raises(TooManyRequests):
        ask(backend, uid, "question-last", "once more")
    assert len(list(backend.client.collection("inquiries").stream())) == limits().rate("inquiries_of_member").burst
