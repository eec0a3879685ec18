"""The file of limits: it fits what is deployed, and a wrong one is refused when it is loaded."""

from __future__ import annotations

from typing import Any

import pytest
from imagesfactory.limits.model import Subject, of_address
from imagesfactory.policy.limits import Limits, limits
from pydantic import ValidationError

RATES = {"one": {"burst": 10, "refill_seconds": 10}, "crowd": {"burst": 50, "refill_seconds": 10}}


def file(**changes: Any) -> dict[str, Any]:
    return {"rates": RATES, "functions": {"act": {"member": "one", "address": "crowd"}}, "unlimited": {}} | changes


def test_a_sound_file_is_read() -> None:
    assert Limits.model_validate(file()).rate("one").burst == 10


@pytest.mark.parametrize(
    "changes",
    [
        {"functions": {"act": {"member": "none"}}},
        {"functions": {"act": {}}},
        {"functions": {"act": {"member": "one", "often": 3}}},
        {"functions": {"act": {"member": "one"}}, "unlimited": {"act": "because"}},
        {"rates": RATES | {"one": {"burst": 0, "refill_seconds": 1}}},
    ],
)
def test_a_wrong_file_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Limits.model_validate(file(**changes))


@pytest.mark.parametrize("crowd", [{"burst": 49, "refill_seconds": 10}, {"burst": 50, "refill_seconds": 11}])
def test_no_member_alone_can_use_up_what_an_address_may(crowd: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match="alone"):
        Limits.model_validate(file(rates=RATES | {"crowd": crowd}))


def test_every_rate_is_used() -> None:
    named = {name for one in limits().functions.values() for name in (one.member, one.address)}
    in_rooms = {"inquiries_of_member", "inquiries_of_address", "letters_to_contact"}
    in_rooms |= {"events_of_order", "events_of_orders_elsewhere"}
    assert set(limits().rates) == (named - {None}) | in_rooms


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
    ],
)
def test_an_address_is_counted_as_its_customer_has_it(address: str, counted: str) -> None:
    assert of_address("act", address) == Subject("act", "address", counted)


@pytest.mark.parametrize("address", ["", "127.0.0.1", "::1", "unknown", "192.0.2.7:443", "fe80::1%"])
def test_what_is_no_callers_address_is_not_counted(address: str) -> None:
    assert of_address("act", address) is None
