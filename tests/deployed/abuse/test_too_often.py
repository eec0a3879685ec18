"""How often: every function that may be called from outside, at the edges of its limits, on the deployed functions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from imagesfactory import bootstrap
from imagesfactory import bootstrap_office as office
from imagesfactory.kit.rate import TooManyRequests
from imagesfactory.limits.model import Subject
from imagesfactory.policy import limits as policy
from imagesfactory.policy.limits import Limits, limits

from tests.deployed.abuse.who import ALL_ROLES, JISU, STRANGER, join
from tests.deployed.functions import JSON, Answer, Deployed, Kind, kind_of, names
from tests.deployed.surroundings import ORIGIN, Surroundings

CALLED_FROM_OUTSIDE = {Kind.CALLABLE, Kind.BLOCKING, Kind.REQUEST}
GUESS = {"request_id": "coupon-request", "code": "NONE"}


def test_every_function_that_is_called_from_outside_has_limits_or_a_reason_for_none() -> None:
    outside = {name for name in names() if kind_of(name) in CALLED_FROM_OUTSIDE}
    assert outside == limits().functions.keys() | limits().unlimited.keys()


@pytest.fixture
def once(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every member may call once, and every address five times."""
    tight = limits().model_dump()
    addresses = {one["address"] for one in tight["functions"].values()} - {None}
    for name, rate in tight["rates"].items():
        rate |= {"burst": 5 if name in addresses else 1, "refill_seconds": 60}
    for one in tight["functions"].values():
        one["member"] = one["member"] and "rarely"
    chosen = Limits.model_validate(tight)
    monkeypatch.setattr(policy, "limits", lambda: chosen)
    yield
    office.limits.cache_clear()


@pytest.mark.usefixtures("once")
def test_one_call_too_many_is_refused_by_every_function(deployed: Deployed) -> None:
    for name, one in limits().functions.items():
        answers = [ask(deployed, name) for _ in range(2 if one.member else 6)]
        assert [answer.status == 429 for answer in answers] == [False] * (len(answers) - 1) + [True], name
        if kind_of(name) is Kind.CALLABLE:
            error = answers[-1].body["error"]
            assert error["status"] == "RESOURCE_EXHAUSTED"
            assert error["details"]["code"] == "too-many-requests"
            assert set(error["details"]["message"]) == {"ko", "en"}
            assert 0 < error["details"]["retry_after_seconds"] <= 60


def ask(deployed: Deployed, name: str) -> Answer:
    """Call a function as whoever may call it, with nothing in particular to say."""
    kind = kind_of(name)
    if kind is Kind.BLOCKING:
        return deployed.block(name, JISU)
    if kind is Kind.CALLABLE:
        return deployed.call(name, {}, deployed.token(ALL_ROLES))
    if name.endswith("_session"):
        return deployed.post(name, b"{}", JSON | {"Origin": ORIGIN} | FROM)
    return deployed.request(name, "GET", headers=FROM)


FROM = {"X-Forwarded-For": "198.51.100.7"}


def guess(deployed: Deployed, token: str, address: str = "198.51.100.7") -> Any:
    answer = deployed.call("redeem_coupon", GUESS, token, X_Forwarded_For=address)
    return answer.body["error"]["details"]


def test_codes_cannot_be_guessed_faster_than_the_limit(deployed: Deployed, surroundings: Surroundings) -> None:
    token, rate = join(deployed, JISU), limits().rate("rarely")
    for _ in range(rate.burst):
        assert guess(deployed, token)["code"] == "coupon-unknown"
    refused = guess(deployed, token)
    assert (refused["code"], refused["retry_after_seconds"]) == ("too-many-requests", rate.refill.total_seconds())
    right = deployed.call("redeem_coupon", GUESS | {"code": "WELCOME2026"}, token)
    assert right.status == 429, "a refusal must not tell whether the code was right"
    surroundings.clock.move(rate.refill - timedelta(seconds=1))
    token = deployed.token(JISU)
    assert guess(deployed, token)["retry_after_seconds"] == 1
    surroundings.clock.move(timedelta(seconds=1))
    assert guess(deployed, token)["code"] == "coupon-unknown"
    assert guess(deployed, token)["code"] == "too-many-requests"


