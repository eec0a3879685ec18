"""What only a run of all tests can be held to: checks at its end, made once, by whoever started its workers."""

from __future__ import annotations

import pytest


def is_whole(config: pytest.Config) -> bool:
    """Whether this run is asked for all tests: nothing named, nothing left out, and not one of its workers."""
    chosen = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "lf", "stepwise", "collectonly")
    is_worker = hasattr(config, "workerinput")
    is_named = config.args_source is not pytest.Config.ArgsSource.TESTPATHS
    return not is_worker and not is_named and not any(config.getoption(name, None) for name in chosen)


class WholeRunCheck:
    """A plugin: fails a whole run that would pass, and says of what it is short."""

    title: str

    def __init__(self) -> None:
        self._told: list[str] = []

    def broken(self) -> list[str]:
        """What the run is short of, in words; asked once, at its end."""
        return []

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A run that failed anyway says enough."""
        if session.exitstatus == pytest.ExitCode.OK and is_whole(session.config):
            self._told = self.broken()
            if self._told:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what."""
        if self._told:
            terminalreporter.section(self.title, red=True)
            for one in self._told:
                terminalreporter.line(one)
