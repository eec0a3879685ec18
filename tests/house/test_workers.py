"""A run shared by workers: what belongs together stays together, and what each of them wrote counts once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from imagesfactory.policy.retention import retention

from tests.promises import ROOT
from tests.workers import EARLY, TOGETHER, unit_of

PLACES = sorted({*retention().collections, *retention().buckets})
A_RUN = {
    "pytest.ini": "[pytest]\ntestpaths = tests\n",
    "conftest.py": """
from tests.registry_watch import WATCH
from tests.workers import EveryPlaceWritten

def pytest_configure(config):
    config.pluginmanager.register(EveryPlaceWritten(WATCH))
""",
    "tests/test_most.py": f"""
from tests.registry_watch import WATCH

def test_most(): WATCH.written |= {{("(default)", place) for place in {PLACES[2:]!r}}}
""",
    "tests/test_one.py": f"""
from tests.registry_watch import WATCH

def test_one(): WATCH.written.add(("(default)", {PLACES[1]!r}))
""",
}


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["alone", "shared"])
def test_a_whole_run_fails_when_no_worker_wrote_to_a_place(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    for name, content in A_RUN.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *arguments]
    paths = f"{ROOT}:{ROOT / 'functions'}"
    environment = {"PATH": "", "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout
    told = done.stdout.partition("nobody writes")[2]
    assert {place for place in PLACES if f"\n{place}\n" in told} == {PLACES[0]}


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("tests/unit/kit/test_clock.py::test_a[1]", "tests/unit/kit/test_clock.py"),
        ("tests/journeys/test_leaving.py::test_a", "tests/journeys/"),
        ("tests/deployed/abuse/test_fuzz.py::test_a", "tests/deployed/"),
        ("tests/integration/suite/test_suite.py::test_a", "tests/integration/suite/"),
        ("tests/integration/payments/test_books.py::test_a", "tests/integration/payments/test_books.py"),
    ],
)
def test_one_worker_runs_a_file_or_a_folder_that_belongs_together(name: str, unit: str) -> None:
    assert unit_of(name) == unit


@pytest.mark.parametrize("folder", sorted({*TOGETHER, *EARLY}))
def test_folders_named_for_sharing_exist(folder: str) -> None:
    assert (ROOT / folder).is_dir()
