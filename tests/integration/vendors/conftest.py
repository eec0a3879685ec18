"""The outsiders: the doubles of the providers and the emulators of firebase-tools, all on loopback."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from imagesfactory.generation.ports import Picture

from local.doubles import Doubles, running
from tests.integration.vendors.limits import PROJECT

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


@dataclass(frozen=True)
class EmulatorAddresses:
    """host:port of each."""

    storage: str
    tasks: str
    auth: str


@pytest.fixture(scope="session")
def all_doubles() -> Iterator[Doubles]:
    with running() as doubles:
        yield doubles


@pytest.fixture
def doubles(all_doubles: Doubles) -> Doubles:
    all_doubles.control.reset()
    return all_doubles


@pytest.fixture(scope="session")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatorAddresses]:
    if not (ROOT / "node_modules" / "firebase-tools").is_dir():
        pytest.skip("firebase-tools is not installed: npm ci")
    folder = tmp_path_factory.mktemp("emulators")  # stored files and logs go here, and nothing into the home folder
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(folder), "HOME": str(folder)}
    environment["NODE_PATH"] = str(ROOT / "node_modules")
    command = ["node", str(HERE / "emulators.cjs"), PROJECT]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        line = process.stdout.readline()
        assert line, "the emulators did not start; their words stand above"
        yield EmulatorAddresses(**json.loads(line))
        process.stdin.close()
        process.wait()


@pytest.fixture
def picture() -> Picture:
    return Picture(
        prompt="달빛 아래 걷는 고양이",
        provider_model="gpt-image-2",
        quality="low",
        width=1024,
        height=1024,
        aspect_ratio="1:1",
        end_user="a-keyed-pseudonym",
    )
