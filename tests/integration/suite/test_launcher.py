"""The `java` that is not Java, run as firebase-tools runs it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LAUNCHER = ROOT / "emulator" / "launcher"
FIRESTORE = LAUNCHER / "firestore.not-a-jar"
STORAGE_RULES = LAUNCHER / "storage_rules.not-a-jar"
# What python is asked to run is caught by a recorder in its place; it also shows that the launcher became it.
RECORDER = """#!{python}
import json, os, signal, sys
signal.signal(signal.SIGINT, lambda *_: sys.exit(7))
print(json.dumps({{"arguments": sys.argv[1:], "pid": os.getpid(), "path": os.environ["PYTHONPATH"]}}), flush=True)
if "serve" in sys.argv:
    signal.pause()
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    recorder = tmp_path / "python"
    recorder.write_text(RECORDER.format(python=sys.executable))
    recorder.chmod(0o755)
    return {"PATH": f"{LAUNCHER}:/usr/bin:/bin", "IMAGESFACTORY_PYTHON": str(recorder)}


def _java(environment: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(LAUNCHER / "java"), *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20, check=False)


def test_it_answers_the_version_question_as_firebase_tools_asks_it(environment: dict[str, str]) -> None:
    answer = _java(environment, "-Duser.language=en", "-Dfile.encoding=UTF-8", "-version")

    assert answer.returncode == 0
    assert 'version "21' in answer.stderr
    assert "not Java" in answer.stderr


def test_the_firestore_marker_starts_our_server_with_the_official_options(environment: dict[str, str]) -> None:
    official = ["--host", "127.0.0.1", "--port", "8080", "--single_project_mode", "true"]

    answer = _java(environment, "-Duser.language=en", "-jar", FIRESTORE, *official)

    record = json.loads(answer.stdout)
    assert record["arguments"] == ["-m", "emulator.firestore", *official]
    assert record["path"] == str(ROOT)


def test_our_own_options_come_first_whole_and_unexpanded(environment: dict[str, str]) -> None:
    environment["IMAGESFACTORY_FIRESTORE_ARGUMENTS"] = "--data\n/a folder/*"

    answer = _java(environment, "-jar", FIRESTORE, "--port", "1")

    assert json.loads(answer.stdout)["arguments"][2:] == ["--data", "/a folder/*", "--port", "1"]


def test_a_signal_reaches_the_program_itself(environment: dict[str, str]) -> None:
    command = [str(LAUNCHER / "java"), "-jar", str(STORAGE_RULES), "serve"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        record = json.loads(process.stdout.readline())
        os.kill(process.pid, signal.SIGINT)

        assert process.wait(timeout=20) == 7
    assert record["arguments"] == ["-m", "emulator.storage_rules", "serve"]
    assert record["pid"] == process.pid


def test_anything_else_goes_to_a_real_java(environment: dict[str, str], tmp_path: Path) -> None:
    real = tmp_path / "jdk" / "java"
    real.parent.mkdir()
    real.write_text('#!/bin/sh\necho "real: $*"\n')
    real.chmod(0o755)
    environment["PATH"] = f"{LAUNCHER}:{real.parent}:/usr/bin:/bin"

    answer = _java(environment, "-jar", "official firestore.jar", "--port", "1")

    assert answer.stdout == "real: -jar official firestore.jar --port 1\n"


def test_without_a_real_java_it_refuses_and_says_what_to_install(environment: dict[str, str], tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "dirname"):
        (tools / name).symlink_to(Path("/bin") / name if Path("/bin", name).exists() else Path("/usr/bin") / name)
    environment["PATH"] = f"{LAUNCHER}:{tools}"

    answer = _java(environment, "-jar", "official.jar")

    assert answer.returncode == 1
    assert "Install a Java of version 21" in answer.stderr


def test_without_our_python_it_says_what_to_run(environment: dict[str, str], tmp_path: Path) -> None:
    environment["IMAGESFACTORY_PYTHON"] = str(tmp_path / "missing")

    answer = _java(environment, "-jar", FIRESTORE)

    assert answer.returncode == 1
    assert "make setup" in answer.stderr
