"""`python -m local.demo`: start everything, play the story, say where its results are, stop everything."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import ExitStack

from rich.console import Console

from local.demo.farewell import FarewellFailed
from local.demo.steps import Steps
from local.demo.story import Story, StoryFailed
from local.demo.years import YearsFailed
from local.suite import SuiteError, running
from local.suite.backend import backend_options
from local.suite.suite import ROOT

FOLDER = ROOT / "out" / "demo"


def main() -> int:
    """Play the demo; 0 when the whole story held."""
    console = Console(highlight=False)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    try:
        _play(console)
    except SuiteError as error:
        console.print(f"\n[red]{error}[/]")
        return 1
    except (StoryFailed, FarewellFailed, YearsFailed) as broken:
        console.print(f"\n[red]The story broke: {broken}.[/] The logs of the run are below {ROOT / 'out' / 'suite'}")
        return 1
    return 0


def _play(console: Console) -> None:
    steps = Steps(console)
    with ExitStack() as stack:
        with steps.step("The emulator suite and the doubles start") as step:
            suite = stack.enter_context(running(backend_options(), report=step.say))
            step.result = f"{len(suite.functions)} functions"
        os.environ.update(suite.client_environment())
        files = Story(suite, steps, FOLDER).play()
        stack.push(lambda *_: console.print("  everything has stopped"))
    console.print("\nLook at what the story left:")
    for path in files:
        console.print(f"  {path.relative_to(ROOT)}")
    console.print(
        "\n`make serve` keeps the same stack running, with a mailbox and a gallery to click through.", soft_wrap=True
    )


if __name__ == "__main__":
    sys.exit(main())
