"""The whole backend, started once for all journeys and stopped after them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.suite import Suite, running
from local.suite.backend import backend_options


@pytest.fixture(scope="session")
def suite() -> Iterator[Suite]:
    """The running backend; its steps are printed, so that a failing start shows them."""
    with running(backend_options(), report=print) as started:
        yield started
