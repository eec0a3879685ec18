"""Known vulnerabilities of the pinned Python packages, by pip-audit.

pip-audit calls packages that its source does not know "skipped" and ends with success, so its report is read here
entry by entry: a package index without advisories must not look like a clean bill.
Source of the report's form: github.com/pypa/pip-audit (README, JSON output).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from local.audit.finding import Check, Verdict

NAME: Final = "Python advisories"
SOURCES: Final[dict[str, tuple[str, ...]]] = {"PyPI": ("-s", "pypi"), "OSV": ("-s", "osv")}
"""Asked in this order, until one knows every package."""
SECONDS_MAX: Final = 300
_ANSWER_SECONDS: Final = "15"


def check(pins: Path, sources: dict[str, tuple[str, ...]] = SOURCES) -> Check:
    """Look up every package of ``pins`` (a file of ``name==version`` lines)."""
    pinned = [line for line in pins.read_text(encoding="utf-8").splitlines() if "==" in line]
    answers: list[Check] = []
    for source, arguments in sources.items():
        answers.append(judged(source, _report(pins, arguments), len(pinned)))
        if answers[-1].verdict is not Verdict.UNCHECKED:
            return answers[-1]
    said = tuple(finding for answer in answers for finding in answer.findings)
    remedy = "Run it where PyPI's JSON API or OSV (api.osv.dev) can be reached."
    return Check(NAME, f"{len(pinned)} packages", Verdict.UNCHECKED, said, remedy)


def judged(source: str, report: dict[str, Any] | None, expected: int) -> Check:
    """What one source's report says of ``expected`` packages; None: it gave none."""
    looked_at = f"{expected} packages, {source}"
    if report is None:
        return Check(NAME, looked_at, Verdict.UNCHECKED, (f"{source}: no answer",))
    entries = report["dependencies"]
    found = tuple(
        f"{entry['name']} {entry['version']}: {vulnerability['id']}, {_fixed(vulnerability)}"
        for entry in entries
        for vulnerability in entry.get("vulns", ())
    )
    if found:
        return Check(NAME, looked_at, Verdict.FOUND, found, "Raise the named packages: make lock")
    known = sum("skip_reason" not in entry for entry in entries)
    if known < expected:
        return Check(NAME, looked_at, Verdict.UNCHECKED, (f"{source}: knows {known} of {expected} packages",))
    return Check(NAME, looked_at, Verdict.CLEAN)


def _fixed(vulnerability: dict[str, Any]) -> str:
    versions = ", ".join(vulnerability.get("fix_versions", ()))
    return f"fixed in {versions}" if versions else "not fixed yet"


def _report(pins: Path, arguments: tuple[str, ...]) -> dict[str, Any] | None:
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(pins), "--no-deps", "--disable-pip"]
    command += ["--format", "json", "--progress-spinner", "off", "--timeout", _ANSWER_SECONDS, *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - our own tool
            command, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
        )
        report = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        return None
    return report if isinstance(report, dict) and "dependencies" in report else None
