"""The shop's side of the payment doubles, fresh for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe

from local.doubles import Doubles
from tests.payment_shop import Receiver, Toss, receiving, stripe_client


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def shop(doubles: Doubles) -> stripe.StripeClient:
    return stripe_client(doubles)


@pytest.fixture
def toss(doubles: Doubles) -> Toss:
    return Toss(doubles)
