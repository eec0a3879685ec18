"""When a chaos run is green: nothing is left out of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from imagesfactory.truth.model import Check, Verdict

from local.chaos.judge import Outcome
from local.chaos.plan import Act

GREEN = Outcome([Verdict(check) for check in Check], undone=[], lost=[], left={}, said={})


def test_a_run_is_green_when_all_of_it_is() -> None:
    assert GREEN.is_green


@pytest.mark.parametrize(
    "outcome",
    [
        replace(GREEN, verdicts=[*GREEN.verdicts, Verdict(Check.JOBS, 1)]),
        replace(GREEN, undone=[Act.LEAVE]),
        replace(GREEN, lost=["jobs/1"]),
        replace(GREEN, left={"mail": 2}),
        replace(GREEN, said={"token": 1}),
    ],
)
def test_one_thing_is_enough_to_make_it_red(outcome: Outcome) -> None:
    assert not outcome.is_green
