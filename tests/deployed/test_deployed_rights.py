"""Rights through the deployed doors: guardians, sign-ins deleted from outside, and every look of staff on the log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from firebase_admin import auth
from imagesfactory.kit.ids import derive_id
from imagesfactory.privacy.misuse import Case
from imagesfactory.withdrawal.sweep import SIGNUP_GRACE, slot_range

from tests.backend import SIGNUP
from tests.deployed.functions import Deployed, Kind, kind_of, names
from tests.deployed.surroundings import Surroundings
from tests.deployed.tokens import SignIn

JISU = SignIn("uid-of-jisu-0000000000000000", "jisu@example.com")
CHILD = SignIn("uid-of-a-child-00000000000000", "child@example.com")
STAFF = SignIn("soyeon", "soyeon@example.com", roles=("officer", "support", "finance", "operator"))
DEMAND = {
    "request_id": "demand-0001",
    "account_email": CHILD.email,
    "child_is_under_fourteen": True,
    "guardian_name": "김보호",
    "relation": "parent",
    "contact_email": "parent@example.com",
}
FOR_ONE_WHO_ASKS = {
    "request_id": "question-2",
    "topic": "privacy",
    "text": "로그인이 안 됩니다",
    "contact_email": "minji@example.com",
}
SUSPENSION = {"request_id": "suspension-1", "uid": JISU.uid, "category": "automated-use", "reason": "비정상적인 요청"}
LOGGED_ELSEWHERE = {"record_refund_by_hand": "needs a paid order: tests/integration/members/test_unrefunded_orders.py"}
SHOWS_NOBODY = {
    "announce_change": "an announcement is written, nobody is looked at",
    "begin_campaign": "letters are addressed by the sender, nobody is looked at",
    "get_truth": "sums and counts, no records of anybody",
}


def joins(deployed: Deployed, who: SignIn) -> str:
    assert deployed.block("before_create", who).status == 200
    token = deployed.token(who)
    assert deployed.call("complete_signup", SIGNUP, token).status == 200
    return token


def result(answer: Any) -> dict[str, Any]:
    assert answer.status == 200, answer
    found: dict[str, Any] = answer.body["result"]
    return found


def works_off(deployed: Deployed, surroundings: Surroundings) -> None:
    """Deliver every task once."""
    while surroundings.tasks.waiting:
        task = surroundings.tasks.waiting.popleft()
        deployed.task(task.function, task.body, task.name)


def test_a_guardian_needs_no_account_and_the_officer_closes_the_childs(
    deployed: Deployed, surroundings: Surroundings, database: Any
) -> None:
    joins(deployed, CHILD)
    asked = result(deployed.call("guardian_deletion_request", DEMAND))
    assert (asked["topic"], asked["state"]) == ("guardian", "open")
    refused = deployed.call("guardian_deletion_request", DEMAND | {"child_is_under_fourteen": False})
    assert refused.body["error"]["details"]["code"] == "child-not-under-fourteen"
    closing = {"inquiry_id": asked["inquiry_id"], "account_email": CHILD.email, "reason": "가족관계증명서 확인"}
    assert deployed.call("close_account_for_guardian", closing, deployed.token(JISU)).status == 403
    assert result(deployed.call("close_account_for_guardian", closing, deployed.token(STAFF)))
    works_off(deployed, surroundings)
    assert not database.document(f"users/{CHILD.uid}").get().exists
    (told,) = surroundings.doubles.control.mails(to=CHILD.email)
    assert "법정대리인의 요청을 확인하여" in told["text"]
    (line,) = database.collection("accesses").stream()
    assert (line.get("subjects"), line.get("ip_address")) == ([CHILD.uid], "198.51.100.7")


def test_a_sign_in_deleted_at_firebase_is_found_and_its_account_finished(
    deployed: Deployed, surroundings: Surroundings, database: Any
) -> None:
    for who in (JISU, CHILD):
        auth.create_user(uid=who.uid, email=who.email)
        joins(deployed, who)
    auth.delete_user(JISU.uid)  # as the console does, and the client SDK; no function of ours is called
    surroundings.clock.move(SIGNUP_GRACE)
    while not is_turn_of(JISU.uid, surroundings):
        surroundings.clock.move(timedelta(minutes=5))
    assert deployed.schedule("sweep").status == 200
    works_off(deployed, surroundings)
    assert not database.document(f"users/{JISU.uid}").get().exists
    assert database.document(f"users/{CHILD.uid}").get().get("status") == "active"
    (told,) = surroundings.doubles.control.mails(to=JISU.email)
    assert "로그인 정보가 삭제된 것을 확인하여" in told["text"]


def is_turn_of(uid: str, surroundings: Surroundings) -> bool:
    start, end = slot_range(surroundings.clock.now())
    return start <= uid and (end is None or uid < end)


def test_every_look_of_staff_is_on_the_log(deployed: Deployed, surroundings: Surroundings, database: Any) -> None:
    member = joins(deployed, JISU)
    joins(deployed, CHILD)
    token = deployed.token(STAFF)
    question = {"request_id": "question-1", "topic": "service", "text": "언제 되나요"}
    inquiry = result(deployed.call("create_inquiry", question, member))["inquiry_id"]
    demand = result(deployed.call("guardian_deletion_request", DEMAND))["inquiry_id"]
    unseen = result(deployed.call("create_open_inquiry", FOR_ONE_WHO_ASKS))["inquiry_id"]
    asks = {"inquiry_id": unseen, "account_email": JISU.email, "reason": "본인 확인"}
    wrong = {"request_id": "correction-1", "text": "my name is wrong"}
    correction = result(deployed.call("request_correction", wrong, member))["correction_id"]
    from imagesfactory import bootstrap

    bootstrap.misuse().list_identities(
        ("email:nari@example.com",), Case("chargeback", "dispute-1"), surroundings.clock.now()
    )
    assert deployed.schedule("settle").status == 200
    disclosed = {
        "request_id": "demand-01",
        "subject": JISU.uid,
        "authority": "서울중앙지방법원",
        "legal_basis": "형사소송법 제215조",
        "items": ["이메일 주소"],
        "purpose": "수사",
    }
    looks: dict[str, Any] = {
        "list_inquiries": {},
        "read_inquiry": {"inquiry_id": inquiry},
        "answer_inquiry": {"request_id": "answer-01", "inquiry_id": inquiry, "text": "곧 됩니다"},
        "settle_inquiry": {"inquiry_id": inquiry},
        "list_corrections": {},
        "decide_correction": {"correction_id": correction, "is_done": False, "reason": "기록과 같습니다"},
        "close_account_for_guardian": {"inquiry_id": demand, "account_email": CHILD.email, "reason": "확인"},
        "grant_appeal": {"email": "nari@example.com", "inquiry_id": inquiry, "reason": "확인"},
        "record_disclosure": disclosed,
        "list_disclosures": {"subject": JISU.uid},
        "list_accesses": {},
        "get_settlement": {},
        "lift_mail_stop": {"email": JISU.email, "reason": "전화로 확인"},
        "suspend_member": SUSPENSION,
        "reinstate_member": {"suspension_id": derive_id("suspension", JISU.uid, "suspension-1"), "reason": "소명 확인"},
        **dict.fromkeys(("read_member", "export_for_member", "withdraw_for_member"), asks),
    }
    for_staff = {name for name in names() if kind_of(name) is Kind.CALLABLE and is_for_staff(deployed, name, member)}
    assert for_staff == looks.keys() | SHOWS_NOBODY.keys() | LOGGED_ELSEWHERE.keys(), (
        "a new door for staff: what does it show, and is it logged?"
    )
    for name, asked in looks.items():
        before = {line.id for line in database.collection("accesses").stream()}
        result(deployed.call(name, asked, token))
        lines = [line.to_dict() for line in database.collection("accesses").stream() if line.id not in before]
        assert [line["staff"] for line in lines] == [STAFF.uid], name


def is_for_staff(deployed: Deployed, name: str, member: str) -> bool:
    answer = deployed.call(name, {}, member)
    return answer.status == 403 and answer.body["error"]["details"]["code"] == "staff-only"
