"""The office: inquiries, corrections, disclosures, changes of the policy, campaigns, and what a carrier tells."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from imagesfactory import bootstrap
from imagesfactory.kit.clock import legal_day
from imagesfactory.mail.model import Fate
from imagesfactory.privacy.misuse import Case

from tests.deployed.functions import Answer
from tests.deployed.records import State
from tests.deployed.scenes import Scene
from tests.deployed.scenes_members import CONSENT, all_is_well, answered, has_lived, task
from tests.deployed.tokens import SignIn
from tests.deployed.world import JISU, OFFICER, SORA, SUPPORT, World

INQUIRY = {"request_id": "inquiry-1", "topic": "service", "text": "그림이 오지 않습니다"}
OPEN_INQUIRY = INQUIRY | {"contact_email": "minji@example.com", "topic": "privacy"}
DEMAND = {
    "request_id": "demand-0001",
    "account_email": JISU.email,
    "child_is_under_fourteen": True,
    "guardian_name": "김보호",
    "relation": "parent",
    "contact_email": "minji@example.com",
}
DISCLOSURE = {
    "request_id": "disclosure-1",
    "subject": JISU.uid,
    "authority": "서울경찰청",
    "legal_basis": "형사소송법 제215조, 영장 2026-1",
    "items": ["visits"],
    "purpose": "수사",
}
CAMPAIGN = {
    "request_id": "campaign-1",
    "subject_ko": "새 모델",
    "subject_en": "A new model",
    "body_ko": "새 모델이 나왔습니다",
    "body_en": "There is a new model",
}


def staff_call(name: str, who: SignIn, data: Any = None) -> Any:
    return lambda world: world.call(name, data, who)


def actions(state: State) -> Counter[str]:
    """What the access log says was done, and how often."""
    return Counter(str(line["action"]) for line in state.under("accesses").values())


def letters(state: State) -> Counter[str]:
    """The kinds of letters that went out, and how many."""
    return Counter(str(mail["categories"][0]) for mail in state.mails)


# -- inquiries


def has_asked(world: World) -> None:
    world.member()
    world.notes["inquiry"] = world.ask("create_inquiry", INQUIRY)["inquiry_id"]


def was_received(_world: World, state: State) -> None:
    assert len(state.under("inquiries")) == 1
    assert letters(state) == {"inquiry-received": 1, "inquiry-desk": 1}


def replies(world: World) -> Answer:
    return world.call("reply_to_inquiry", _message(world, "reply-1"))


def answers(world: World) -> Answer:
    return world.call("answer_inquiry", _message(world, "answer-1"), SUPPORT)


def _message(world: World, request_id: str) -> dict[str, Any]:
    return {"request_id": f"{request_id}-of-test", "inquiry_id": world.notes["inquiry"], "text": "감사합니다"}


def two_messages(_world: World, state: State) -> None:
    assert len([path for path in state.documents if "/messages/" in path]) == 2
    assert state.one("inquiries")["message_ids"].__len__() == 2


def was_answered(world: World, state: State) -> None:
    two_messages(world, state)
    assert actions(state)["inquiry-answered"] == 1
    assert letters(state)["inquiry-answered"] == 1


def settles(world: World) -> Answer:
    return world.call("settle_inquiry", {"inquiry_id": world.notes["inquiry"]}, SUPPORT)


def was_settled(_world: World, state: State) -> None:
    inquiry = state.one("inquiries")
    assert inquiry["state"] == "settled"
    ends = {one["destroy_at"] for path, one in state.documents.items() if "/messages/" in path}
    assert ends == {inquiry["destroy_at"]}
    assert actions(state)["inquiry-settled"] >= 1


def reads(world: World) -> Answer:
    return world.call("read_inquiry", {"inquiry_id": world.notes["inquiry"]}, SUPPORT)


def was_logged(action: str) -> Any:
    def check(_world: World, state: State) -> None:
        assert actions(state)[action] >= 1

    return check


# -- the officer


def wants_correction(world: World) -> None:
    world.member()
    asked = {"request_id": "correction-1", "text": "이름이 틀렸습니다"}
    world.notes["correction"] = world.ask("request_correction", asked)["correction_id"]


def decides(world: World) -> Answer:
    said = {"correction_id": world.notes["correction"], "is_done": True, "reason": "고쳤습니다", "name": "김지우"}
    return world.call("decide_correction", said, OFFICER)


def was_decided(_world: World, state: State) -> None:
    assert state.one("corrections")["state"] == "done"
    assert (state.one("users")["name"], state.one("users")["is_correction_pending"]) == ("김지우", False)
    assert actions(state)["correction-decided"] == 1
    assert letters(state) == {"correction-decided": 1}


def guardian_demands(world: World) -> None:
    has_lived(world)
    world.notes["inquiry"] = world.ask("guardian_deletion_request", DEMAND, None)["inquiry_id"]
    world.work_off()
    world.left.append(JISU)


def closes(world: World) -> Answer:
    checked = {"account_email": JISU.email, "inquiry_id": world.notes["inquiry"], "reason": "가족관계증명서 확인"}
    return world.call("close_account_for_guardian", checked, OFFICER)


def appeals(world: World) -> None:
    world.notes["inquiry"] = world.ask("create_open_inquiry", OPEN_INQUIRY | {"topic": "appeal"}, None)["inquiry_id"]
    names = ("email:minji@example.com", "google:minji")
    bootstrap.misuse().list_identities(names, Case("chargeback", "dispute-1"), world.clock.now())


def grants(world: World) -> Answer:
    said = {"email": "minji@example.com", "inquiry_id": world.notes["inquiry"], "reason": "오인 등록"}
    return world.call("grant_appeal", said, OFFICER)


def was_lifted(_world: World, state: State) -> None:
    assert not state.under("misuse")
    assert actions(state)["appeal-granted"] == 1


def was_closed(_world: World, state: State) -> None:
    (evidence,) = state.under("withdrawn").values()
    assert evidence["completed_at"] is not None
    assert not state.under("users")
    closed = [one for one in state.documents.values() if one.get("action") == "account-closed-for-guardian"]
    assert len(closed) == 1


def was_disclosed(_world: World, state: State) -> None:
    assert len(state.under("disclosures")) == 1
    assert actions(state)["disclosure-recorded"] >= 1


# -- changes of the policy, campaigns


def two_members(world: World) -> None:
    for who in (JISU, SORA):
        world.member(who)
        world.ask("set_consents", CONSENT, who)
    world.work_off()
    world.doubles.control.clear_mails()


def announces(world: World) -> Answer:
    begins = legal_day(bootstrap.clock().now()) + timedelta(days=40)
    world.notes.setdefault("begins", begins.isoformat())
    said = {"document": "terms", "touches_rights": True, "needs_consent": True, "effective_on": world.notes["begins"]}
    return world.call("announce_change", said | {"summary_ko": "바뀝니다", "summary_en": "It changes"}, OFFICER)


def everybody_was_told(_world: World, state: State) -> None:
    assert letters(state) == {"policy-change": 2}
    assert state.one("policies")["told_count"] == 2


def telling(world: World) -> None:
    two_members(world)
    assert announces(world).status == 200
    world.notes["task"] = world.take_task("tellmembers")


def was_advertised(_world: World, state: State) -> None:
    assert letters(state) == {"advertisement": 2}
    assert len(state.under("ads")) == 2


def advertising(world: World) -> None:
    two_members(world)
    world.ask("begin_campaign", CAMPAIGN, OFFICER)
    world.notes["task"] = world.take_task("advertise")


def unsubscribes(world: World) -> Answer:
    return follows(world, bootstrap.advertiser().unsubscribe_url(JISU.uid))


def unsubscribes_from_pushes(world: World) -> Answer:
    return follows(world, bootstrap.advertiser().unsubscribe_url(JISU.uid, "push"))


def follows(world: World, url: str) -> Answer:
    return world.functions.request("unsubscribe", "POST", path="/?" + url.partition("?")[2])


def agrees_to_advertising(world: World) -> None:
    world.member()
    world.ask("set_consents", CONSENT)


def has_refused(_world: World, state: State) -> None:
    assert state.one("users")["consents"]["marketing_email"]["is_granted"] is False
    assert letters(state) == {"consent-changed": 2}


def agrees_to_pushes(world: World) -> None:
    world.member()
    world.ask("set_consents", CONSENT | {"marketing_push": True})


def has_refused_pushes(_world: World, state: State) -> None:
    consents = state.one("users")["consents"]
    said = {name: consents[name]["is_granted"] for name in ("marketing_email", "marketing_push")}
    assert said == {"marketing_email": True, "marketing_push": False}


def opens_policy(world: World) -> Answer:
    return world.functions.request("policy_page", "GET", path="/?lang=en")


def letter_went_out(world: World) -> None:
    has_asked(world)
    world.work_off()
    mails = world.doubles.control.mails(to=JISU.email)
    world.notes["letter"] = mails[0]["id"]


def carrier_tells(world: World) -> Answer:
    return world.post_mail_event(world.notes["letter"], "bounce")


def is_suppressed(_world: World, state: State) -> None:
    assert len(state.under("suppressions")) == 1
    assert Fate.BOUNCED.rank in {letter["fate"] for letter in state.under("mail").values()}
    assert len([path for path in state.documents if "/alerts/" in path]) == 1


def mail_stopped(world: World) -> None:
    letter_went_out(world)
    assert carrier_tells(world).status == 200


def lifts(world: World) -> Answer:
    return world.call("lift_mail_stop", {"email": JISU.email, "reason": "전화로 확인"}, OFFICER)


def resumes(world: World) -> Answer:
    return world.call("resume_mail")


def is_written_to(_world: World, state: State) -> None:
    assert not state.under("suppressions")


SCENES: tuple[Scene, ...] = (
    Scene("create_inquiry", World.member, answered("create_inquiry", INQUIRY), was_received),
    Scene(
        "create_open_inquiry",
        World.member,
        lambda world: world.call("create_open_inquiry", OPEN_INQUIRY, None),
        was_received,
    ),
    Scene("reply_to_inquiry", has_asked, replies, two_messages),
    Scene("list_inquiries", has_asked, staff_call("list_inquiries", SUPPORT), was_logged("inquiries-listed")),
    Scene("read_inquiry", has_asked, reads, was_logged("inquiry-read")),
    Scene("answer_inquiry", has_asked, answers, was_answered),
    Scene("settle_inquiry", has_asked, settles, was_settled),
    Scene("decide_correction", wants_correction, decides, was_decided, refused_again=frozenset({"request-not-found"})),
    Scene(
        "list_corrections",
        wants_correction,
        staff_call("list_corrections", OFFICER),
        was_logged("corrections-listed"),
    ),
    Scene(
        "close_account_for_guardian",
        guardian_demands,
        closes,
        was_closed,
        refused_again=frozenset({"account-not-active", "account-unknown", "inquiry-settled"}),
    ),
    Scene(
        "guardian_deletion_request",
        World.member,
        lambda world: world.call("guardian_deletion_request", DEMAND, None),
        was_received,
    ),
    Scene("grant_appeal", appeals, grants, was_lifted, refused_again=frozenset({"not-listed"})),
    Scene("record_disclosure", World.member, staff_call("record_disclosure", OFFICER, DISCLOSURE), was_disclosed),
    Scene("list_disclosures", World.member, staff_call("list_disclosures", OFFICER), was_logged("disclosures-read")),
    Scene("list_accesses", World.member, staff_call("list_accesses", OFFICER), was_logged("accesses-read")),
    Scene("announce_change", two_members, announces, everybody_was_told),
    Scene("tellmembers", telling, task, everybody_was_told),
    Scene("begin_campaign", two_members, staff_call("begin_campaign", OFFICER, CAMPAIGN), was_advertised),
    Scene("advertise", advertising, task, was_advertised),
    Scene("unsubscribe", agrees_to_advertising, unsubscribes, has_refused),
    Scene("unsubscribe", agrees_to_pushes, unsubscribes_from_pushes, has_refused_pushes, label="pushes"),
    Scene("policy_page", World.member, opens_policy, all_is_well, changes_nothing=True),
    Scene("mail_events", letter_went_out, carrier_tells, is_suppressed),
    Scene("lift_mail_stop", mail_stopped, lifts, is_written_to),
    Scene("resume_mail", mail_stopped, resumes, is_written_to),
)
