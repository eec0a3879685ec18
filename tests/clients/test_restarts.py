"""Clients while the server is killed and comes back: Node, and a Chromium page with its cache in IndexedDB."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from tests.clients.chromium import REMEDY, find_chromium
from tests.clients.conftest import AS_IN_PRODUCTION, settings_for
from tests.clients.node import case_names, run_cases
from tests.firestore_process import FirestoreProcess, start_firestore

INSTALL_SECONDS_MAX = 600

Run = Callable[[str], dict[str, str | None]]


class MortalServer:
    """A server that keeps its data, its port, and can be killed and started again."""

    def __init__(self, data: Path, stack: ExitStack) -> None:
        self._data = data
        self._stack = stack
        self.process = self._start(0)

    def kill(self) -> None:
        """Ends it without a chance to tidy up."""
        self.process.kill()

    def restart(self) -> None:
        """Starts it again where it was."""
        self.process = self._start(self.process.port)

    def _start(self, port: int) -> FirestoreProcess:
        return self._stack.enter_context(start_firestore(self._data, *AS_IN_PRODUCTION, port=port))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Runs each script once, against a server that it may kill and restart."""
    with ExitStack() as stack:
        server = MortalServer(tmp_path_factory.mktemp("data"), stack)
        helpers = {"kill": server.kill, "restart": server.restart}

        @cache
        def cases(script: str) -> dict[str, str | None]:
            browser = {"chromium": find_chromium(), "sandbox": os.geteuid() != 0} if script == "browser.mjs" else {}
            return run_cases(script, settings_for(server.process, **browser), helpers)

        yield cases


@pytest.mark.parametrize("name", case_names("restarts.mjs"))
def test_in_node(run: Run, name: str) -> None:
    assert run("restarts.mjs").get(name, "the script did not come to this case") is None


@pytest.mark.timeout(INSTALL_SECONDS_MAX)
@pytest.mark.parametrize("name", case_names("browser.mjs"))
def test_in_a_browser(run: Run, name: str) -> None:
    if find_chromium() is None:
        pytest.skip(f"NO BROWSER, SO THE BROWSER SDK IS NOT TESTED. {REMEDY}")
    assert run("browser.mjs").get(name, "the script did not come to this case") is None
