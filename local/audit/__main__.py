"""`python -m local.audit`: what we stand on that is known to be unsafe, and what we publish that is secret.

Ends with 0 only if everything was checked and is clean; 1 if something was found; 3 if a source could not be reached.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local.audit import credentials, licences, node_advisories, python_advisories
from local.audit.finding import Check, Verdict, exit_status

ROOT = Path(__file__).parents[2]
CHECKS: dict[str, Callable[[], Check]] = {
    credentials.NAME: partial(credentials.check, ROOT),
    licences.NAME: partial(licences.check, ROOT / "functions" / "constraints.txt"),
    python_advisories.NAME: partial(python_advisories.check, ROOT / "constraints.txt"),
    node_advisories.NAME: partial(node_advisories.check, ROOT),
}
COLOURS = {Verdict.CLEAN: "green", Verdict.FOUND: "red", Verdict.UNCHECKED: "yellow"}
ENDINGS = {
    0: "[green]All was checked and is clean.[/]",
    1: "[red]Something was found.[/]",
    3: "[yellow]Incomplete: nothing was found, but not everything could be checked here.[/]",
}


def main() -> int:
    """Run every check, print the table; returns the exit status."""
    console = Console(highlight=False, width=max(Console().width, 120))
    done: list[Check] = []
    for name, check in CHECKS.items():
        with console.status(f"Checking: {name} ..."):
            done.append(check())
    console.print(_table(done))
    for one in done:
        for line in (*one.findings, *filter(None, [one.remedy])):
            console.print(f"  {one.name}: {line}", markup=False)
    status = exit_status(done)
    console.print(f"{ENDINGS[status]} (status {status})")
    return status


def _table(checks: list[Check]) -> Table:
    table = Table("check", "looked at", "verdict", "findings")
    for check in checks:
        colour = COLOURS[check.verdict]
        table.add_row(check.name, check.looked_at, f"[{colour}]{check.verdict.value}[/]", str(len(check.findings)))
    return table


if __name__ == "__main__":
    sys.exit(main())
