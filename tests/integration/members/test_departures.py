"""To spend, leave and then charge back keeps nobody off the register of misuse, by whichever way they would rejoin."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from imagesfactory.accounts.errors import SignupRefused
from imagesfactory.accounts.model import Identity
from imagesfactory.kit import unit_of_work
from imagesfactory.points.store import wallet_from
from imagesfactory.policy.retention import destroy_at

from tests.members import Members

EMAIL, GOOGLE = "jisu@example.com", "117000000000000000001"


def spend(house: Members, uid: str) -> None:
    """Use every point, as a finished job does."""
    now = house.clock.now()

    def hold(unit: unit_of_work.UnitOfWork) -> int:
        (snapshot,) = unit.read(house.points.wallet_reference(uid))
        wallet = wallet_from(snapshot)
        assert wallet is not None
        house.points.hold(unit, wallet, "spent", wallet.available_points, now, now)
        return wallet.available_points

    def settle(unit: unit_of_work.UnitOfWork, points: int) -> None:
        (snapshot,) = unit.read(house.points.wallet_reference(uid))
        house.points.settle(unit, snapshot, "spent", points, now)

    points = unit_of_work.run(house.client, hold)
    unit_of_work.run(house.client, partial(settle, points=points))


def bought(house: Members) -> str:
    """A member who joined with Google and bought points; returns Stripe's charge."""
    uid = house.member()
    house.google_ids[uid] = GOOGLE
    order = house.buy_with_stripe(uid)
    house.receive_all()
    return str(house.document(f"payments/stripe-{order.id}")["provider_payment_id"])


def kept(house: Members) -> list[dict[str, Any]]:
    return [content for path, content in house.everything().items() if path.startswith("departures/")]


def loses(house: Members, charge: str) -> None:
    """The bank asks for the money back, and gets it."""
    dispute = house.doubles.control.stripe.open_dispute(charge)["id"]
    house.receive_all()
    house.doubles.control.stripe.close_dispute(dispute, "lost")
    house.receive_all()
    house.sweep()


def test_who_charges_back_after_leaving_is_listed_by_address_and_google_account(house: Members) -> None:
    charge = bought(house)
    spend(house, "jisu")
    house.leave("jisu")
    (record,) = kept(house)
    assert record["destroy_at"] > house.clock.now()
    assert not [value for value in (EMAIL, GOOGLE, "jisu") if value in repr(record)]
    loses(house, charge)
    for again in (
        Identity("new", "Jisu+2@example.com", "password"),
        Identity("new", "other@example.com", "google.com", google_id=GOOGLE),
    ):
        with pytest.raises(SignupRefused):
            house.accounts.admit(again, house.clock.now())
    assert house.misuse.is_listed((f"google:{GOOGLE}",), house.clock.now() + timedelta(days=300))


def test_who_charges_back_as_a_member_is_listed_by_google_account_too(house: Members) -> None:
    charge = bought(house)
    loses(house, charge)
    assert house.misuse.is_listed((f"google:{GOOGLE}",), house.clock.now())
    assert not kept(house)


@pytest.mark.parametrize("why", ["the money went back", "the time for disputes is over", "nothing was bought"])
def test_of_others_nothing_is_kept(house: Members, why: str) -> None:
    if why == "nothing was bought":
        house.member()
    else:
        bought(house)
    if why == "the time for disputes is over":
        spend(house, "jisu")
        paid_at = next(one.get("paid_at") for one in house.client.collection("orders").stream())
        house.clock.instant = destroy_at("departure", paid_at) or paid_at
    house.leave("jisu")
    assert kept(house) == []
