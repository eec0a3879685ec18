"""Cold start: what an instance imports to serve its function, against the bare Functions SDK modules its door needs.

An instance serves one function, so it opens one door; the functions of a door import the same and share a figure. A
process imports the bare modules first and then the function, so that what we add is measured for itself: between two
processes of one program the same imports differ by more than the budget. Processor time is taken, and of some processes
the middle one counts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from local.bench.rows import Row
from local.suite.suite import ROOT

AREA = "cold start"
RUNS = 7
RATIO_MAX = 1.10
DOORS = "import json, main; print(json.dumps(main.DOORS))"
NEEDED = """
import json, sys
import main
for name in sys.argv[1:]:
    getattr(main, name)
print(json.dumps(sorted(name for name in sys.modules if name.startswith("firebase_functions."))))
"""
IMPORTS = """
import importlib, json, sys, time
modules, names = (one.split(",") for one in sys.argv[1:])
began = time.process_time()
for module in modules:
    importlib.import_module(module)
bare = time.process_time() - began
import main
for name in names:
    getattr(main, name)
print(json.dumps([bare, time.process_time() - began]))
"""


def measure() -> list[Row]:
    """The ratio for every door's functions, and what discovery takes, which opens every door."""
    doors: dict[str, list[str]] = _run(DOORS)
    rows = [_door(door, names) for door, names in doors.items()]
    everything = [name for names in doors.values() for name in names]
    discovery = min(_imported(_needed(everything), everything)[1] for _ in range(RUNS // 2))
    return [*rows, Row(AREA, "discovery, all doors", discovery * 1000, "ms", note=f"{len(everything)} functions")]


def _door(door: str, names: list[str]) -> Row:
    modules = _needed(names)  # which also compiles what was never compiled
    runs = [_imported(modules, [names[turn % len(names)]]) for turn in range(RUNS)]
    runs.sort(key=lambda run: run[1] / run[0])
    bare, whole = runs[RUNS // 2]
    note = f"{whole * 1000:.0f} / {bare * 1000:.0f} ms: {', '.join(names)}"
    return Row(AREA, door, whole / bare, "x", RATIO_MAX, note=note)


def _needed(names: list[str]) -> list[str]:
    """The modules of the Functions SDK that are loaded once these functions are."""
    modules: list[str] = _run(NEEDED, *names)
    return modules


def _imported(modules: list[str], names: list[str]) -> tuple[float, float]:
    """Seconds that the bare modules took, and the functions with them."""
    bare, whole = _run(IMPORTS, ",".join(modules), ",".join(names))
    return bare, whole


def _run(program: str, *arguments: str) -> Any:
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT / "functions",
        env={**os.environ, "GCLOUD_PROJECT": "demo-bench"},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)
