"""What is due when, and the evidence of past purges, as tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from imagesfactory.kit.clock import legal_day
from imagesfactory.privacy.purge.desk import Evidence
from imagesfactory.privacy.purge.model import Run
from imagesfactory.privacy.purge.report import Row
from rich.box import SIMPLE
from rich.table import Table

RUNS_SHOWN: Final = 7
HASH_SHOWN: Final = 8
COLUMNS: Final = ("overdue", "today", "week", "month", "later", "open")
"""``open``: a clock that has not started; an event will."""


def due_table(rows: Iterable[Row], *, all_places: bool) -> Table:
    """One line for each place; those that hold nothing only when asked for."""
    table = Table(title="Due, in days of Seoul", title_justify="left", box=SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("place", no_wrap=True)
    for heading in COLUMNS:
        table.add_column(heading, justify="right")
    for row in rows:
        counts = (row.overdue, row.today, row.week, row.month, row.later, row.undated)
        if any(counts) or all_places:
            cells = [f"{count:,}" if count else "[dim]·[/]" for count in counts]
            if row.overdue:
                cells[0] = f"[red]{row.overdue:,}[/]"
            table.add_row(row.place, *cells)
    return table


def evidence_table(evidence: Evidence) -> Table:
    """The last runs, newest last: a line for each place where something was destroyed, or failed."""
    table = Table(title=f"Evidence, the last {RUNS_SHOWN} runs", title_justify="left", box=SIMPLE)
    table.add_column("run", justify="right")
    table.add_column("day in Seoul", no_wrap=True)
    table.add_column("what went", no_wrap=True)
    table.add_column("count", justify="right")
    table.add_column("hash", no_wrap=True)
    for run in evidence.runs[-RUNS_SHOWN:]:
        mark = "[red]broken[/]" if run.sequence in evidence.broken else run.hash[:HASH_SHOWN]
        for index, (what, count) in enumerate(_lines(run)):
            first = index == 0
            day = legal_day(run.finished_at).isoformat() if first and run.finished_at else ""
            table.add_row(str(run.sequence) if first else "", day, what, f"{count:,}", mark if first else "")
    return table


def _lines(run: Run) -> list[tuple[str, int]]:
    lines = list(run.destroyed.items())
    lines += [(f"[red]failed:[/] {place}", count) for place, count in run.failed.items()]
    lines += [("files that no record named", run.orphans)] if run.orphans else []
    lines += [("[red]files that are missing[/]", run.missing)] if run.missing else []
    return lines or [("nothing was due", 0)]
