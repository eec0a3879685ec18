"""The report of a settlement as tables: both books, their differences, points owed to members, the trial balance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imagesfactory.kit.clock import SEOUL
from imagesfactory.payments.settlement import DIFFERENCES_MAX
from imagesfactory.policy.payments import written
from rich.console import Console
from rich.table import Table

SIDES = ("provider_in", "ours_in", "provider_out", "ours_out")


def show(console: Console, report: Mapping[str, Any]) -> None:
    """Print a report of :class:`imagesfactory.payments.settlement.Settlements`."""
    provisional = "" if report["is_over"] else " The day is not over: this is provisional."
    console.print(f"Made {report['made_at'].astimezone(SEOUL):%Y-%m-%d %H:%M} in Seoul.{provisional}\n")
    for table in (_books(report), _differences(report), _outstanding(report), _ledger(report)):
        console.print(table)
    console.print("[green]Both books agree.[/]" if is_clean(report) else "[red]Somebody has to look at this.[/]")


def is_clean(report: Mapping[str, Any]) -> bool:
    """Whether both books agree and no point was minted or lost."""
    ledger = report["ledger"]
    return not (report["difference_count"] or ledger["total"] or ledger["wrong_wallets"])


def _books(report: Mapping[str, Any]) -> Table:
    table = Table("provider", "currency", title="Money that moved that day", title_justify="left")
    for heading in ("came in, theirs", "ours", "went out, theirs", "ours"):
        table.add_column(heading, justify="right")
    for provider, book in sorted(report["providers"].items()):
        if not book["read"]:
            table.add_row(provider, "[red]could not be read[/]")
        elif not book["sums"]:
            table.add_row(provider, "[dim]nothing[/]")
        for currency, sums in sorted(book["sums"].items()):
            table.add_row(provider, currency, *(written(sums.get(side, 0), currency) for side in SIDES))
    return table


def _differences(report: Mapping[str, Any]) -> Table:
    table = Table("what", "of", "known there as", "order", title="Differences", title_justify="left")
    for heading in ("theirs", "ours"):
        table.add_column(heading, justify="right")
    for one in report["differences"]:
        sides = (_amount(one.get("provider")), _amount(one.get("ours")))
        table.add_row(one["kind"], one.get("of", ""), one["id"], one.get("order_id", ""), *sides)
    if report["difference_count"] > DIFFERENCES_MAX:
        table.add_row(f"and {report['difference_count'] - DIFFERENCES_MAX:,} more", "", "", "", "", "")
    if not report["difference_count"]:
        table.add_row("[dim]none[/]", "", "", "", "", "")
    return table


def _outstanding(report: Mapping[str, Any]) -> Table:
    table = Table("kind and age", title="Points outstanding; paid ones are owed to members", title_justify="left")
    table.add_column("points", justify="right")
    for group, points in sorted(report["outstanding"].items()):
        table.add_row(group.replace("_", " "), f"{points:,}")
    return table


def _ledger(report: Mapping[str, Any]) -> Table:
    ledger = report["ledger"]
    table = Table("account", title="Trial balance", title_justify="left", show_footer=True)
    table.add_column("points", justify="right", footer=f"{ledger['total']:,}")
    differ = f"{ledger['wrong_wallets']} of {ledger['wallets']:,}"
    table.columns[0].footer = f"sum (must be 0); wallets that differ: {differ}"
    if ledger["after"] or ledger["reached"]:
        table.caption = "A part of all wallets, as many as one night has time for; the next night goes on behind it."
    for account, points in sorted(ledger["accounts"].items()):
        if points:
            table.add_row(account, f"{points:,}")
    return table


def _amount(side: Mapping[str, Any] | None) -> str:
    return "" if side is None else written(side["amount"], side["currency"])
