"""What processors were told of a whole membership, as the doubles heard it: the least, and erased at the end."""

from __future__ import annotations

from imagesfactory.accounts.model import Identity
from imagesfactory.accounts.service import Visit

from local.doubles.core.journal import ReceivedRequest
from tests.backend import job_request
from tests.members import Members

UID, EMAIL, NAME, ADDRESS = "uid-of-jisu-0000000000000000", "jisu@example.com", "김지수", "198.51.100.7"
BY_PSEUDONYM = ("openai", "stability", "stripe", "toss")


def lives_and_leaves(house: Members) -> None:
    house.member(UID, EMAIL)
    house.accounts.sign_in(Identity(UID, EMAIL, "password"), Visit("e1", ADDRESS, "Firefox"), house.clock.now())
    house.generation.create(UID, job_request(), house.clock.now())
    order = house.buy_with_toss(UID)
    house.buy_with_stripe(UID, request_id="order-2-of-test")
    house.receive_all()
    house.ask_refund(UID, order, 10)
    house.work_off()
    house.leave(UID)
    house.work_off()


def told(house: Members, *providers: str) -> list[ReceivedRequest]:
    return [one for one in house.doubles.control.requests() if one.provider in providers]


def test_payment_and_image_processors_hold_nothing_that_names_the_member(house: Members) -> None:
    lives_and_leaves(house)
    heard = told(house, *BY_PSEUDONYM)
    assert {one.provider for one in heard} == set(BY_PSEUDONYM)
    assert [
        (one.provider, one.path) for one in heard for fact in (UID, EMAIL, NAME, ADDRESS) if fact in repr(one)
    ] == []
    made = {one.path for one in heard if one.provider == "stripe" and one.method == "POST"}
    assert not [path for path in made if "customers" in path], "there is no customer to delete"


def test_the_carrier_forgets_the_address_after_it_was_used_for_the_last_time(house: Members) -> None:
    lives_and_leaves(house)
    said = [one for one in told(house, "sendgrid") if EMAIL in repr(one.body)]
    assert [one.path.rpartition("/")[2] for one in said][-2:] == ["send", "erasejob"]
    assert all(one.status in {200, 202} for one in said)


def test_only_a_deposit_that_goes_back_takes_an_account_along_to_toss(house: Members) -> None:
    uid = house.member(UID, EMAIL)
    order = house.order(uid).order
    key = house.doubles.control.toss.pay(order.id, order.amount, "virtual_account")
    house.confirm(uid, order, key)
    house.doubles.control.toss.deposit(key)
    house.settle(order)
    house.leave(uid, refund_account={"bank": "88", "account_number": "110123456789", "holder_name": NAME})
    naming = [one for one in told(house, *BY_PSEUDONYM) if NAME in repr(one) or "110123456789" in repr(one)]
    assert {(one.provider, one.path.rpartition("/")[2]) for one in naming} == {("toss", "cancel")}
    assert not [path for path, content in house.everything().items() if "110123456789" in repr(content)]
