"""The whole suite with a small set of functions: it starts, answers, and leaves nothing behind."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from local.scheduler import EmulatorTargets, Scheduler, read_schedules
from local.suite import FunctionsEnvironment, Suite, SuiteError, SuiteOptions, running
from local.suite.errors import FunctionsDidNotLoad, ToolMissing
from local.suite.leftovers import processes_of

ROOT = Path(__file__).parents[3]
FUNCTIONS = """
import os
import firebase_admin
from firebase_functions import https_fn, options, params, scheduler_fn

firebase_admin.initialize_app()
options.set_global_options(region="asia-northeast3", cpu=1)
KEY = params.SecretParam("TRIAL_KEY")
params.StringParam("TRIAL_PARAMETER", default="from its default")


@https_fn.on_call(secrets=[KEY])
def look(request: https_fn.CallableRequest) -> dict:
    seen = {name: os.environ.get(name) for name in ("OPENAI_BASE_URL", "GOOGLE_APPLICATION_CREDENTIALS")}
    return {"data": request.data, "key": KEY.value, "seen": seen}


@scheduler_fn.on_schedule(schedule="*/5 * * * *", timezone=scheduler_fn.Timezone("Asia/Seoul"))
def sweep(event: scheduler_fn.ScheduledEvent) -> None:
    print("swept for", event.job_name)
"""


@dataclass
class Steps:
    """What was reported while starting."""

    said: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("functions")
    (folder / "main.py").write_text(FUNCTIONS)
    shutil.copy(ROOT / "functions" / "requirements.txt", folder)
    return folder


def _options(functions: Path, runs: Path) -> SuiteOptions:
    given = FunctionsEnvironment({"OPENAI_BASE_URL": "http://127.0.0.1:9"}, {"TRIAL_KEY": "made up"})
    return SuiteOptions(
        functions=functions, runs=runs, with_doubles=False, functions_environment=lambda _addresses, _doubles: given
    )


@contextmanager
def _private_credentials(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/home/somebody/key.json")
        patch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
        yield


def test_it_starts_serves_and_leaves_nothing_behind(
    functions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = Steps()
    with _private_credentials(monkeypatch), running(_options(functions, tmp_path), steps.said.append) as suite:
        assert _call(suite, "look") == {
            "data": {"hello": 1},
            "key": "made up",
            "seen": {"OPENAI_BASE_URL": "http://127.0.0.1:9", "GOOGLE_APPLICATION_CREDENTIALS": None},
        }
        assert _fire(suite) == 1
        assert len(processes_of(suite.run.id)) >= 6

    assert processes_of(suite.run.id) == []
    assert sorted(path.name for path in functions.iterdir()) == ["main.py", "requirements.txt"]
    assert [path.name for path in suite.run.path.iterdir()] == ["logs"]
    assert "swept for sweep" in suite.functions_output()
    assert "the functions are loaded" in steps.said
    with pytest.raises(requests.ConnectionError):
        requests.get(suite.addresses.hub.url, timeout=5)


def test_functions_that_cannot_be_read_stop_the_start_with_the_reason(functions: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(functions, broken)
    (broken / "main.py").write_text("import a_module_that_is_nowhere\n")

    with (
        pytest.raises(FunctionsDidNotLoad, match="a_module_that_is_nowhere"),
        running(_options(broken, tmp_path / "runs")),
    ):
        pytest.fail("it started")

    (run,) = (tmp_path / "runs").iterdir()
    assert processes_of(run.name) == []


def test_without_firebase_tools_it_says_what_to_run(functions: Path, tmp_path: Path) -> None:
    options = SuiteOptions(root=tmp_path, functions=functions, runs=tmp_path / "runs")

    with pytest.raises(ToolMissing, match="make setup") as caught, running(options):
        pytest.fail("it started")

    assert isinstance(caught.value, SuiteError)


def _call(suite: Suite, function: str) -> object:
    answer = requests.post(suite.function_url(function), json={"data": {"hello": 1}}, timeout=60)
    return answer.json()["result"]


def _fire(suite: Suite) -> int:
    targets = EmulatorTargets(suite.addresses.functions.url, suite.project)
    return Scheduler(read_schedules(ROOT / "scheduler.yaml"), targets).fire_now("sweep").attempts
