"""For all tests: examples that are the same in every run, a watch over what is written where, and promises kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from local.doubles import Doubles, running
from tests.firestore_process import ROOT, FirestoreProcess, start_firestore
from tests.promises import PromisesKept, promises
from tests.registry_watch import WATCH, watching
from tests.workers import EveryPlaceWritten, Units, put_long_ones_first

# How fast a machine is says nothing about the code.
any_speed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same every time", any_speed, derandomize=True, database=None)
settings.register_profile("new every time", any_speed)
settings.load_profile("new every time" if os.environ.get("IMAGESFACTORY_EXPLORE") else "same every time")


def pytest_configure(config: pytest.Config) -> None:
    """Let the session see to it that what the policy promises was tested, and every place of the registry written."""
    config.pluginmanager.register(PromisesKept(promise.test for promise in promises()), "promises kept")
    config.pluginmanager.register(EveryPlaceWritten(WATCH), "every place written")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    put_long_ones_first(items)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Units:
    return Units(config, log)


@pytest.fixture(scope="session", autouse=True)
def registry_watch() -> Iterator[None]:
    """Everything that the tests' process writes is watched."""
    with watching():
        yield


@pytest.fixture(autouse=True)
def nothing_unregistered() -> Iterator[None]:
    """A test in which our code wrote where the registry has no row fails, even if the error was caught."""
    before = len(WATCH.strays)
    yield
    assert WATCH.strays[before:] == [], "add a row to policy/retention.yaml"


@pytest.fixture(scope="session")
def firestore_process() -> Iterator[FirestoreProcess]:
    """One server for all tests of rooms, with the indexes that are deployed: a query that production would refuse is
    refused here. Each test cleans up after itself.
    """
    with start_firestore(None, "--indexes", str(ROOT / "firestore.indexes.json"), "--require-indexes") as process:
        yield process


@pytest.fixture(scope="session")
def doubles() -> Iterator[Doubles]:
    """Every provider's double, one set for all tests of rooms."""
    with running() as started:
        yield started
