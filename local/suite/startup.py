"""Reads from firebase-tools' output how far the start has come, and why it failed."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from local.suite.errors import FunctionsDidNotLoad, PortTaken, SuiteDidNotStart
from local.suite.process import Child, last_lines

READY = "All emulators ready!"
FUNCTIONS_FAILED = "Failed to load function definition from source"
PORT_TAKEN = ("is not open on", "already in use", "EADDRINUSE")
FIRESTORE_ENDED = "Firestore Emulator has exited"
FIRESTORE_LOG = "firestore-debug.log"
STEPS = {
    "Starting emulators:": "firebase-tools has started",
    "Firestore Emulator was started": "Firestore is ready",
    "Loaded functions definitions": "the functions are loaded",
}


@dataclass
class Startup:
    """Listens to the lines of the firebase process."""

    report: Callable[[str], None]
    functions_failure: str = ""
    port_taken: bool = False
    seen: set[str] = field(default_factory=set)

    def listen(self, line: str) -> bool:
        """Take in one line; true when the emulators are ready, or will not be."""
        if FUNCTIONS_FAILED in line:
            self.functions_failure = line.strip()
        self.port_taken = self.port_taken or any(text in line for text in PORT_TAKEN)
        for text, step in STEPS.items():
            if text in line and text not in self.seen:
                self.seen.add(text)
                self.report(step)
        return READY in line or bool(self.functions_failure)


def wait_until_ready(child: Child, seconds: float, report: Callable[[str], None]) -> None:
    """Return when all emulators serve and the functions are loaded.

    Raises PortTaken, FunctionsDidNotLoad or SuiteDidNotStart, each with the end of the log.
    """
    startup = Startup(report)
    is_ready = child.wait_for_line(seconds, startup.listen)
    if startup.functions_failure:
        raise FunctionsDidNotLoad(_with_log(startup.functions_failure, child), _log_remedy(child))
    if is_ready:
        return
    if startup.port_taken:
        raise PortTaken(
            _with_log("Another program took one of the ports.", child), "Start again: other ports will be chosen."
        )
    what = "ended" if child.has_ended() else f"were not ready after {seconds:.0f} s"
    raise SuiteDidNotStart(_with_log(f"The emulators {what}.", child), _log_remedy(child))


@contextmanager
def start_lock(report: Callable[[str], None]) -> Iterator[None]:
    """Let one suite of this machine start at a time.

    Ports are chosen some time before anybody listens at them; of two suites starting at the same moment, one could read
    the other's declarations of functions.
    """
    path = Path(tempfile.gettempdir()) / f"imagesfactory-suite-start-{os.getuid()}.lock"
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("another suite is starting; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _with_log(fact: str, child: Child) -> str:
    """``fact`` with the end of the log, and of Firestore's own log where that is why."""
    text = f"{fact}\nThe last lines of the log:\n{child.last_lines()}"
    firestore = child.log.parent / FIRESTORE_LOG
    if FIRESTORE_ENDED in text and firestore.exists():
        text += f"\nThe last lines of {FIRESTORE_LOG}:\n{last_lines(firestore)}"
    return text


def _log_remedy(child: Child) -> str:
    return f"Everything that was said is in {child.log.parent}"
