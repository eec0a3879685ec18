"""Licences of what is deployed, by pip-licenses, against the list of those that fit a closed service."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import yaml

from local.audit.finding import Check, Verdict

NAME: Final = "Licences"
ACCEPTED: Final = Path(__file__).with_name("licences.yaml")
SECONDS_MAX: Final = 60
_BETWEEN: Final = re.compile(r"\s*;\s*| OR ")


def check(pins: Path) -> Check:
    """Read the licences of every package of ``pins``, as installed here."""
    names = [line.split("==")[0] for line in pins.read_text(encoding="utf-8").splitlines() if "==" in line]
    command = [sys.executable, "-m", "piplicenses", "--from=mixed", "--format=json", "--packages", *names]
    done = subprocess.run(  # noqa: S603 - our own tool
        command, capture_output=True, text=True, timeout=SECONDS_MAX, check=True
    )
    accepted = yaml.safe_load(ACCEPTED.read_text(encoding="utf-8"))
    return judged(json.loads(done.stdout), names, accepted)


def judged(report: list[dict[str, Any]], names: list[str], accepted: dict[str, str]) -> Check:
    """What the report says of packages called ``names``; any one of a package's licences may be chosen."""
    looked_at = f"{len(names)} deployed packages"
    licences = {_key(entry["Name"]): str(entry["License"]) for entry in report}
    unknown = tuple(f"{name}: not installed" for name in names if _key(name) not in licences)
    misfits = tuple(
        f"{name}: {licence}"
        for name, licence in licences.items()
        if not any(part in accepted for part in _BETWEEN.split(licence))
    )
    if misfits:
        remedy = "Have the licence judged; if it fits, add it with its reason to local/audit/licences.yaml"
        return Check(NAME, looked_at, Verdict.FOUND, misfits, remedy)
    if unknown:
        return Check(NAME, looked_at, Verdict.UNCHECKED, unknown, "make setup")
    return Check(NAME, looked_at, Verdict.CLEAN)


def _key(name: str) -> str:
    """One spelling of a name. Source: packaging.python.org/specifications/name-normalization."""
    return re.sub(r"[-_.]+", "-", name).lower()
