"""Known vulnerabilities of the pinned Node packages, by npm.

Node runs the emulators on a laptop and nothing that is deployed, so what is less than "high" is told but fails nothing.
Source of the report's form: docs.npmjs.com/cli/commands/npm-audit.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

from local.audit.finding import Check, Verdict
from local.setup.requirements import RequirementMissing, find_npm

NAME: Final = "Node advisories"
SECONDS_MAX: Final = 120
_SERIOUS: Final = frozenset({"high", "critical"})


def check(folder: Path, *arguments: str) -> Check:
    """Look up every package of ``folder``'s package-lock.json; ``arguments`` are passed on to npm."""
    lock = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))
    return judged(_report(folder, arguments), len(lock["packages"]) - 1)


def judged(report: dict[str, Any] | None, expected: int) -> Check:
    """What npm's report says of ``expected`` packages; None: it gave none."""
    looked_at = f"{expected} packages, npm registry"
    if report is None or "vulnerabilities" not in report:
        said = str((report or {}).get("message", "no answer")).split("http", maxsplit=1)[0].strip(" -")
        remedy = "Run it where npm's registry answers its audit endpoint."
        return Check(NAME, looked_at, Verdict.UNCHECKED, (f"npm: {said}",), remedy)
    vulnerabilities = report["vulnerabilities"].values()
    told = tuple(f"{one['name']} {one['range']}: {one['severity']}" for one in vulnerabilities)
    if any(one["severity"] in _SERIOUS for one in vulnerabilities):
        return Check(NAME, looked_at, Verdict.FOUND, told, "Raise the named packages: make lock")
    return Check(NAME, looked_at, Verdict.CLEAN, told)


def _report(folder: Path, arguments: tuple[str, ...]) -> dict[str, Any] | None:
    try:
        command = [find_npm(), "audit", "--json", "--package-lock-only", *arguments]
        done = subprocess.run(  # noqa: S603 - npm, found by set-up
            command, cwd=folder, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
        )
        report = json.loads(done.stdout)
    except (RequirementMissing, subprocess.TimeoutExpired, json.JSONDecodeError):
        return None
    return report if isinstance(report, dict) else None
