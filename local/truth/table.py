"""Verdicts as a table, red ones with where to look."""

from __future__ import annotations

from collections.abc import Iterable

from imagesfactory.truth.model import Verdict
from rich.table import Table

NAMED = 5
"""How many ids a row shows; --all shows every one that the verdict names."""


def verdict_table(verdicts: Iterable[Verdict], named: int = NAMED) -> Table:
    """One row a verdict, red ones with their count and the first places to look at."""
    table = Table("verdict", "what is true when it is green", "wrong", "where to look", title_justify="left")
    for verdict in verdicts:
        if verdict.is_green:
            table.add_row("[green]green[/]", verdict.check.text.en, "", "")
        else:
            count = f"{verdict.count:,}{'+' if verdict.is_more else ''}"
            table.add_row(
                "[red]RED[/]", f"{verdict.check.text.en} [dim]{verdict.check.value}[/]", count, _where(verdict, named)
            )
    return table


def _where(verdict: Verdict, named: int) -> str:
    more = verdict.count - min(named, len(verdict.ids))
    return "\n".join([*verdict.ids[:named], *([f"and {more:,} more"] if more else [])])
