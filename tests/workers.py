"""Workers share a run of all tests: what stays together, what begins first, and what is known only of all of them.

`make test` starts pytest with ``-n 3`` (pytest-xdist): of three, one mostly waits for programs it started, and two have
the two processors that the checks are made for. Without it one process does the same alone.
"""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.registry_watch import RegistryWatch
from tests.whole_run import WholeRunCheck

TOGETHER = ("tests/deployed/", "tests/journeys/", "tests/integration/suite/", "tests/integration/vendors/")
"""Folders that start much once for all of their tests, or whose tests tell one story in order."""
EARLY = ("tests/deployed/", "tests/simulation/", "tests/integration/", "tests/journeys/")
"""The long ones, so that no worker is left with one of them when the other is done."""
WRITTEN = "written"


def unit_of(name: str) -> str:
    """What one worker runs as a whole: the test's file, or its folder if that belongs together."""
    file = name.partition("::")[0]
    return next((folder for folder in TOGETHER if file.startswith(folder)), file)


class Units(LoadScopeScheduling):  # type: ignore[misc] # it says nothing of its types
    """Hands out whole units, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)


class EveryPlaceWritten(WholeRunCheck):
    """A plugin: fails a whole run in which our code wrote to some registered place never, in no worker."""

    title = "rows of retention.yaml for places in which nobody writes"

    def __init__(self, watch: RegistryWatch) -> None:
        super().__init__()
        self._watch = watch

    def pytest_testnodedown(self, node: Any) -> None:
        """A worker came home: take what was written there."""
        self._watch.written |= set(getattr(node, "workeroutput", {}).get(WRITTEN, ()))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A worker tells what was written in it."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[WRITTEN] = sorted(self._watch.written)
        super().pytest_sessionfinish(session)

    def broken(self) -> list[str]:
        """Places of the registry that were not written to."""
        return sorted(self._watch.unwritten())


def put_long_ones_first(items: list[pytest.Item]) -> None:
    """Leave the order as it is otherwise."""
    items.sort(key=lambda item: next((i for i, one in enumerate(EARLY) if item.nodeid.startswith(one)), len(EARLY)))
