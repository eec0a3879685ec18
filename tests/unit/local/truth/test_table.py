"""The table of verdicts: red ones say how much is wrong and where to begin."""

from __future__ import annotations

import io

from imagesfactory.truth.model import Check, Verdict
from rich.console import Console

from local.truth.table import verdict_table


def shown(*verdicts: Verdict, named: int = 5) -> str:
    console = Console(file=io.StringIO(), width=160)
    console.print(verdict_table(verdicts, named))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_green_says_what_is_true_and_nothing_else() -> None:
    row = shown(Verdict(Check.JOBS))
    assert "green" in row
    assert "No job is past its deadline" in row
    assert "RED" not in row


def test_red_counts_all_and_names_the_first() -> None:
    ids = tuple(f"jobs/{number}" for number in range(20))
    row = shown(Verdict(Check.JOBS, 1000, ids, is_more=True))
    assert "1,000+" in row
    assert "jobs/4" in row
    assert "jobs/5" not in row
    assert "and 995 more" in row
    assert "jobs-on-time" in row
    assert "jobs/19" in shown(Verdict(Check.JOBS, 1000, ids), named=20)
