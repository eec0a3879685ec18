"""The verdict of one check. What could not be checked is a verdict of its own and never passes for clean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a check ended."""

    CLEAN = "clean"
    FOUND = "found"
    UNCHECKED = "not checked"
    """The source was not reached, or did not know all that was asked."""


@dataclass(frozen=True)
class Check:
    """One check: what was looked at, how it ended, what was found (safe to print), and what to do."""

    name: str
    looked_at: str
    verdict: Verdict
    findings: tuple[str, ...] = ()
    remedy: str = ""


def exit_status(checks: Iterable[Check]) -> int:
    """0: all was checked and is clean. 1: something was found. 3: nothing was found, but not all could be checked.

    2 is left out: it is what Python and make end with when a command itself breaks.
    """
    verdicts = {check.verdict for check in checks}
    if Verdict.FOUND in verdicts:
        return 1
    return 3 if Verdict.UNCHECKED in verdicts else 0
