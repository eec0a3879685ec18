"""The end of a chaos run: the truth page, what was promised and is lost, and what never came to its end."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from typing import Any

from google.cloud.firestore import Client
from imagesfactory import bootstrap
from imagesfactory import bootstrap_office as office
from imagesfactory.kit.settings import settings
from imagesfactory.truth.model import IDS_MAX, Verdict
from imagesfactory.vendors.firestore_client import default_database
from rich.console import Console

from local.chaos.plan import Act
from local.chaos.player import Record
from local.truth.table import verdict_table

LOOKED_UP = 300
WORTH_TELLING = {f"done: {act.value}" for act in (Act.MAKE, Act.BUY_WITH_TOSS, Act.BUY_WITH_STRIPE)}
"""A run in which nobody did any of these has shown nothing."""


def database() -> Client:
    """The default database, as the functions see it."""
    return default_database(settings())


def verdicts() -> list[Verdict]:
    """Every verdict, of the page and of the audit."""
    now = bootstrap.clock().now()
    with redirect_stdout(sys.stderr):  # what the rooms log is no part of the answer
        return [*office.truth_page().look(now).verdicts, *office.truth_audit().verdicts(now)]


def lost(record: Record) -> list[str]:
    """What the service promised to members who stayed, and has no record of."""
    client: Any = database()
    paths = [path for path, uid in record.promises.items() if uid not in record.left]
    found: set[str] = set()
    for start in range(0, len(paths), LOOKED_UP):
        references = [client.document(path) for path in paths[start : start + LOOKED_UP]]
        found |= {one.reference.path for one in client.get_all(references, field_paths=()) if one.exists}
    return sorted(set(paths) - found)


def print_counts(console: Console, record: Record) -> None:
    """What happened to the members."""
    for what, count in sorted(record.counts.items()):
        console.print(f"  {count:6,}  {what}")


def print_verdicts(console: Console, record: Record, found: Sequence[Verdict], left: Mapping[str, int]) -> bool:
    """Show what was found; whether all of it is as it should be."""
    gone = lost(record)
    console.print(verdict_table(found, IDS_MAX))
    told = not record.counts.keys().isdisjoint(WORTH_TELLING)
    if not told:
        console.print("[red]Nothing was done, so nothing was tried.[/] A slow machine needs more SECONDS.")
    if gone:
        console.print(f"[red]Promised and lost:[/] {', '.join(gone[:IDS_MAX])}")
    if left:
        console.print(
            f"[red]Never came to its end:[/] {', '.join(f'{count} {place}' for place, count in left.items())}"
        )
    return told and not gone and not left and all(verdict.is_green for verdict in found)
