"""The generated project folder of a run."""

import json
from pathlib import Path

import pytest

from local.suite.addresses import Addresses
from local.suite.configuration import firebase_configuration, lay_out_project, runtime_name
from local.suite.errors import ToolMissing

ROOT = Path(__file__).parents[4]
ADDRESSES = Addresses.on_loopback(tuple(range(20_001, 20_001 + Addresses.count())))


def test_only_the_default_databases_rules_are_given_to_the_emulator() -> None:
    configuration = json.loads((ROOT / "firebase.json").read_text())

    generated = firebase_configuration(configuration, addresses=ADDRESSES, runtime="python312", ui=False)

    assert len(configuration["firestore"]) == 2
    assert generated["firestore"] == {"rules": "firestore.rules"}
    assert generated["functions"][0]["runtime"] == "python312"
    assert generated["functions"][0]["source"] == "functions"


def test_every_emulator_gets_its_own_port_of_this_run() -> None:
    configuration = json.loads((ROOT / "firebase.json").read_text())

    emulators = firebase_configuration(configuration, addresses=ADDRESSES, runtime="python311", ui=True)["emulators"]

    ports = {name: value["port"] for name, value in emulators.items() if isinstance(value, dict)}
    assert set(ports) == {"auth", "functions", "firestore", "storage", "tasks", "eventarc", "hub", "logging", "ui"}
    assert {*ports.values(), emulators["firestore"]["websocketPort"]} == set(range(20_001, 20_011))
    assert emulators["ui"]["enabled"] is True


@pytest.fixture
def functions(tmp_path: Path) -> Path:
    folder = tmp_path / "functions"
    folder.mkdir()
    (folder / "main.py").write_text("value = 1\n")
    (folder / "venv").mkdir()
    (folder / ".secret.local").write_text("OPENAI_API_KEY=the-users-own\n")
    (folder / ".env.local").write_text("WEB_ORIGIN=http://localhost\n")
    return folder


def _lay_out(tmp_path: Path, functions: Path) -> Path:
    target = tmp_path / "project"
    target.mkdir()
    secrets = {"OPENAI_API_KEY": "the-doubles", "SENDGRID_API_KEY": "the-doubles"}
    lay_out_project(target, root=ROOT, functions=functions, addresses=ADDRESSES, secrets=secrets, ui=False)
    return target / "functions"


def test_sources_are_links_and_generated_files_are_not(tmp_path: Path, functions: Path) -> None:
    laid_out = _lay_out(tmp_path, functions)

    assert (laid_out / "main.py").resolve() == functions / "main.py"
    assert not (laid_out / ".env.local").is_symlink()
    assert (laid_out / "venv" / "bin" / "python").exists()
    (laid_out / ".env.local").write_text("WRITTEN_BY=firebase-tools\n")
    assert (functions / ".env.local").read_text() == "WEB_ORIGIN=http://localhost\n"


def test_the_users_own_keys_come_last_and_so_win(tmp_path: Path, functions: Path) -> None:
    secrets = (_lay_out(tmp_path, functions) / ".secret.local").read_text().splitlines()

    assert secrets == ["OPENAI_API_KEY=the-doubles", "SENDGRID_API_KEY=the-doubles", "OPENAI_API_KEY=the-users-own"]


def test_the_secrets_file_is_for_its_owner_alone(tmp_path: Path, functions: Path) -> None:
    assert (_lay_out(tmp_path, functions) / ".secret.local").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("version", "name"), [((3, 11), "python311"), ((3, 14), "python314")])
def test_the_runtime_is_the_running_python(version: tuple[int, int], name: str) -> None:
    assert runtime_name(version) == name


@pytest.mark.parametrize("version", [(3, 10), (3, 15)])
def test_a_python_that_firebase_tools_does_not_know_is_refused(version: tuple[int, int]) -> None:
    with pytest.raises(ToolMissing, match=r"Install a Python from 3\.11"):
        runtime_name(version)
