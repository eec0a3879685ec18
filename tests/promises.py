"""What docs/policy_map.md promises, and the watch over a run of everything: a promise whose test did not run fails it.

A map can name a test that exists and is never collected, deselected by a marker or skipped on this machine. Only the
session that ran knows, so it says so itself at its end. A run of a part of the tests promises nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.whole_run import WholeRunCheck

ROOT = Path(__file__).parents[1]
MAP = ROOT / "docs" / "policy_map.md"
ROW = re.compile(r"^\| (\d+) \| (.+) \| `([^`:]+):([\w.]+)` \| `([^`:]+)::(\w+)` \|$")


@dataclass(frozen=True)
class Promise:
    """One row of the map: what an article promises, the code that carries it out, the test that proves it."""

    article: int
    words: str
    module: str
    name: str
    test_file: str
    test_name: str

    @property
    def test(self) -> str:
        """The test as pytest names it, from the root of the project."""
        return f"tests/{self.test_file}::{self.test_name}"


def promises() -> list[Promise]:
    """Every row of the map; a row that is not of the form is a mistake in the map."""
    lines = MAP.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ")][2:]
    found = [(row, ROW.match(row)) for row in rows]
    assert not [row for row, match in found if match is None], "rows that nobody can read"
    return [Promise(int(match[1]), *match.group(2, 3, 4, 5, 6)) for _, match in found if match is not None]


class PromisesKept(WholeRunCheck):
    """A plugin: fails a whole run in which one of ``promised`` did not run in every case."""

    title = "promised by docs/policy_map.md, but not run"

    def __init__(self, promised: Iterable[str]) -> None:
        super().__init__()
        self._promised = frozenset(promised)
        self._ran: set[str] = set()
        self._left_out: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what really ran; a case that was skipped, or was let fail, proves nothing."""
        name = report.nodeid.partition("[")[0]
        if report.skipped or hasattr(report, "wasxfail"):
            self._left_out.add(name)
        elif report.when == "call":
            self._ran.add(name)

    def broken(self) -> list[str]:
        """Promised tests that did not run in every case."""
        return sorted(self._promised - self._ran | self._promised & self._left_out)
