"""What is due when, and the evidence of past purges, as tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from imagesfactory.kit.clock import SEOUL
from imagesfactory.privacy.purge.desk import Evidence
from imagesfactory.privacy.purge.report import Row
from rich.table import Table

RUNS_SHOWN: Final = 7
COLUMNS: Final = ("overdue", "today", "7 days", "30 days", "later", "open")
"""``open``: a clock that has not started; an event will."""


def due_table(rows: Iterable[Row], *, all_places: bool) -> Table:
    """One line for each place; those that hold nothing only when asked for."""
    table = Table("place", "class", title="Due, in days of Seoul", title_justify="left")
    for heading in COLUMNS:
        table.add_column(heading, justify="right")
    for row in rows:
        counts = (row.overdue, row.today, row.week, row.month, row.later, row.undated)
        if any(counts) or all_places:
            cells = [f"{count:,}" if count else "[dim]·[/]" for count in counts]
            if row.overdue:
                cells[0] = f"[red]{row.overdue:,}[/]"
            table.add_row(row.place, row.record_class, *cells)
    return table


def evidence_table(evidence: Evidence) -> Table:
    """The last runs, newest last."""
    table = Table("run", "finished", "destroyed", "failed", "orphans", "missing", "hash")
    table.title, table.title_justify = f"Evidence, the last {RUNS_SHOWN} runs", "left"
    for run in evidence.runs[-RUNS_SHOWN:]:
        destroyed = ", ".join(f"{count:,} {place}" for place, count in run.destroyed.items())
        failed = ", ".join(f"{count:,} {place}" for place, count in run.failed.items())
        finished = f"{run.finished_at.astimezone(SEOUL):%Y-%m-%d %H:%M}" if run.finished_at else ""
        mark = "[red]broken[/]" if run.sequence in evidence.broken else f"{run.hash[:12]}…"
        table.add_row(
            str(run.sequence), finished, destroyed or "nothing", failed or "·", str(run.orphans), str(run.missing), mark
        )
    return table
