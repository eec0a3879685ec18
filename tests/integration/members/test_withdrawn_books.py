"""The settlement of a day counts the money of those who left on it."""

from __future__ import annotations

from datetime import timedelta

from imagesfactory.payments.settlement import Settlements

from tests.members import Members


def test_a_member_who_left_leaves_no_difference(house: Members) -> None:
    day = house.go_to_noon()
    uid = house.member()
    house.buy_with_toss(uid)
    house.buy_with_stripe(uid, request_id="order-2-of-test")
    house.receive_all()
    house.leave(uid)
    assert not list(house.client.collection("payments").stream())
    settlements = Settlements(house.client, providers=house.providers, archive=house.archive_client)
    report = settlements.run(house.clock.now() + timedelta(days=1), day)
    assert report["differences"] == []
    assert report["providers"]["toss"]["sums"]["KRW"]["ours_in"] == 10_000
    assert report["providers"]["stripe"]["sums"]["USD"]["ours_out"] == -799
