"""The figures of recorded runs, a line each, committed with the code they were measured on.

`make bench RECORD=1` adds a line; `python -m local.bench.history [WORDS]` (`make bench-history`) shows how the figures
went. Machines differ, so a run says what it ran on; ratios and counts compare across machines, times and rates only
between runs on the same one.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from local.bench.rows import Row
from local.suite.suite import ROOT

HISTORY = ROOT / "docs" / "bench" / "history.jsonl"
RUNS_SHOWN = 6
Run = dict[str, Any]


def run_of(rows: Sequence[Row]) -> Run:
    """A run as it is kept: when, of which commit, on what machine, and its figures."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
        "rows": [row.as_json() for row in rows],
    }


def record(run: Run, path: Path = HISTORY) -> None:
    """Add a run to the history."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(run, ensure_ascii=False, separators=(",", ":")) + "\n")


def recorded(path: Path = HISTORY) -> list[Run]:
    """All recorded runs, oldest first."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def table(runs: Sequence[Run], words: Sequence[str] = ()) -> Table:
    """The newest runs side by side, one figure a line; only figures whose name has all ``words`` in it."""
    shown = list(runs)[-RUNS_SHOWN:]
    made = Table("area", "what", *(_head(run) for run in shown), "budget")
    columns = [{(row["area"], row["what"]): row for row in run["rows"]} for run in shown]
    figures = dict.fromkeys(figure for column in columns for figure in column)
    for figure in figures:
        if all(word in " ".join(figure) for word in words):
            cells = [_cell(column.get(figure)) for column in columns]
            made.add_row(*figure, *cells, _budget([column[figure] for column in columns if figure in column][-1]))
    return made


def _head(run: Run) -> str:
    return f"{run['commit']}\n{run['at'][:16].replace('T', ' ')}\nload {run['load']}"


def _cell(row: dict[str, Any] | None) -> str:
    if row is None:
        return ""
    colour = {True: "green", False: "red", None: "default"}[row["is_within"]]
    return f"[{colour}]{row['measured']:,.2f}[/]"


def _budget(row: dict[str, Any]) -> str:
    return "" if row["budget"] is None else f"{'≥' if row['more_is_better'] else '≤'} {row['budget']:g} {row['unit']}"


def _commit() -> str:
    """The short name of the commit, with a plus when the working tree is not it."""
    name = _git("rev-parse", "--short", "HEAD")
    return f"{name}+" if _git("status", "--porcelain", "--untracked-files=no") else name


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603, S607
    return done.stdout.strip()


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the history; 1 when there is none."""
    console = Console(highlight=False, width=max(Console().width, 120))
    runs = recorded()
    if not runs:
        print(f"Nothing was recorded yet in {HISTORY.relative_to(ROOT)}. To record a run: make bench RECORD=1")
        return 1
    console.print(table(runs, sys.argv[1:] if arguments is None else arguments))
    console.print(f"{len(runs)} runs in {HISTORY.relative_to(ROOT)}, the newest {min(len(runs), RUNS_SHOWN)} shown.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
