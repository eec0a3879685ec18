"""Starts the provider doubles beside the emulators and reads where they listen."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local.suite.errors import SuiteDidNotStart
from local.suite.leftovers import RUN_VARIABLE
from local.suite.process import Child
from local.suite.rundir import RunFolder

READY_SECONDS = 60.0


def start_doubles(
    base: Mapping[str, str], arguments: Sequence[str], *, root: Path, run: RunFolder
) -> tuple[Child, dict[str, str]]:
    """The process and its ready line: a JSON object with every address.

    Raises SuiteDidNotStart when the line does not come.
    """
    child = Child(
        [sys.executable, "-u", "-m", "local.doubles", *arguments],
        environment={**base, RUN_VARIABLE: run.id},
        folder=root,
        log=run.logs / "doubles.log",
    )
    ready: dict[str, str] = {}

    def listen(line: str) -> bool:
        found = _object_in(line)
        ready.update({name: str(value) for name, value in found.items() if name != "ready"})
        return bool(found)

    if not child.wait_for_line(READY_SECONDS, listen):
        raise SuiteDidNotStart(
            f"The provider doubles did not start.\n{child.last_lines()}", f"Their log is {child.log}"
        )
    return child, ready


def _object_in(line: str) -> dict[str, Any]:
    if not line.startswith("{"):
        return {}
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
