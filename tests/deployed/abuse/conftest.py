"""Functions that are never asked too often, and a database with members whose things are worth having."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from imagesfactory import bootstrap_office as office
from imagesfactory.policy import limits as policy
from imagesfactory.policy.limits import Limits, limits

from tests.deployed.abuse.who import JISU, STRANGER, Victim, join
from tests.deployed.functions import Deployed


@pytest.fixture
def unlimited(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """So that what is refused is refused for what it is."""
    wide = limits().model_dump()
    for rate in wide["rates"].values():
        rate |= {"burst": 10_000, "refill_seconds": 1}
    for one in wide["functions"].values():
        one["address"] = one["address"] if one["member"] is None else None
    chosen = Limits.model_validate(wide)
    monkeypatch.setattr(policy, "limits", lambda: chosen)
    yield
    office.limits.cache_clear()


@pytest.fixture
def victim(unlimited: None, deployed: Deployed, database: Any) -> Victim:
    """A member with a job, an order and an inquiry; a stranger is a member too, with nothing."""
    token = join(deployed, JISU, "김지수")
    join(deployed, STRANGER)
    return Victim.made(deployed, token)
