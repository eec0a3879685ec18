"""Runs scripts of the real client SDKs in Node, does for them what they ask for, and collects what they print."""

import json
import re
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parent / "js"
SECONDS_MAX = 220.0

Helpers = Mapping[str, Callable[[], None]]
"""What a script may ask for while it runs, such as killing the server."""


def case_names(script: str) -> list[str]:
    """The names of a script's cases, in order, without running it."""
    return re.findall(r"^test\('([^']+)'", (SCRIPTS / script).read_text("utf-8"), re.MULTILINE)


def run_cases(script: str, settings: Mapping[str, Any], helpers: Helpers | None = None) -> dict[str, str | None]:
    """Runs a script of cases; case name -> what went wrong, None when nothing did.

    Cases that did not report (a script that ended early) are missing.
    """
    lines = run_script(script, settings, helpers)
    return {line["name"]: line["error"] for line in lines}


def run_script(script: str, settings: Mapping[str, Any], helpers: Helpers | None = None) -> list[Any]:
    """Runs a script to its end and returns the JSON lines it printed; raises AssertionError with its errors."""
    process = subprocess.Popen(
        ["node", str(SCRIPTS / script), json.dumps(settings)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    errors: list[str] = []
    reader = threading.Thread(target=lambda: errors.extend(process.stderr or ()), daemon=True)
    reader.start()
    watchdog = threading.Timer(SECONDS_MAX, process.kill)
    watchdog.start()
    try:
        with process:
            lines = _conversation(process, helpers or {})
    finally:
        watchdog.cancel()
        process.kill()
        reader.join()
    assert process.returncode == 0, f"{script} ended with {process.returncode}:\n{''.join(errors)[-4000:]}"
    return lines


def _conversation(process: subprocess.Popen[str], helpers: Helpers) -> list[Any]:
    """Reads what the script prints; a line {"ask": name} is answered when the helper of that name has done its work."""
    lines = []
    assert process.stdout is not None
    assert process.stdin is not None
    for text in process.stdout:
        if not text.startswith("{"):
            continue
        line = json.loads(text)
        if "ask" in line:
            helpers[line["ask"]]()
            process.stdin.write("done\n")
            process.stdin.flush()
        else:
            lines.append(line)
    return lines
