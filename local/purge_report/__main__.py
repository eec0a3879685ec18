"""`make purge-report`: what is due when and what is overdue, place by place; and the evidence of past purges, checked.

Counts come from the database; no record is read for them. With --dry-run every record that a purge would destroy now is
named as well, and nothing is destroyed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime

from imagesfactory import bootstrap
from imagesfactory.kit.clock import SEOUL
from imagesfactory.privacy.purge.desk import PurgeDesk
from rich.console import Console

from local.operator import connect, parser, run_command
from local.purge_report.tables import due_table, evidence_table


def main(arguments: Sequence[str] | None = None) -> int:
    """Show it. Exit status 0; 1 when something is overdue or the evidence is broken; 2 when nobody could be asked."""
    options = parser("local.purge_report", __doc__)
    options.add_argument("--dry-run", action="store_true", help="name what a purge would destroy now")
    options.add_argument("--all", action="store_true", help="places that hold nothing as well")
    chosen = options.parse_args(arguments)

    def act(console: Console) -> int:
        backend = connect(chosen.project)
        now = bootstrap.clock().now()
        console.print(f"The purge of {backend.described}, as of {now.astimezone(SEOUL):%Y-%m-%d %H:%M} in Seoul.\n")
        desk = bootstrap.purge_desk()
        is_well = show(console, desk, now, all_places=chosen.all)
        if chosen.dry_run:
            rehearse(console, desk, now)
        return 0 if is_well else 1

    return run_command(act)


def show(console: Console, desk: PurgeDesk, now: datetime, *, all_places: bool) -> bool:
    """Print both tables and the verdicts; whether nothing is overdue and the evidence is whole."""
    with console.status("The databases count ..."):
        rows, evidence = list(desk.report(now)), desk.evidence()
    console.print(due_table(rows, all_places=all_places))
    overdue = sum(row.overdue for row in rows)
    console.print(
        f"[red]{overdue} are overdue: see the log lines purge.failed, and whether the schedule `purge` fires.[/]\n"
        if overdue
        else "[green]Nothing is overdue.[/]\n"
    )
    console.print(evidence_table(evidence))
    console.print(
        f"[red]The chain is broken at {', '.join(map(str, evidence.broken))}: that evidence was changed or removed.[/]"
        if evidence.broken
        else f"[green]The chain of {len(evidence.runs)} records of evidence is whole.[/]"
    )
    return not overdue and not evidence.broken


def rehearse(console: Console, desk: PurgeDesk, now: datetime) -> None:
    """Name what would go now."""
    console.print("\nA purge now would destroy:")
    count = 0
    for one in desk.would_go(now):
        count += 1
        due = f"due {one.due_at.astimezone(SEOUL):%Y-%m-%d %H:%M}" if one.due_at else "belongs to no record"
        console.print(f"  {one.place}: {one.path} ({due})", soft_wrap=True)
    console.print(f"{count} in all; nothing was destroyed.")


if __name__ == "__main__":
    sys.exit(main())
