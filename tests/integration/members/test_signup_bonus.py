"""One sign-up bonus for each person in a year, whatever they rejoin as; nobody is refused for it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from imagesfactory.accounts.model import Identity
from imagesfactory.policy.retention import destroy_at

from tests.backend import signup_request
from tests.members import Members


def joins(house: Members, uid: str, email: str) -> int:
    house.accounts.admit(Identity(uid, email, "password"), house.clock.now())
    points = house.accounts.complete_signup(uid, signup_request(), house.clock.now())
    assert house.accounts.complete_signup(uid, signup_request(), house.clock.now()) == points, "a retry says the same"
    assert house.wallet(uid)["available_points"] == points
    return points


@pytest.mark.parametrize("again", ["jisu@gmail.com", "JiSu+2@gmail.com", "j.i.su@googlemail.com"])
def test_who_leaves_and_rejoins_or_spells_an_address_otherwise_gets_no_second_bonus(house: Members, again: str) -> None:
    bonus = house.catalog.signup_bonus.points
    assert joins(house, "first", "jisu@gmail.com") == bonus
    house.leave("first")
    began = house.clock.now()
    assert joins(house, "second", again) == 0
    assert joins(house, "other", "sora@gmail.com") == bonus
    assert "jisu" not in repr([one for path, one in house.everything().items() if path.startswith("bonuses/")])
    assert house.buy_with_toss("second").is_granted
    assert house.balance().is_balanced
    house.clock.instant = (destroy_at("signup_bonus", began) or began) + timedelta(days=1)
    assert joins(house, "third", "jisu+3@gmail.com") == bonus, "a year later it is forgotten"
