"""What two devices are answered at once, and what a run remembers."""

from __future__ import annotations

import pytest

from local.chaos.plan import Act
from local.chaos.player import GaveUp, Record, first_answer
from local.client import CallRefused


def test_one_answer_is_enough_whatever_the_other_device_got() -> None:
    refused = CallRefused({"status": "ALREADY_EXISTS"})
    assert first_answer([refused, {"job_id": "a"}]) == {"job_id": "a"}
    assert first_answer([{"job_id": "a"}, GaveUp()]) == {"job_id": "a"}


def test_without_any_answer_the_first_refusal_counts() -> None:
    with pytest.raises(CallRefused):
        first_answer([CallRefused({"status": "NOT_FOUND"}), GaveUp()])


def test_a_run_remembers_who_was_promised_what() -> None:
    record = Record()
    record.promised("jobs/1", "jisu")
    record.count("calls")
    record.count("calls")
    assert record.promises == {"jobs/1": "jisu"}
    assert record.counts["calls"] == 2


def test_what_was_only_refused_or_had_no_object_counts_as_undone() -> None:
    record = Record()
    for what in ("done: make images", "refused: order-closed", "nothing there: return points"):
        record.count(what)
    assert record.undone([Act.MAKE, Act.RETURN, Act.RETURN, Act.LEAVE]) == [Act.RETURN, Act.LEAVE]
