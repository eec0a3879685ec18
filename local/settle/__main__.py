"""`make settle`: the settlement of one day, as the deployed function makes it, in tables.

A day that has a report is shown from it; with --again, and where there is none, the two books are compared now. That
needs the providers' keys, because the report would call every payment unread.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from imagesfactory import bootstrap
from imagesfactory.kit.clock import legal_day
from imagesfactory.payments.errors import SettlementNotFound
from rich.console import Console

from local.operator import Backend, OperatorError, connect, parser, run_command
from local.operator.keys import require_payment_keys
from local.settle import tables


def main(arguments: Sequence[str] | None = None) -> int:
    """Show the settlement. Exit status 0; 1 when the books differ; 2 when there is nothing to show."""
    options = parser("local.settle", __doc__)
    options.add_argument("--day", default="yesterday", help="YYYY-MM-DD, yesterday or today, in Seoul")
    options.add_argument("--again", action="store_true", help="compare anew although there is a report")
    chosen = options.parse_args(arguments)
    return run_command(lambda console: _settle(console, connect(chosen.project), chosen.day, again=chosen.again))


def _settle(console: Console, backend: Backend, wanted: str, *, again: bool) -> int:
    now = bootstrap.clock().now()
    day = _day(wanted, now)
    console.print(f"The settlement of {day} in Seoul, {backend.described}.")
    report = _report(console, backend, day, now, again=again)
    tables.show(console, report)
    return 0 if tables.is_clean(report) else 1


def _report(console: Console, backend: Backend, day: date, now: datetime, *, again: bool) -> dict[str, Any]:
    if not again:
        try:
            return bootstrap.settlements().get(day.isoformat())
        except SettlementNotFound:
            console.print("There is no report of that day yet.")
    require_payment_keys(backend)
    with console.status("Comparing the providers' books with ours ..."):
        return bootstrap.settlements().run(now, day)


def _day(wanted: str, now: datetime) -> date:
    today = legal_day(now)
    named = {"today": today, "yesterday": today - timedelta(days=1)}
    try:
        return named.get(wanted) or date.fromisoformat(wanted)
    except ValueError:
        raise OperatorError(f"{wanted} is no day.", "Write it like 2026-11-24, or today, or yesterday.") from None


if __name__ == "__main__":
    sys.exit(main())
