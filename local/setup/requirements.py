"""Finds the programs that set-up needs, and says what to install when one is missing or too old.

Runs on the machine's own Python before anything is installed: standard library only.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 14)
"""The last that firebase-tools 15.34 can run functions on."""
OLDEST_NODE = 20
PYTHON_NAMES = ("python3", "python3.13", "python3.12", "python3.11", "python3.14")
VERSION_SECONDS = 20


class RequirementMissing(Exception):
    """Something must be installed first; the text says what and how."""


def find_python() -> str:
    """The path of a Python that can run the project: this one if it will do, else one of those on PATH.

    Raises RequirementMissing.
    """
    if OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON:
        return sys.executable
    for name in PYTHON_NAMES:
        path = shutil.which(name)
        if path and OLDEST_PYTHON <= version_of(path) <= NEWEST_PYTHON:
            return path
    found = ".".join(str(part) for part in sys.version_info[:3])
    raise RequirementMissing(
        f"Python 3.11 to 3.14 is needed; the one here is {found}.\n"
        "Install one (https://www.python.org/downloads, `apt install python3.13 python3.13-venv`, `brew install "
        "python@3.13`) and run make again, or name it: make setup PYTHON=/path/to/python3.13"
    )


def find_npm() -> str:
    """The path of npm, whose Node.js is new enough. Raises RequirementMissing."""
    node, npm = shutil.which("node"), shutil.which("npm")
    remedy = "Install Node.js 20 or newer with npm (https://nodejs.org, `apt install nodejs npm`, `brew install node`)."
    if node is None or npm is None:
        missing = "node" if node is None else "npm"
        raise RequirementMissing(f"{missing} is not on PATH; the Firebase emulators run on it.\n{remedy}")
    version = version_of(node)
    if version < (OLDEST_NODE,):
        raise RequirementMissing(f"Node.js {OLDEST_NODE} or newer is needed; {node} is {version[0]}.\n{remedy}")
    return npm


def version_of(program: str) -> tuple[int, ...]:
    """Major and minor version that ``program --version`` prints; (0,) when it prints none or does not run."""
    try:
        answer = subprocess.run(  # noqa: S603 - asks a program found on PATH
            [program, "--version"], capture_output=True, text=True, timeout=VERSION_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return (0,)
    match = re.search(r"(\d+)\.(\d+)", answer.stdout)
    return (int(match[1]), int(match[2])) if match else (0,)
