"""The end of a chaos run: the truth page, what was promised and is lost, what never ended, what the logs gave away."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

from google.cloud.firestore import Client
from imagesfactory import bootstrap
from imagesfactory import bootstrap_office as office
from imagesfactory.kit.settings import settings
from imagesfactory.truth.model import IDS_MAX, Verdict
from imagesfactory.vendors.firestore_client import default_database
from rich.console import Console

from local.chaos.plan import Act
from local.chaos.player import TYPED, Record
from local.suite import Suite
from local.suite.confidences import confidences
from local.truth.table import verdict_table

LOOKED_UP = 300


@dataclass(frozen=True)
class Outcome:
    """What a run came to."""

    verdicts: Sequence[Verdict]
    undone: Sequence[Act]
    """Acts of the stories that nobody has done: of these the run has shown nothing."""
    lost: Sequence[str]
    """What was promised and is lost."""
    left: Mapping[str, int]
    """What never came to its end, by place."""
    said: Mapping[str, int]
    """What may stand in no log, and stands in one, by kind."""

    @property
    def is_green(self) -> bool:
        """Whether all of it is as it should be."""
        found = (self.undone, self.lost, self.left, self.said)
        return not any(found) and all(verdict.is_green for verdict in self.verdicts)


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


def said_too_much(suite: Suite) -> Counter[str]:
    """What may stand in no log and stands in those of the functions and of the database, by kind."""
    databases = [path.read_text(errors="replace") for path in sorted(suite.logs.glob("firestore*.log"))]
    found: Counter[str] = Counter()
    for log in ("\n".join(suite.functions_output()), *databases):
        found += confidences(log, typed=TYPED, secrets=suite.given.secrets.values())
    return found


def print_outcome(console: Console, outcome: Outcome) -> None:
    """Show what was found."""
    console.print(verdict_table(outcome.verdicts, IDS_MAX))
    if outcome.undone:
        acts = ", ".join(act.value for act in outcome.undone)
        console.print(f"[red]Nobody got to[/] {acts}: of that nothing was shown. A slow machine needs more SECONDS.")
    if outcome.lost:
        console.print(f"[red]Promised and lost:[/] {', '.join(outcome.lost[:IDS_MAX])}")
    for what, found in (("Never came to its end", outcome.left), ("In the logs", outcome.said)):
        if found:
            console.print(f"[red]{what}:[/] {', '.join(f'{count} {name}' for name, count in found.items())}")
