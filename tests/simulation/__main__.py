"""`make simulate`: the simulation in a large size, every single day lived, with a table of how each class fared."""

from __future__ import annotations

import argparse
import sys
from datetime import date, timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from local.doubles import running
from tests.firestore_process import ROOT, start_firestore
from tests.simulation.checker import Checker
from tests.simulation.deeds import Deeds
from tests.simulation.driver import Simulation
from tests.simulation.lives import draw_lives
from tests.simulation.run import prepared, table
from tests.simulation.seoul_days import last_day, years
from tests.simulation.story import FIRST_DAY, Story, six_years

PROBLEMS_SHOWN_MAX = 20


def main() -> int:
    """0 when every record died on its day, 1 when not."""
    chosen = _options()
    last = last_day(FIRST_DAY, years(chosen.years)) + timedelta(days=5)
    console = Console(stderr=True)
    console.print(
        f"{FIRST_DAY} to {last}, every day lived, with {chosen.members} members beside the story's."
        f"\nThe same again: make simulate YEARS={chosen.years} MEMBERS={chosen.members} SEED={chosen.seed}"
    )

    def tell_story(deeds: Deeds) -> Story:
        story = six_years(deeds)
        draw_lives(story, deeds, chosen.members, chosen.seed, FIRST_DAY + timedelta(days=2), last)
        return story

    indexes = ("--indexes", str(ROOT / "firestore.indexes.json"), "--require-indexes")
    with (
        start_firestore(None, *indexes) as process,
        running() as doubles,
        prepared(process, doubles, tell_story, every_day=True) as simulation,
    ):
        _run(simulation, last, console)
        return _say(simulation.checker, simulation.days_lived, is_balanced=simulation.house.balance().is_balanced)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--years", type=int, default=6, help="how long it goes on (1 to 20)")
    parser.add_argument("--members", type=int, default=12, help="lives that are drawn beside the story's")
    parser.add_argument("--seed", type=int, default=1, help="what they are drawn by: the same seed, the same lives")
    chosen = parser.parse_args()
    if not (1 <= chosen.years <= 20 and 0 <= chosen.members <= 1000):
        parser.error("YEARS is from 1 to 20, MEMBERS from 0 to 1000")
    return chosen


def _run(simulation: Simulation, last: date, console: Console) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(str(FIRST_DAY), total=(last - FIRST_DAY).days + 1)

        def tell(day: date) -> None:
            records = len(simulation.checker.records)
            progress.update(task, advance=1, description=f"{day}  {records} records")

        simulation.run(FIRST_DAY, last, tell)


def _say(checker: Checker, days: int, *, is_balanced: bool) -> int:
    shown = Table(title=f"{days} days lived")
    shown.add_column("class of records")
    for name in ("born", "died on their day", "taken back by members", "alive"):
        shown.add_column(name, justify="right")
    for name, *counts in table(checker):
        shown.add_row(name, *map(str, counts))
    Console().print(shown)
    problems = [*checker.problems, *([] if is_balanced else ["the ledger does not balance"])]
    for problem in problems[:PROBLEMS_SHOWN_MAX]:
        print("WRONG:", problem)
    print("Every record died on its day." if not problems else f"{len(problems)} things are wrong.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
