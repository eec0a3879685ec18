"""The payment doubles' clock standing where a simulation puts it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from local.doubles import Doubles
from local.doubles.control import ControlRefused

THEN = datetime(2031, 8, 31, 14, 50, tzinfo=UTC)


def test_it_stands_still_goes_forward_only_and_can_be_reset(doubles: Doubles) -> None:
    control = doubles.control
    control.reset()
    control.stand_clock_at(datetime(2020, 1, 1, tzinfo=UTC))
    control.stand_clock_at(THEN)
    order_id = "a" * 24
    key = control.toss.pay(order_id, 5000, "virtual_account")
    assert control.toss.expire(key)["requestedAt"] == "2031-08-31T23:50:00+09:00"
    with pytest.raises(ControlRefused):
        control.stand_clock_at(THEN - timedelta(seconds=1))
    control.reset()
    control.stand_clock_at(THEN - timedelta(days=1))
    control.reset()
