"""Nothing is forgotten: what is deployed, scheduled, documented and offered as a command fits together."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from imagesfactory.policy.limits import limits

ROOT = Path(__file__).parents[2]
MANIFEST = """
import json, main
endpoints = {name: getattr(main, name).__firebase_endpoint__ for name in dir(main)}
print(json.dumps({name: {
    "region": endpoint.region, "task": endpoint.taskQueueTrigger is not None,
    "schedule": (endpoint.scheduleTrigger or {}).get('schedule'),
    "zone": (endpoint.scheduleTrigger or {}).get('timeZone'),
    "callable": endpoint.callableTrigger is not None, "timeout": endpoint.timeoutSeconds,
    "secrets": [secret["key"] for secret in endpoint.secretEnvironmentVariables or []]}
    for name, endpoint in endpoints.items()}, default=str))
"""
DOORS = """
import importlib, json, pkgutil
from imagesfactory import doors
modules = {each.name: importlib.import_module("imagesfactory.doors." + each.name)
           for each in pkgutil.iter_modules(doors.__path__)}
print(json.dumps({name: sorted(each for each, thing in vars(module).items()
                               if hasattr(thing, "__firebase_endpoint__") and thing.__module__ == module.__name__)
                  for name, module in modules.items()}))
"""
ONE_FUNCTION = """
import json, sys, main
main.create_job
print(json.dumps(sorted(sys.modules)))
"""
SDKS_OF_VENDORS = (
    "openai",
    "stability_sdk",
    "sendgrid",
    "stripe",
    "google.cloud.firestore",
    "google.cloud.storage",
    "grpc",
    "pydantic",
)


@pytest.fixture(scope="module")
def deployed() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = _said_by(MANIFEST)
    return found


def _said_by(program: str) -> Any:
    """What ``program`` prints, in a process of its own that is started as the functions are."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT / "functions",
        env={"PATH": "", "GCLOUD_PROJECT": "demo-house"},
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


def test_main_names_every_function_of_every_door() -> None:
    written = _said_by("import json, main; print(json.dumps(main.DOORS))")
    declared = {door: names for door, names in _said_by(DOORS).items() if names}
    assert {door: sorted(names) for door, names in written.items()} == declared


def test_discovery_finds_every_function_under_its_own_name(deployed: dict[str, dict[str, Any]]) -> None:
    """With the loader of firebase_functions that firebase-tools starts for it."""
    found = _said_by(
        "import json; from firebase_functions.private import serving as s; print(json.dumps(list(s.get_functions())))"
    )
    assert sorted(found) == sorted(deployed)


def test_an_instance_opens_the_door_of_its_function_alone() -> None:
    loaded = _said_by(ONE_FUNCTION)
    assert [name for name in loaded if name.startswith("imagesfactory.doors.callables")] == [
        "imagesfactory.doors.callables"
    ]
    assert "firebase_functions.firestore_fn" not in loaded
    assert not [name for name in loaded if name.startswith(SDKS_OF_VENDORS)]


def test_everything_runs_in_seoul(deployed: dict[str, dict[str, Any]]) -> None:
    assert {str(each["region"]) for each in deployed.values()} == {"['asia-northeast3']"}


def test_task_functions_have_names_that_queues_may_have(deployed: dict[str, dict[str, Any]]) -> None:
    tasks = [name for name, each in deployed.items() if each["task"]]
    assert {"generate", "deliver"} <= set(tasks)
    assert not [name for name in tasks if not re.fullmatch(r"[a-z][a-z0-9-]*", name)]


def test_schedules_and_scheduled_functions_are_the_same(deployed: dict[str, dict[str, Any]]) -> None:
    entries = yaml.safe_load((ROOT / "scheduler.yaml").read_text(encoding="utf-8"))["schedules"]
    written = {entry["function"]: (entry["cron"], entry["time_zone"]) for entry in entries}
    declared = {name: (each["schedule"], each["zone"]) for name, each in deployed.items() if each["schedule"]}
    assert written == declared


def test_every_function_has_a_timeout_of_its_own(deployed: dict[str, dict[str, Any]]) -> None:
    assert not [name for name, each in deployed.items() if not each["timeout"]]


def test_readme_names_only_commands_that_exist() -> None:
    offered = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`?make ([a-z-]+)", (ROOT / "README.md").read_text()))
    assert {"demo", "test", "serve"} <= named <= offered


def test_ci_runs_what_the_readme_says() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    commands = [line for line in script.splitlines() if line.strip() and not line.startswith("#")]
    assert len(commands) == 1
    assert re.findall(r"make [a-z-]+", commands[0]) == ["make test"]


@pytest.mark.parametrize(
    "document",
    [
        "README.md",
        "docs/architecture.md",
        "docs/bench/README.md",
        "docs/operations.md",
        "docs/scale.md",
        "emulator/README.md",
    ],
)
def test_links_of_documents_lead_somewhere(document: str) -> None:
    path = ROOT / document
    links = re.findall(r"\]\((?!http)([^)#]+)", path.read_text(encoding="utf-8"))
    assert not [link for link in links if not (path.parent / link).exists()]


def test_what_counts_calls_under_a_pseudonym_is_given_its_key(deployed: dict[str, dict[str, Any]]) -> None:
    counting = [name for name, one in limits().functions.items() if one.counted == "shared"]
    assert len(counting) > 30
    assert not [name for name in [*counting, "toss_webhook"] if "PSEUDONYM_KEY" not in deployed[name]["secrets"]]


def test_every_door_counts_its_calls_under_its_own_name() -> None:
    counted: dict[str, set[str]] = {}
    for path in (ROOT / "functions" / "imagesfactory" / "doors").glob("*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                words = {str(each.value) for each in ast.walk(function) if isinstance(each, ast.Constant)}
                counted[function.name] = words & limits().functions.keys()
    assert {name: counted[name] for name in limits().functions} == {name: {name} for name in limits().functions}
