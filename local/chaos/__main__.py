"""`make chaos`: members live at once on the whole backend while everything around them fails; then the truth page.

Exit status 0 when every verdict is green, everything that members were to do was done by somebody, nothing that was
promised is lost, everything came to its end and no log gives anything away. The seed is printed; the same seed, number
of members and seconds give the same stories and the same blows.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from local.chaos import judge
from local.chaos.calm import come_to_rest
from local.chaos.plan import Act, blows, story
from local.chaos.player import Player, Record
from local.chaos.servers import Servers
from local.chaos.weather import Weather
from local.client import ClientApp
from local.doubles import ControlClient
from local.scheduler import EmulatorTargets, Scheduler, read_schedules
from local.suite import Suite, SuiteError, running
from local.suite.backend import backend_options
from local.suite.serving import announce, serving_of
from local.suite.suite import ROOT

FOLDER = ROOT / "out" / "chaos"
START_SECONDS = 300.0
"""The suite may start slowly: a run is for busy machines as well."""
PRELUDE_SECONDS = 180.0
"""The first blow falls when somebody has joined, or after this: functions killed whenever they start show nothing."""
AT_ONCE_LEAST, APPS_PER_CORE, APP_GIB = 6, 4, 1.5
"""Apps that run at a time, each calling from two devices. The functions emulator starts a process for every call
of one function that is under way, and keeps it: so it is the memory, and the cores, that bound them."""
ROUNDS_MAX = 4
"""How often the storm comes back until everything was done in it once."""
LAST_WORD_SECONDS = 180.0
"""How long stories that have begun may take to end once the storm is over."""


@dataclass(frozen=True)
class Options:
    """How large a run is."""

    seed: int
    members: int
    seconds: float
    at_once: int

    @property
    def acts(self) -> list[Act]:
        """Everything that its members are to do, somebody at some time."""
        return [act for number in range(self.members) for act in story(self.seed, number)]


def main() -> int:
    """Play, calm down, judge."""
    console = Console(highlight=False)
    options = _options()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    again = f"make chaos SEED={options.seed} MEMBERS={options.members} SECONDS={options.seconds:g}"
    console.print(
        f"{options.members} members, {options.at_once} at a time, {options.seconds:g} seconds of storm or more. "
        f"To repeat: {again}"
    )
    try:
        is_green = run(options, console)
    except SuiteError as error:
        console.print(f"\n[red]{error}[/]")
        return 2
    except KeyboardInterrupt:
        console.print("stopped; nothing is left running")
        return 130
    console.print("[green]All is green.[/]" if is_green else f"[red]Not all is green.[/] To repeat: {again}")
    return 0 if is_green else 1


def run(options: Options, console: Console) -> bool:
    """One whole run; whether everything is as it should be."""
    base = backend_options()
    kept = ("--data", str(FOLDER / "data"))
    chosen = replace(base, firestore_arguments=(*base.firestore_arguments, *kept), start_seconds=START_SECONDS)
    with (
        console.status("The emulator suite and the doubles start ...") as status,
        running(chosen, status.update) as suite,
    ):
        status.stop()
        announce(suite)
        os.environ.update(serving_of(suite.run).environment)
        servers = Servers(suite)
        try:
            return _on(suite, servers, options, console)
        finally:
            console.print(f"Logs of the run: {suite.logs.relative_to(ROOT)}")


def _on(suite: Suite, servers: Servers, options: Options, console: Console) -> bool:
    doubles = ControlClient(suite.doubles["home"])
    targets = EmulatorTargets(suite.addresses.functions.url, suite.project)
    schedules = read_schedules(ROOT / "scheduler.yaml")
    weather = Weather(suite, doubles, servers, Scheduler(schedules, targets, suite.clock))
    try:
        record = storm(suite, weather, doubles, options, console, FOLDER / "blows.log")
    finally:
        weather.end_sweeps()
    judge.print_counts(console, record)
    weather.clear()
    with console.status("The storm is over; everything comes to its end ...") as status:
        left = come_to_rest(judge.database(), Scheduler(schedules, targets, suite.clock), suite.clock, status.update)
        status.update("Every record is read ...")
        found, undone, gone = judge.verdicts(), record.undone(options.acts), judge.lost(record)
        outcome = judge.Outcome(found, undone, gone, left, judge.said_too_much(suite))
    judge.print_outcome(console, outcome)
    return outcome.is_green


def storm(
    suite: Suite, weather: Weather, doubles: ControlClient, options: Options, console: Console, log: Path
) -> Record:
    """The members live while the blows fall; returns what happened to them. Who has begun is let to the end."""
    record, over, stopped, app = Record(), threading.Event(), threading.Event(), ClientApp(suite)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress, log.open("w") as written:
        stories = progress.add_task("stories told", total=options.members)
        fallen = progress.add_task("blows fallen", total=None)

        def play(number: int) -> None:
            if over.is_set():
                record.count("stories never begun")
                return
            Player(number, options.seed, app, doubles, record, stopped).play(story(options.seed, number))
            progress.advance(stories)

        def struck(blow: object) -> None:
            progress.advance(fallen)
            print(blow, file=written, flush=True)

        with ThreadPoolExecutor(options.at_once) as pool:
            played = [pool.submit(play, number) for number in range(options.members)]
            try:
                record.joined.wait(PRELUDE_SECONDS)
                for again in range(ROUNDS_MAX):
                    weather.storm(blows(options.seed, options.seconds, again), stopped, struck)
                    if not record.undone(options.acts):
                        break
                over.set()
                weather.clear()
                wait(played, LAST_WORD_SECONDS)
            finally:
                over.set()
                stopped.set()  # whoever has not finished by now stops where they are
        for one in played:
            one.result()
    return record


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m local.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3)), help="derives every choice")
    parser.add_argument("--members", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=150, help="how long the storm lasts, or one of its rounds")
    parser.add_argument("--at-once", type=int, default=at_once(), help="how many of them live at the same time")
    chosen = parser.parse_args()
    return Options(chosen.seed, chosen.members, chosen.seconds, chosen.at_once)


def at_once() -> int:
    """How many apps this machine carries at a time."""
    carried = min(APPS_PER_CORE * (os.cpu_count() or 1), psutil.virtual_memory().available / 2**30 / APP_GIB)
    return max(AT_ONCE_LEAST, int(carried))


if __name__ == "__main__":
    sys.exit(main())
