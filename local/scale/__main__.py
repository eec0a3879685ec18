"""`python -m local.scale`: simulate, write docs/scale.md and its plots, say the essence."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from local.scale import costs, limits, page
from local.scale.demand import demand_of
from local.suite.suite import ROOT

DOCS = ROOT / "docs"


def main() -> int:
    """Write the page; always 0."""
    console = Console(highlight=False)
    with console.status("Simulating ..."):
        written = page.files()
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


if __name__ == "__main__":
    sys.exit(main())
