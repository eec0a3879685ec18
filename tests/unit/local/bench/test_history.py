"""The history of measured figures: what is recorded is what is shown, newest last."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from local.bench import history
from local.bench.rows import Row


def shown(runs: list[history.Run], *words: str) -> str:
    console = Console(width=200, no_color=True)
    with console.capture() as capture:
        console.print(history.table(runs, words))
    return capture.get()


def test_a_recorded_run_says_what_was_measured_on_what(tmp_path: Path) -> None:
    path = tmp_path / "bench" / "history.jsonl"
    run = history.run_of([Row("4-image job", "document reads", 12, "reads", 12)])
    history.record(run, path)
    history.record(run, path)
    assert history.recorded(path) == [run, run]
    assert run["rows"][0]["is_within"] is True
    assert {"at", "commit", "machine", "python", "load"} <= run.keys()


def test_runs_stand_side_by_side_with_a_gap_where_nothing_was_measured() -> None:
    first = history.run_of([Row("purge", "memory", 40, "MB"), Row("cold start", "tasks", 1.2, "x", 1.1)])
    second = history.run_of([Row("cold start", "tasks", 1.05, "x", 1.1)])
    page = shown([first, second])
    (tasks,) = [line for line in page.splitlines() if "tasks" in line]
    assert tasks.index("1.20") < tasks.index("1.05") < tasks.index("≤ 1.1 x")
    assert "40.00" in page
    assert "memory" not in shown([first, second], "cold")


def test_without_a_history_the_command_says_how_to_begin_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(history, "recorded", list)
    assert history.main([]) == 1
    assert "make bench RECORD=1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("row", "ratio", "is_within"),
    [
        (Row("a", "at most", 9, "ms", 10), 0.9, True),
        (Row("a", "at most", 11, "ms", 10), 1.1, False),
        (Row("a", "at least", 20, "1/s", 10, more_is_better=True), 0.5, True),
        (Row("a", "at least", 5, "1/s", 10, more_is_better=True), 2.0, False),
        (Row("a", "only reported", 5, "1/s"), None, None),
    ],
)
def test_a_ratio_above_one_is_over_the_budget_whichever_way_it_goes(
    row: Row, ratio: float | None, is_within: bool | None
) -> None:
    assert (row.ratio, row.is_within) == (ratio, is_within)
