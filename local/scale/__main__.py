"""`python -m local.scale`: simulate, write docs/scale.md and its plots, say the essence; --check only compares."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from local.scale import costs, limits, page
from local.scale.demand import demand_of
from local.suite.suite import ROOT

DOCS = ROOT / "docs"


def main() -> int:
    """Write the page and return 0; with ``--check``, 1 when what is there is not what would be written."""
    console = Console(highlight=False)
    with console.status("Simulating ..."):
        written = page.files()
    if "--check" in sys.argv[1:]:
        stale = [name for name, content in written.items() if _present(name) != content]
        console.print(f"Stale: {', '.join(stale)}. Run make scale." if stale else "docs/scale.md is up to date.")
        return int(bool(stale))
    for name, content in written.items():
        (DOCS / name).parent.mkdir(parents=True, exist_ok=True)
        (DOCS / name).write_text(content, encoding="utf-8")
    table = Table("members", "dollars a month", "first limit", "taken")
    for members in page.SIZES:
        first = limits.first_limit(members)
        bill = sum(costs.monthly(demand_of(members)).values())
        table.add_row(f"{members:,}", f"{bill:,.0f}", first.name, f"{first.share:.0%}")
    console.print(table)
    console.print(f"Written: {', '.join(f'docs/{name}' for name in written)}")
    return 0


def _present(name: str) -> str | None:
    path = DOCS / name
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
