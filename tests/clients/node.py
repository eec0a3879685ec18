"""Runs scripts of the real client SDKs in Node and turns what they print into test results."""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parent / "js"
SECONDS_MAX = 200.0


def case_names(script: str) -> list[str]:
    """The names of a script's cases, in order, without running it."""
    return re.findall(r"^test\('([^']+)'", (SCRIPTS / script).read_text("utf-8"), re.MULTILINE)


def run_cases(script: str, settings: Mapping[str, Any]) -> dict[str, str | None]:
    """Runs a script of cases; case name -> what went wrong, None when nothing did.

    Cases that did not report (a script that ended early) are missing.
    """
    lines = run_script(script, settings)
    return {line["name"]: line["error"] for line in lines}


def run_script(script: str, settings: Mapping[str, Any]) -> list[Any]:
    """Runs a script to its end and returns the JSON lines it printed; raises AssertionError with its errors."""
    done = subprocess.run(
        ["node", str(SCRIPTS / script), json.dumps(settings)],
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, f"{script} ended with {done.returncode}:\n{done.stderr[-4000:]}"
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith(("{", "["))]
