"""Nothing is forgotten: what is deployed, scheduled, documented and offered as a command fits together."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
MANIFEST = """
import json, main
made = {name: thing for name, thing in vars(main).items() if hasattr(thing, "__firebase_endpoint__")}
endpoints = {name: thing.__firebase_endpoint__ for name, thing in made.items()}
print(json.dumps({name: {
    "region": endpoint.region, "task": endpoint.taskQueueTrigger is not None,
    "schedule": (endpoint.scheduleTrigger or {}).get('schedule'),
    "zone": (endpoint.scheduleTrigger or {}).get('timeZone'),
    "callable": endpoint.callableTrigger is not None, "timeout": endpoint.timeoutSeconds,
    "secrets": [secret["key"] for secret in endpoint.secretEnvironmentVariables or []]}
    for name, endpoint in endpoints.items()}, default=str))
"""


@pytest.fixture(scope="module")
def deployed() -> dict[str, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-c", MANIFEST],
        cwd=ROOT / "functions",
        env={"PATH": "", "GCLOUD_PROJECT": "demo-house"},
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


def test_main_lists_exactly_what_it_imports(deployed: dict[str, dict[str, Any]]) -> None:
    source = (ROOT / "functions" / "main.py").read_text()
    listed = re.findall(r'"([a-z_]+)"', source[source.index("__all__") :])
    assert sorted(listed) == sorted(deployed)


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


@pytest.mark.parametrize("document", ["README.md", "docs/architecture.md", "emulator/README.md"])
def test_links_of_documents_lead_somewhere(document: str) -> None:
    path = ROOT / document
    links = re.findall(r"\]\((?!http)([^)#]+)", path.read_text(encoding="utf-8"))
    assert not [link for link in links if not (path.parent / link).exists()]
