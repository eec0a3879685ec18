"""The whole backend, started once for all journeys and stopped after them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.suite import Suite, running
from local.suite.backend import backend_options
from local.suite.serving import announce
from tests.firebase_app import own_firebase_app

__all__ = ["own_firebase_app"]


@pytest.fixture(scope="session")
def suite() -> Iterator[Suite]:
    """The running backend; its steps are printed, so that a failing start shows them."""
    with running(backend_options(), report=print) as started:
        yield started


@pytest.fixture
def served(suite: Suite) -> Iterator[Suite]:
    """The backend as `make serve` would keep it: operators' commands find it."""
    announce(suite)
    yield suite
    suite.run.serving.unlink()