def test_a_member_who_is_refused_locks_nobody_else_out(deployed: Deployed, database: Any) -> None:
    token, other = join(deployed, JISU), join(deployed, STRANGER)
    for _ in range(limits().rate("rarely").burst):
        guess(deployed, token)
    before = versions(database)
    for _ in range(10):
        assert guess(deployed, token)["code"] == "too-many-requests"
        assert guess(deployed, token, "203.0.113.9")["code"] == "too-many-requests"
    assert versions(database) == before, "a refusal writes nothing, for the member or for the address"
    assert guess(deployed, other)["code"] == "coupon-unknown"


def versions(database: Any) -> dict[str, Any]:
    return {one.id: one.update_time for one in database.collection("allowances").stream()}


def test_many_members_behind_one_address_are_counted_together(deployed: Deployed) -> None:
    rate = limits().rate("rarely_crowd")
    now = bootstrap.clock().now()
    for number in range(rate.burst):
        office.limits().admit("redeem_coupon", f"member-{number}", "2001:db8::1", now)
    with pytest.raises(TooManyRequests):
        office.limits().admit("redeem_coupon", "member-last", "2001:db8::ffff:1", now)
    office.limits().admit("redeem_coupon", "member-last", "2001:db8:0:1::1", now)
    office.limits().admit("export_my_data", "member-last", "2001:db8::1", now)


def test_of_many_at_once_exactly_so_many_pass(deployed: Deployed) -> None:
    now, rate = bootstrap.clock().now(), limits().rate("rarely")

    def passes(_: int) -> bool:
        try:
            bootstrap.allowances().take({Subject("act", "member", "jisu"): rate}, now)
        except TooManyRequests:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(passes, range(rate.burst + 7))) == rate.burst


def test_what_is_kept_names_nobody(deployed: Deployed, database: Any) -> None:
    guess(deployed, join(deployed, JISU), "203.0.113.9")
    kept = list(database.collection("allowances").stream())
    assert len(kept) > 2
    assert all(set(one.to_dict()) == {"whole_at", "destroy_at"} for one in kept)
    said = " ".join(one.id for one in kept)
    assert not [word for word in (JISU.uid, "203.0.113.9", "redeem_coupon") if word in said]


def test_a_call_without_a_sign_in_is_refused_before_anything_is_read(deployed: Deployed, database: Any) -> None:
    for name in names():
        if kind_of(name) is Kind.CALLABLE and limits().functions[name].member:
            assert deployed.call(name, {}).status == 401, name
    assert not versions(database)


def test_unsigned_events_are_counted_for_each_order(deployed: Deployed, database: Any) -> None:
    token = join(deployed, JISU)
    rate = limits().rate("events_of_order")
    ids = [order(deployed, token, number) for number in range(2)]
    statuses = [toss(deployed, ids[0], number) for number in range(rate.burst + 2)]
    assert statuses == [200] * rate.burst + [429, 429]
    assert toss(deployed, ids[0], 0) == 200, "an event that is here already is no new one"
    assert toss(deployed, ids[1], 0, "other") == 200
    assert len(list(database.collection("inbox").stream())) == rate.burst + 1


def order(deployed: Deployed, token: str, number: int) -> str:
    packs = deployed.call("get_packs").body["result"]
    wanted = {
        "request_id": f"request-{number}",
        "pack_id": "basic",
        "channel": "widget",
        "currency": "KRW",
        "notice_version": packs["notice_version"],
    }
    return str(deployed.call("create_order", wanted, token).body["result"]["order_id"])


def toss(deployed: Deployed, order_id: str, number: int, word: str = "event") -> int:
    body = {"eventType": "PAYMENT_STATUS_CHANGED", "data": {"orderId": order_id, "status": "DONE"}}
    headers = JSON | {"tosspayments-webhook-transmission-id": f"{word}-{number:08}"}
    return deployed.post("toss_webhook", json.dumps(body).encode(), headers).status
