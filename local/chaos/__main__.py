"""`make chaos`: members live at once on the whole backend while everything around them fails; then the truth page.

Exit status 0 when every verdict is green, nothing that was promised is lost and everything came to its end. The seed is
printed; the same seed, number of members and seconds give the same stories and the same blows.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from local.chaos import judge
from local.chaos.calm import come_to_rest
from local.chaos.plan import blows, story
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
AT_ONCE = 6
"""Apps that run at a time, each calling from two devices: the functions emulator starts a process for every call of one
function that is under way, and that on the cores of one machine."""


@dataclass(frozen=True)
class Options:
    """How large a run is."""

    seed: int
    members: int
    seconds: float


def main() -> int:
    """Play, calm down, judge."""
    console = Console(highlight=False)
    options = _options()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    again = f"make chaos SEED={options.seed} MEMBERS={options.members} SECONDS={options.seconds:g}"
    console.print(f"{options.members} members, {options.seconds:g} seconds of storm. To repeat: {again}")
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
        verdicts = judge.verdicts()
    return judge.print_verdicts(console, record, verdicts, left)


def storm(
    suite: Suite, weather: Weather, doubles: ControlClient, options: Options, console: Console, log: Path
) -> Record:
    """All members at once, while the blows fall; returns what happened to them."""
    record, stopped, app = Record(), threading.Event(), ClientApp(suite)
    planned = blows(options.seed, options.seconds)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress, log.open("w") as written:
        stories = progress.add_task("stories told", total=options.members)
        fallen = progress.add_task("blows fallen", total=len(planned))

        def play(number: int) -> None:
            Player(number, options.seed, app, doubles, record, stopped).play(story(options.seed, number))
            progress.advance(stories)

        def struck(blow: object) -> None:
            progress.advance(fallen)
            print(blow, file=written, flush=True)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            played = [pool.submit(play, number) for number in range(options.members)]
            try:
                record.joined.wait(PRELUDE_SECONDS)
                weather.storm(planned, stopped, struck)
            finally:
                stopped.set()  # whoever has not finished by now stops where they are
        for one in played:
            one.result()
    return record


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m local.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3)), help="derives every choice")
    parser.add_argument("--members", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=150, help="how long the storm lasts")
    chosen = parser.parse_args()
    return Options(chosen.seed, chosen.members, chosen.seconds)


if __name__ == "__main__":
    sys.exit(main())
