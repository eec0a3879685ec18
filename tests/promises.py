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


def is_whole(config: pytest.Config) -> bool:
    """Whether this run is asked for all tests: nothing named, nothing left out, and not one of its workers."""
    chosen = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "lf", "stepwise", "collectonly")
    is_worker = hasattr(config, "workerinput")
    is_named = config.args_source is not pytest.Config.ArgsSource.TESTPATHS
    return not is_worker and not is_named and not any(config.getoption(name, None) for name in chosen)


class PromisesKept:
    """A plugin: fails a whole run in which one of ``promised`` did not run in every case."""

    def __init__(self, promised: Iterable[str]) -> None:
        self._promised = frozenset(promised)
        self._ran: set[str] = set()
        self._left_out: set[str] = set()
        self._broken: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what really ran; a case that was skipped, or was let fail, proves nothing."""
        name = report.nodeid.partition("[")[0]
        if report.skipped or hasattr(report, "wasxfail"):
            self._left_out.add(name)
        elif report.when == "call":
            self._ran.add(name)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A run that failed anyway says enough; one that would pass must have kept every promise."""
        if session.exitstatus == pytest.ExitCode.OK and is_whole(session.config):
            self._broken = sorted(self._promised - self._ran | self._promised & self._left_out)
            if self._broken:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which."""
        if self._broken:
            terminalreporter.section("promised by docs/policy_map.md, but not run", red=True)
            for name in self._broken:
                terminalreporter.line(name)
