"""The official emulator suite with our stand-ins and the provider doubles: started, watched, and stopped for sure."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from local.suite import doubles, leftovers, rundir
from local.suite.addresses import Addresses
from local.suite.clock import VARIABLE as CLOCK_VARIABLE
from local.suite.clock import SuiteClock
from local.suite.configuration import FunctionsEnvironment, lay_out_project
from local.suite.environment import firebase_environment
from local.suite.errors import PortTaken, ToolMissing
from local.suite.guard import Guard
from local.suite.ports import free_ports
from local.suite.process import Child
from local.suite.registry import DeployedFunction, deployed_functions, require_emulators
from local.suite.rundir import RunFolder
from local.suite.startup import start_lock, wait_until_ready

ROOT = Path(__file__).parents[2]
PROJECT = "demo-imagesfactory"
"""A ``demo-`` project can never be a real one: firebase-tools refuses to reach production for it."""
EMULATORS = ("auth", "functions", "firestore", "storage", "tasks", "eventarc")
FUNCTIONS_MARK = ">  "
"""Begins each line of suite.log that comes from a function."""
STOP_SECONDS = 20.0
PORT_ATTEMPTS = 3

Report = Callable[[str], None]
ChooseEnvironment = Callable[[Addresses, Mapping[str, str]], FunctionsEnvironment]
ChooseArguments = Callable[[Addresses], Sequence[str]]


def _no_environment(_addresses: Addresses, _doubles: Mapping[str, str]) -> FunctionsEnvironment:
    return FunctionsEnvironment()


def _no_arguments(_addresses: Addresses) -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class SuiteOptions:
    """What a run is to be like."""

    root: Path = ROOT
    """Holds firebase.json, the rules, emulator/, local/ and node_modules/."""
    functions: Path = ROOT / "functions"
    project: str = PROJECT
    runs: Path = ROOT / "out" / "suite"
    """Where the folders of runs are kept."""
    with_doubles: bool = True
    doubles_arguments: ChooseArguments = _no_arguments
    """Given the emulators' addresses, further options of ``python -m local.doubles``, such as where events go."""
    functions_environment: ChooseEnvironment = _no_environment
    """Given the emulators' addresses and the doubles' ready line, says what the functions get."""
    firestore_arguments: tuple[str, ...] = ()
    """Further options of ``python -m emulator.firestore``, such as ``("--data", "out/data")``."""
    preferred_ports: tuple[int, ...] = ()
    """In the order of the fields of Addresses; a taken one is replaced by a free one."""
    ui: bool = False
    start_seconds: float = 120.0


@dataclass(frozen=True)
class Suite:
    """A running suite."""

    project: str
    addresses: Addresses
    doubles: Mapping[str, str]
    """The ready line of the doubles; empty without them."""
    functions: tuple[DeployedFunction, ...]
    given: FunctionsEnvironment
    """What the functions were given."""
    run: RunFolder
    firebase: Child
    """The process of firebase-tools."""
    clock: SuiteClock
    """What time it is for the functions."""

    @property
    def logs(self) -> Path:
        """The folder with every log of the run: suite.log, firestore-debug.log, doubles.log."""
        return self.run.logs

    def functions_output(self) -> list[str]:
        """The lines that the functions have printed and logged so far, as firebase-tools marks them."""
        lines = (self.logs / "suite.log").read_text(errors="replace").splitlines()
        return [line.removeprefix(FUNCTIONS_MARK) for line in lines if line.startswith(FUNCTIONS_MARK)]

    def client_environment(self) -> dict[str, str]:
        """The variables by which Google's client libraries find this run's emulators."""
        return self.addresses.client_environment(self.project)

    def function_url(self, name: str) -> str:
        """Where an HTTP or callable function answers; KeyError when there is none of that name."""
        for function in self.functions:
            if function.name == name:
                return f"{self.addresses.functions.url}/{self.project}/{function.region}/{name}"
        raise KeyError(name)


@contextmanager
def running(options: SuiteOptions | None = None, report: Report = lambda _text: None) -> Iterator[Suite]:
    """Start everything, yield it, and return only when no process of it is left.

    ``report`` is told the steps. Raises SuiteError with the remedy when it cannot start.
    """
    chosen = options or SuiteOptions()
    for abandoned in rundir.clean_abandoned(chosen.runs):
        report(f"cleaned up after an earlier run that was killed ({abandoned})")
    for attempt in range(PORT_ATTEMPTS):
        with ExitStack() as stack:
            try:
                suite = _start(chosen, stack, report)
            except PortTaken:
                if attempt + 1 == PORT_ATTEMPTS:
                    raise
                report("a port was taken meanwhile; choosing others")
                continue
            yield suite
            return


def _start(options: SuiteOptions, stack: ExitStack, report: Report) -> Suite:
    firebase = _firebase_program(options.root)
    run = rundir.open_run(options.runs)
    stack.callback(run.close)
    guard = Guard(run, root=ROOT)
    stack.callback(guard.close)
    children: list[Child] = []
    stack.callback(_stop, run, children)
    addresses = Addresses.on_loopback(free_ports(Addresses.count(), options.preferred_ports))
    ready: Mapping[str, str] = {}
    if options.with_doubles:
        child, ready = doubles.start_doubles(
            os.environ, options.doubles_arguments(addresses), root=options.root, run=run
        )
        children.append(child)
        report("the provider doubles are ready")
    clock = SuiteClock.started(run.clock, ready.get("home", ""))
    given = options.functions_environment(addresses, ready)
    given = replace(given, variables={**given.variables, CLOCK_VARIABLE: str(run.clock)})
    with start_lock(report):
        child = _start_firebase(firebase, options, run, addresses, given)
        children.insert(0, child)
        wait_until_ready(child, options.start_seconds, report)
    require_emulators(addresses.hub, EMULATORS)
    functions = deployed_functions(addresses.functions)
    report(f"all is ready; {len(functions)} functions, logs in {run.logs}")
    return Suite(options.project, addresses, ready, functions, given, run, child, clock)


def _start_firebase(
    firebase: Path,
    options: SuiteOptions,
    run: RunFolder,
    addresses: Addresses,
    given: FunctionsEnvironment,
) -> Child:
    configuration = lay_out_project(
        run.project,
        root=options.root,
        functions=options.functions,
        addresses=addresses,
        secrets=given.secrets,
        ui=options.ui,
    )
    only = ",".join((*EMULATORS, "ui") if options.ui else EMULATORS)
    return Child(
        [
            str(firebase),
            "emulators:start",
            "--config",
            str(configuration),
            "--project",
            options.project,
            "--only",
            only,
        ],
        environment=firebase_environment(
            os.environ,
            root=options.root,
            run=run,
            functions_variables=given.variables,
            firestore_arguments=options.firestore_arguments,
        ),
        folder=run.logs,
        log=run.logs / "suite.log",
    )


def _stop(run: RunFolder, children: list[Child]) -> None:
    """End everything of the run, first to last, and whatever it left behind."""
    for child in children:
        child.interrupt(signal.SIGINT, STOP_SECONDS)
    leftovers.end_processes_of(run.id)
    for child in children:
        child.close()


def _firebase_program(root: Path) -> Path:
    firebase = root / "node_modules" / ".bin" / "firebase"
    if not firebase.exists():
        raise ToolMissing("firebase-tools is not installed.", "Run: make setup")
    if shutil.which("node") is None:
        raise ToolMissing("node is not on PATH.", "Install Node.js 20 or newer, then: make setup")
    return firebase
