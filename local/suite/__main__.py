"""`python -m local.suite`: the whole backend on this machine until Ctrl-C, with its schedules."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
from dataclasses import replace
from pathlib import Path
from types import FrameType

from local.scheduler import EmulatorTargets, Scheduler, read_schedules
from local.suite import emulator_ui
from local.suite.addresses import Addresses
from local.suite.backend import backend_options
from local.suite.errors import SuiteError
from local.suite.serving import announce
from local.suite.suite import ROOT, Suite, SuiteOptions, running


def main() -> int:
    """Serve and return the exit status."""
    arguments = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background jobs start with SIGINT ignored
        signal.signal(number, _leave)
    try:
        with running(_options(arguments.data), report=_say) as suite:
            return _serve(suite)
    except SuiteError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        _say("stopped; nothing is left running")
        return 0


def _serve(suite: Suite) -> int:
    schedules = read_schedules(ROOT / "scheduler.yaml")
    targets = EmulatorTargets(suite.addresses.functions.url, suite.project)
    _print_addresses(suite)
    announce(suite)
    with Scheduler(schedules, targets, suite.clock):
        status = suite.firebase.wait()
    print(f"\nThe emulators ended by themselves (status {status}). See {suite.logs}", file=sys.stderr)
    return 1


def _options(data: Path | None) -> SuiteOptions:
    options = backend_options()
    if data is not None:
        more = ("--data", str(data.resolve()))
        options = replace(options, firestore_arguments=(*options.firestore_arguments, *more))
    return replace(options, preferred_ports=_usual_ports(), ui=emulator_ui.is_downloaded(ROOT))


def _usual_ports() -> tuple[int, ...]:
    """The ports that firebase.json names, in the order of Addresses."""
    named = json.loads((ROOT / "firebase.json").read_text())["emulators"]
    names = Addresses.__dataclass_fields__
    return tuple(
        named["firestore"]["websocketPort"] if name == "firestore_websocket" else named[name]["port"] for name in names
    )


def _print_addresses(suite: Suite) -> None:
    print()
    for name in ("auth", "functions", "firestore", "storage", "tasks", "hub"):
        print(f"  {name:<10} {getattr(suite.addresses, name).url}")
    if emulator_ui.is_downloaded(ROOT):
        print(f"  {'ui':<10} {suite.addresses.ui.url}")
    print(f"  logs       {suite.logs}\n")
    print(f"The providers are doubles; what they sent and drew: {suite.doubles['home']}")
    print(
        "Put a provider's key into functions/.secret.local to use the real one.\n\n"
        "In another terminal: make settle shows the day's books; make clock DAYS=91 lets time pass, and the schedules "
        "fire that fall due. Ctrl-C here stops everything.",
        flush=True,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.suite", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder that keeps Firestore's data from one run to the next")
    return parser


def _say(text: str) -> None:
    print(f"- {text}", flush=True)


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
