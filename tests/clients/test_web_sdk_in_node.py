"""The web SDK in Node (gRPC): every case of the scripts is a test of its own."""

from collections.abc import Callable
from functools import cache

import pytest

from tests.clients.conftest import settings_for
from tests.clients.node import case_names, run_cases
from tests.firestore_process import FirestoreProcess

SCRIPTS = ("documents.mjs", "listening.mjs")
CASES = [pytest.param(script, name, id=name) for script in SCRIPTS for name in case_names(script)]


Run = Callable[[str], dict[str, str | None]]


@pytest.fixture(scope="module")
def run(server: FirestoreProcess) -> Run:
    """Runs each script once."""
    return cache(lambda script: run_cases(script, settings_for(server)))


@pytest.mark.parametrize(("script", "name"), CASES)
def test_case(run: Run, script: str, name: str) -> None:
    results = run(script)
    assert name in results, f"{script} did not come to this case"
    assert results[name] is None, results[name]
