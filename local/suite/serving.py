"""How a running `make serve` is found from another terminal: it says in its run's folder where everything is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from local.suite import rundir
from local.suite.clock import VARIABLE as CLOCK_VARIABLE
from local.suite.clock import SuiteClock
from local.suite.suite import Suite

LOCAL_FILES = (".secret.local", ".env.local")
"""What the emulators read besides the environment and ``.env.<project>``, in the run's copy of functions/."""


@dataclass(frozen=True)
class Serving:
    """A backend that `make serve` keeps running."""

    project: str
    environment: dict[str, str]
    """What its functions see: emulators, doubles, secrets."""
    doubles: dict[str, str]
    """The ready line of the doubles."""

    @property
    def clock(self) -> SuiteClock:
        """What time it is for its functions."""
        return SuiteClock(Path(self.environment[CLOCK_VARIABLE]), self.doubles.get("home", ""))


def announce(suite: Suite) -> None:
    """Say where ``suite`` is, until its run ends."""
    facts = {
        "project": suite.project,
        "environment": {**suite.client_environment(), **suite.given.variables, "FUNCTIONS_EMULATOR": "true"},
        "doubles": dict(suite.doubles),
    }
    unfinished = suite.run.serving.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(facts))
    unfinished.replace(suite.run.serving)  # at once, so that nobody reads half of it


def serving_now(runs: Path) -> Serving | None:
    """The backend that was announced last among those of ``runs`` that still run, if there is any."""
    announced = (run for run in reversed(rundir.running_runs(runs)) if run.serving.is_file())
    run = next(announced, None)
    return None if run is None else serving_of(run)


def serving_of(run: rundir.RunFolder) -> Serving:
    """What was announced of a run."""
    facts = json.loads(run.serving.read_text())
    functions = run.project / "functions"
    own: dict[str, str] = {}
    for name in (f".env.{facts['project']}", *LOCAL_FILES):
        own |= {variable: value for variable, value in dotenv_values(functions / name).items() if value}
    return Serving(facts["project"], {**facts["environment"], **own}, facts["doubles"])
