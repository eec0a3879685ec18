"""What is changed of a profile reaches those who have copies of it: Firebase Authentication and the mail carrier."""

from __future__ import annotations

from datetime import timedelta

import pytest
from imagesfactory.accounts.changes import ProfileRequest
from imagesfactory.accounts.copies import RETRY_AFTER
from imagesfactory.accounts.errors import AddressTaken
from imagesfactory.accounts.model import Identity, SignInFacts
from imagesfactory.accounts.service import Visit
from imagesfactory.rights.correction import CorrectionDecision, CorrectionRequest
from imagesfactory.staff.model import Role, StaffMember
from imagesfactory.truth.deadlines import DEADLINES
from imagesfactory.truth.model import Check
from imagesfactory.truth.store import TruthStore

from tests.members import Members

OFFICER = StaffMember("soyeon", Role.OFFICER, "203.0.113.8")
OLD, NEW = "jisu@example.com", "jisu@new.example"


def signs_in(house: Members, uid: str, email: str, *, is_verified: bool = True) -> None:
    house.clock.move(timedelta(minutes=1))
    identity = Identity(uid, email, "password", is_email_verified=is_verified)
    house.accounts.sign_in(identity, Visit(f"at {house.clock.now()}", "", ""), house.clock.now())


def forgotten(house: Members) -> list[str]:
    """The addresses that the carrier was told to forget."""
    return [address for job in house.doubles.control.erasures() for address in job["email_addresses"]]


def test_letters_and_look_ups_follow_the_address_that_the_member_signs_in_with(house: Members) -> None:
    uid = house.member()
    signs_in(house, uid, NEW, is_verified=False)
    assert house.document(f"users/{uid}")["email"] == OLD
    signs_in(house, uid, NEW)
    recipient = house.accounts.recipient(uid, house.clock.now())
    assert recipient is not None
    assert recipient.address == NEW
    assert (house.profiles.find_by_email(NEW), house.profiles.find_by_email(OLD)) == (uid, None)
    assert house.accounts.identities(uid) == (f"email:{NEW}",)
    house.copies.tell(house.clock.now(), 10)
    house.copies.tell(house.clock.now(), 10)
    assert forgotten(house) == [OLD], "the carrier forgets the old address, once"
    assert OLD not in repr(house.document(f"users/{uid}"))


def test_a_corrected_address_reaches_the_sign_in_and_an_old_one_does_not_come_back(house: Members) -> None:
    uid = house.member()
    house.member("sora", "sora@example.com")
    asked = CorrectionRequest(request_id="correction-1", text="my address is wrong")
    correction_id = house.corrections.request(uid, asked, house.clock.now())
    said = {"correction_id": correction_id, "is_done": True, "reason": "고쳤습니다"}
    taken = CorrectionDecision.model_validate({**said, "email": "sora@example.com"})
    with pytest.raises(AddressTaken):
        house.corrections.decide(OFFICER, taken, house.clock.now())
    assert house.document(f"users/{uid}")["is_correction_pending"] is True
    corrected = CorrectionDecision.model_validate({**said, "email": "Jisu@New.Example"})
    house.corrections.decide(OFFICER, corrected, house.clock.now())
    signs_in(house, uid, OLD)
    assert house.document(f"users/{uid}")["email"] == NEW
    house.copies.tell(house.clock.now(), 10)
    assert house.sign_ins.told == [(uid, SignInFacts("김지수", "", NEW))]
    signs_in(house, uid, OLD)
    assert house.document(f"users/{uid}")["email"] == OLD, "changed in the directory since"


def test_a_directory_that_is_down_is_told_later_and_holds_nobody_else_up(house: Members) -> None:
    uid = house.member()
    house.profiles.update(uid, ProfileRequest(name="이지수"), house.clock.now())
    house.sign_ins.is_down = True
    assert house.copies.tell(house.clock.now(), 1) == 0
    house.sign_ins.is_down = False
    assert house.copies.tell(house.clock.now(), 1) == 0, "others go first"
    house.clock.move(RETRY_AFTER)
    assert house.copies.tell(house.clock.now(), 1) == 1
    assert house.sign_ins.told == [(uid, SignInFacts("이지수", "", None))]
    assert house.document(f"users/{uid}")["copies_due_at"] is None


def test_telling_that_keeps_failing_is_late_from_the_change_and_the_old_address_is_forgotten(house: Members) -> None:
    uid = house.member()
    signs_in(house, uid, NEW)
    house.profiles.update(uid, ProfileRequest(name="이지수"), house.clock.now())
    house.sign_ins.is_down = True
    truth = TruthStore(house.client, house.archive_client)
    asked = [one for one in DEADLINES if one.check is Check.CORRECTIONS]
    for _ in range(3):
        assert all(truth.overdue(one, house.clock.now()).is_green for one in asked)
        assert house.copies.tell(house.clock.now(), 10) == 0
        house.clock.move(RETRY_AFTER)
    assert [truth.overdue(one, house.clock.now()).ids for one in asked] == [(), (), (f"users/{uid}",)]
    assert set(forgotten(house)) == {OLD}
    house.sign_ins.is_down = False
    assert house.copies.tell(house.clock.now(), 10) == 1
    assert all(truth.overdue(one, house.clock.now()).is_green for one in asked)


def test_what_is_changed_while_it_is_told_is_told_as_well(house: Members) -> None:
    uid, told = house.member(), house.sign_ins.told
    house.profiles.update(uid, ProfileRequest(name="이지수"), house.clock.now())

    class Slow:
        def correct(self, uid: str, facts: SignInFacts) -> None:
            if not told:
                house.profiles.update(uid, ProfileRequest(name="박지수"), house.clock.now())
            told.append((uid, facts))

    house.copies._sign_ins = Slow()
    assert [house.copies.tell(house.clock.now(), 10) for _ in range(3)] == [1, 1, 0]
    assert [facts.name for _, facts in told] == ["이지수", "박지수"]


def test_a_member_who_leaves_before_the_carrier_was_told_is_forgotten_by_both_addresses(house: Members) -> None:
    uid = house.member()
    signs_in(house, uid, NEW)
    house.leave(uid)
    assert sorted(forgotten(house)) == sorted([NEW, OLD])
