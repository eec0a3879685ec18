"""Cold start: what an instance imports to serve its function, against the bare Functions SDK modules its door needs.

An instance serves one function, so it opens one door; the functions of a door import the same and share a figure. Each
import runs in a process of its own, in turn with the bare one. Processor time is compared, the least of some runs:
it is what the import itself takes, whatever else the machine does.
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
PAIRS = 4
RATIO_MAX = 1.10
DOORS = "import json, main; print(json.dumps(main.DOORS))"
OUR_IMPORT = """
import json, sys, time
began = time.process_time()
import main
for name in sys.argv[1:]:
    getattr(main, name)
seconds = time.process_time() - began
print(json.dumps([seconds, sorted(name for name in sys.modules if name.startswith("firebase_functions."))]))
"""
BARE_IMPORT = """
import importlib, json, sys, time
began = time.process_time()
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(time.process_time() - began))
"""


def measure() -> list[Row]:
    """The ratio for every door's functions, and what discovery takes, which opens every door."""
    doors: dict[str, list[str]] = _run(DOORS)
    rows = [_door(door, names) for door, names in doors.items()]
    everything = [name for names in doors.values() for name in names]
    discovery = min(_ours(*everything)[0] for _ in range(PAIRS))
    return [*rows, Row(AREA, "discovery, all doors", discovery * 1000, "ms", note=f"{len(everything)} functions")]


def _door(door: str, names: list[str]) -> Row:
    _, modules = _ours(names[0])  # also compiles what was never compiled
    _run(BARE_IMPORT, *modules)
    ours, bare = [], []
    for turn in range(PAIRS):
        ours.append(_ours(names[turn % len(names)])[0])
        bare.append(float(_run(BARE_IMPORT, *modules)))
    note = f"{min(ours) * 1000:.0f} / {min(bare) * 1000:.0f} ms: {', '.join(names)}"
    return Row(AREA, door, min(ours) / min(bare), "x", RATIO_MAX, note=note)


def _ours(*names: str) -> tuple[float, list[str]]:
    seconds, modules = _run(OUR_IMPORT, *names)
    return seconds, modules


def _run(program: str, *arguments: str) -> Any:
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT / "functions",
        env={**os.environ, "GCLOUD_PROJECT": "demo-bench"},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)
