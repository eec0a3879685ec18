"""Six years in which every record dies on its day: none early, none late, and nothing of those who left remains."""

from __future__ import annotations

import re

import pytest
from imagesfactory.policy.retention import retention
from imagesfactory.privacy.purge.model import broken_links

from local.doubles import Doubles
from tests.firestore_process import FirestoreProcess
from tests.simulation.run import prepared, table
from tests.simulation.story import FIRST_DAY, LAST_DAY, six_years
from tests.simulation.table import FILES, ROWS

NEVER_DIES_HERE = {"member data"}


def test_every_registered_place_is_in_the_table() -> None:
    """Only names are compared; what is promised of them was written by hand."""
    for places, rows in ((retention().collections, ROWS), (retention().buckets, FILES)):
        assert {re.sub(r"\{\w+\}", "*", place) for place in places} == rows.keys()


@pytest.mark.timeout(400)
def test_every_record_dies_on_its_day_through_six_years(firestore_process: FirestoreProcess, doubles: Doubles) -> None:
    with prepared(firestore_process, doubles, six_years) as simulation:
        simulation.run(FIRST_DAY, LAST_DAY)

        assert simulation.checker.problems == []
        found = {name: (born, died) for name, born, died, _, _ in table(simulation.checker)}
        assert found.keys() == {row.name for row in (*ROWS.values(), *FILES.values())}, "every class took part"
        assert {name for name, (_, died) in found.items() if not died} <= NEVER_DIES_HERE, "of every class some died"
        for _, born, died, taken_back, alive in table(simulation.checker):
            assert born == died + taken_back + alive
        assert simulation.house.balance().is_balanced, "ledger entries were carried forward without a point lost"
        assert broken_links(list(simulation.house.purge._runs.all())) == []
        assert simulation.days_lived > 100
