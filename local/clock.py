"""`make clock DAYS=91`: let time pass for the backend that `make serve` runs on this machine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from imagesfactory.kit.clock import SEOUL
from rich.console import Console

from local.operator import OperatorError, run_command
from local.operator.errors import NothingServes
from local.suite.serving import serving_now
from local.suite.suite import SuiteOptions


class NoWayBack(OperatorError):
    """Somebody wants to go back in time."""


def main(arguments: Sequence[str] | None = None, runs: Path = SuiteOptions.runs) -> int:
    """Move the clock, or only say what it shows. Exit status 0; 2 when no backend runs here."""
    options = argparse.ArgumentParser(prog="python -m local.clock", description=__doc__)
    options.add_argument("--days", type=float, default=0, help="so many days pass in a moment")
    options.add_argument("--hours", type=float, default=0, help="so many hours more")
    chosen = options.parse_args(arguments)
    return run_command(lambda console: _move(console, runs, chosen.days, chosen.hours))


def _move(console: Console, runs: Path, days: float, hours: float) -> int:
    serving = serving_now(runs)
    if serving is None:
        raise NothingServes("No backend runs on this machine.", "Start one in another terminal: make serve")
    if days < 0 or hours < 0:
        raise NoWayBack("The clock goes forward only: nothing that happened un-happens.", "To begin anew: make serve")
    now = serving.clock.move(days=days, hours=hours)
    ahead = f"{serving.clock.offset.days} days ahead" if serving.clock.offset else "as on this machine"
    console.print(f"For the backend it is {now.astimezone(SEOUL):%Y-%m-%d %H:%M} in Seoul, {ahead}.")
    if days or hours:
        console.print("Sweep, purge and settlement fire now where they fell due; see the terminal of make serve.")
    else:
        console.print("To let time pass: make clock DAYS=91")
    return 0


if __name__ == "__main__":
    sys.exit(main())
