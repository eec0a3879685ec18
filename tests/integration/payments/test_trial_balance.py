"""The trial balance reads page by page, finds whatever does not add up, and takes nothing in motion for wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from imagesfactory.points import trial_balance as module
from imagesfactory.points.outstanding import outstanding
from imagesfactory.points.paging import paged
from imagesfactory.points.trial_balance import trial_balance

from local.doubles import Doubles
from tests.firestore_process import FirestoreProcess
from tests.shop import Shop

MEMBERS = 7
SIGNUP = 100


@pytest.fixture
def crowd(shop: Shop) -> Shop:
    """Members with different histories, one of them with a letter that sorts late."""
    for number in range(MEMBERS):
        uid = shop.member(f"member-{number}" if number else "\U0001f600", f"m{number}@example.com")
        if number % 2:
            shop.buy_with_toss(uid, request_id=f"request-of-{number}")
    return shop


@pytest.mark.parametrize("page", [1, 2, 3, 500])
def test_any_size_of_page_adds_up_to_the_same(crowd: Shop, page: int) -> None:
    balance = trial_balance(crowd.client, page)
    assert (balance.total, balance.wrong_wallets, balance.wallet_count) == (0, (), MEMBERS)
    assert balance.accounts["available_bonus"] == MEMBERS * SIGNUP + 3 * 100
    assert balance.accounts["available_paid"] == 3 * 1000


@pytest.mark.parametrize("page", [1, 3, 500])
def test_a_walk_of_several_nights_looks_at_everybody_once(crowd: Shop, page: int) -> None:
    crowd.client.document("wallets/member-4/entries/minted").create({"legs": {"available_paid": 5}})
    looked_at, wrong, totals, after = 0, list[str](), list[int](), ""
    for _night in range(MEMBERS):
        night = trial_balance(crowd.client, page, after=after, goes_on=lambda: False)
        looked_at, after = looked_at + night.wallet_count, night.reached
        wrong += night.wrong_wallets
        totals.append(night.total)
    assert looked_at == MEMBERS
    assert wrong == ["member-4"]
    assert sorted(totals) == [0] * (MEMBERS - 1) + [5]
    last = trial_balance(crowd.client, page, after=after, goes_on=lambda: False)
    assert (last.wallet_count, last.reached, last.total) == (0, "", 0)


def test_whatever_does_not_add_up_is_found(crowd: Shop) -> None:
    client = crowd.client
    client.document("wallets/member-2").update({"lots.signup.remaining_points": 99})
    client.document("wallets/member-4/entries/minted").create({"legs": {"available_paid": 5}})
    for entry in client.collection("wallets/member-6/entries").stream():
        entry.reference.delete()
    client.document("wallets/member-5").delete()
    client.document("wallets/a-wallet-without-entries").create(
        (client.document("wallets/member-2").get().to_dict() or {}) | {"uid": "a-wallet-without-entries"}
    )
    balance = trial_balance(client, page=2)
    assert set(balance.wrong_wallets) == {"member-2", "member-4", "member-6", "a-wallet-without-entries"}
    assert balance.total == 5, "the entries of a wallet that is gone still balance"


def test_what_changes_while_it_is_read_is_not_wrong(
    crowd: Shop, firestore_process: FirestoreProcess, doubles: Doubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the page of entries and that of wallets somebody buys."""
    is_bought: list[bool] = []

    def reading(source: Any, fields: Any, size: int, after: Any = None) -> Iterator[Any]:
        for snapshot in paged(source, fields, size, after):
            yield snapshot
            if not is_bought:
                is_bought.append(True)
                crowd.buy_with_toss("member-2", request_id="bought-meanwhile")

    monkeypatch.setattr(module, "paged", reading)
    assert trial_balance(crowd.client, page=500).is_balanced
    assert is_bought


def test_points_outstanding_are_told_by_the_age_of_their_lots(crowd: Shop) -> None:
    now = crowd.clock.now()
    later = now + timedelta(days=40)
    assert outstanding(crowd.client, now)["paid_up_to_30_days"] == 3 * 1000
    assert outstanding(crowd.client, later)["paid_up_to_90_days"] == 3 * 1000
    assert outstanding(crowd.client, now + timedelta(days=400))["paid_over_365_days"] == 3 * 1000
