"""The whole backend, started once for all journeys and stopped after them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import firebase_admin
import pytest

from local.suite import Suite, running
from local.suite.backend import backend_options
from local.suite.serving import announce


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


@pytest.fixture(autouse=True)
def own_firebase_app() -> Iterator[None]:
    """The default Firebase app is one a process, and tests of other folders have made theirs."""
    _forget_firebase_app()
    yield
    _forget_firebase_app()


def _forget_firebase_app() -> None:
    with suppress(ValueError):
        firebase_admin.delete_app(firebase_admin.get_app())
