"""`python -m local.bench [--record] [AREA ...]`: measure the budgets and print one table.

The table is kept in out/bench/report.json; `--record` also adds it to the history that is committed. Nothing here runs
in CI: the budgets that are counts, and so do not depend on the machine, are tests.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO

from rich.console import Console
from rich.table import Table

import local.bench
from local.bench import history
from local.bench.rows import Row
from local.suite.suite import ROOT

REPORT = ROOT / "out" / "bench" / "report.json"
VERDICTS = {True: "[green]within[/]", False: "[red]over[/]", None: ""}


def main() -> int:
    """Measure and print; 1 when a budget is exceeded."""
    measurers = _measurers()
    options = _parser(list(measurers)).parse_args()
    chosen = options.areas or list(measurers)
    console = Console(file=sys.stdout, highlight=False, width=max(Console().width, 120))
    rows: list[Row] = []
    for area in chosen:
        with console.status(f"Measuring {area} ..."), redirect_stdout(StringIO()):  # the backend logs its work
            rows.extend(measurers[area]())
        console.print(f"[green]✓[/] {area}")
    console.print(_table(rows))
    run = history.run_of(rows)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(run, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    console.print(f"Kept in {REPORT.relative_to(ROOT)}")
    if options.record:
        history.record(run)
        console.print(f"Recorded in {history.HISTORY.relative_to(ROOT)}; see it with: make bench-history")
    return 1 if any(row.is_within is False for row in rows) else 0


def _measurers() -> dict[str, Callable[[], list[Row]]]:
    """Every module of this folder that has a ``measure``."""
    names = [module.name for module in pkgutil.iter_modules(local.bench.__path__) if not module.name.startswith("_")]
    modules = {name: importlib.import_module(f"local.bench.{name}") for name in names}
    return {name: module.measure for name, module in modules.items() if hasattr(module, "measure")}


def _table(rows: list[Row]) -> Table:
    table = Table("area", "what", "measured", "budget", "ratio", "verdict", "note")
    for row in rows:
        budget = "" if row.budget is None else f"{'≥' if row.more_is_better else '≤'} {row.budget:g} {row.unit}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        measured = f"{row.measured:,.2f} {row.unit}"
        table.add_row(row.area, row.what, measured, budget, ratio, VERDICTS[row.is_within], row.note)
    return table


def _parser(areas: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.bench", description=__doc__)
    parser.add_argument("--record", action="store_true", help="add the figures to the committed history")
    parser.add_argument("areas", nargs="*", choices=[*areas, []], metavar="AREA", help=", ".join(areas))
    return parser


if __name__ == "__main__":
    sys.exit(main())
