"""Sign-ups that were never completed: nothing is left of them but what a law keeps, and that names nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from imagesfactory.accounts.errors import AccountNotActive, UnderFourteen
from imagesfactory.accounts.model import Identity
from imagesfactory.accounts.service import Visit
from imagesfactory.truth.deadlines import DEADLINES
from imagesfactory.truth.model import Check
from imagesfactory.truth.store import TruthStore

from tests.backend import signup_request
from tests.members import Members

UID, EMAIL = "uid-of-yuna-0000000000000000", "yuna@example.com"
YUNA = Identity(UID, EMAIL, "google.com", "google-1", "한유나", "https://photos.example/yuna")


def begins(house: Members, visits: int = 1) -> None:
    house.accounts.admit(YUNA, house.clock.now())
    for number in range(visits):
        house.accounts.sign_in(YUNA, Visit(f"visit-{number}", "198.51.100.7", "Firefox"), house.clock.now())


def test_whoever_is_under_fourteen_is_not_asked_again_and_goes_at_once(house: Members) -> None:
    begins(house)
    with pytest.raises(UnderFourteen):
        house.accounts.complete_signup(UID, signup_request(is_over_fourteen=False), house.clock.now())
    assert "한유나" not in repr(house.everything())
    assert "photos.example" not in repr(house.everything())
    with pytest.raises(AccountNotActive):
        house.accounts.complete_signup(UID, signup_request(), house.clock.now())
    with pytest.raises(AccountNotActive):
        house.accounts.sign_in(YUNA, Visit("again", "", ""), house.clock.now())
    house.unfinished.remove(house.clock.now(), 10)
    assert house.sign_ins.deleted == {UID}
    assert UID not in repr(house.everything())


def test_the_visits_of_a_removed_sign_up_are_kept_apart_and_name_nobody(house: Members) -> None:
    begins(house, visits=3)
    visits = {path: content for path, content in house.everything().items() if path.startswith("visits/")}
    assert house.unfinished.remove(house.clock.now(), 10) == 0, "it has a day"
    house.clock.move(timedelta(hours=24))
    assert house.unfinished.remove(house.clock.now(), 10) == 1
    assert house.unfinished.remove(house.clock.now(), 10) == 0
    assert UID not in repr(house.everything())
    archive = house.everything(house.archive_client)
    assert archive.keys() == visits.keys()
    assert UID not in repr(archive)
    assert [one["destroy_at"] for one in archive.values()] == [one["destroy_at"] for one in visits.values()]
    assert len({one["owner"] for one in archive.values()}) == 1


def test_a_removal_that_died_between_its_steps_comes_to_the_same_end(house: Members) -> None:
    begins(house, visits=2)
    house.clock.move(timedelta(hours=24))
    house.unfinished._left.part(UID, house.clock.now())
    house.accounts._store.record_visit("visit-0", UID, "198.51.100.7", "Firefox", house.clock.now())
    house.unfinished.remove(house.clock.now(), 10)
    assert UID not in repr((house.everything(), house.everything(house.archive_client)))
    assert len(house.everything(house.archive_client)) == 2


def test_a_removal_that_keeps_failing_is_late_from_its_beginning(house: Members) -> None:
    (deadline,) = (one for one in DEADLINES if one.check is Check.SIGN_UPS)
    truth = TruthStore(house.client, house.archive_client)
    begins(house)
    house.clock.move(timedelta(hours=24))
    house.sign_ins.is_down = True
    for _ in range(3):
        assert truth.overdue(deadline, house.clock.now()).is_green
        assert house.unfinished.remove(house.clock.now(), 10) == 0
        house.clock.move(timedelta(minutes=5))
    assert truth.overdue(deadline, house.clock.now()).ids == (f"users/{UID}",)
    house.sign_ins.is_down = False
    assert house.unfinished.remove(house.clock.now(), 10) == 1


def test_telling_of_a_new_address_gives_nobody_under_fourteen_another_day(house: Members) -> None:
    begins(house)
    moved = Identity(UID, "yuna@new.example", "google.com", "google-1", is_email_verified=True)
    house.accounts.sign_in(moved, Visit("again", "", ""), house.clock.now())
    with pytest.raises(UnderFourteen):
        house.accounts.complete_signup(UID, signup_request(is_over_fourteen=False), house.clock.now())
    house.sign_ins.is_down = True
    assert house.copies.tell(house.clock.now(), 10) == 0
    house.sign_ins.is_down = False
    assert house.unfinished.remove(house.clock.now(), 10) == 1
