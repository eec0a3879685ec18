"""Cold start: importing functions/main.py against importing only the Functions SDK modules that it declares with."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from typing import Any

from local.bench.rows import Row
from local.suite.suite import ROOT

PAIRS = 15
RATIO_MAX = 1.10
OUR_IMPORT = """
import json, sys, time
began = time.perf_counter()
import main
seconds = time.perf_counter() - began
print(json.dumps([seconds, sorted(name for name in sys.modules if name.startswith("firebase_functions."))]))
"""
BARE_IMPORT = """
import importlib, json, sys, time
began = time.perf_counter()
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(time.perf_counter() - began))
"""


def measure() -> list[Row]:
    """Both imports in turn, each in a process of its own; the median of the ratios pair by pair."""
    _, modules = _ours()  # also compiles what was never compiled
    _bare(modules)
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(PAIRS):
        ours.append(_ours()[0])
        bare.append(_bare(modules))
    ratio = statistics.median(one / other for one, other in zip(ours, bare, strict=True))
    return [
        Row("cold start", "import main / bare SDK modules", ratio, "x", RATIO_MAX, note=f"median of {PAIRS} pairs"),
        Row("cold start", "import main", statistics.median(ours) * 1000, "ms"),
        Row("cold start", "bare SDK modules", statistics.median(bare) * 1000, "ms", note=f"{len(modules)} modules"),
    ]


def _ours() -> tuple[float, list[str]]:
    seconds, modules = _run(OUR_IMPORT)
    return seconds, modules


def _bare(modules: list[str]) -> float:
    return float(_run(BARE_IMPORT, *modules))


def _run(program: str, *arguments: str) -> Any:
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT / "functions",
        env={**os.environ, "GCLOUD_PROJECT": "demo-bench"},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)
