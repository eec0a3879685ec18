"""The environment of the firebase process."""

from pathlib import Path

from local.suite.environment import firebase_environment
from local.suite.leftovers import RUN_VARIABLE
from local.suite.rundir import RunFolder

RUN = RunFolder(id="run-1", path=Path("/runs/run-1"))


def _environment(base: dict[str, str]) -> dict[str, str]:
    return firebase_environment(
        base,
        root=Path("/project"),
        run=RUN,
        functions_variables={"OPENAI_BASE_URL": "http://127.0.0.1:1"},
        firestore_arguments=("--data", "/a folder/data"),
    )


def test_nothing_of_the_users_accounts_or_proxies_gets_in() -> None:
    private = {
        "GOOGLE_APPLICATION_CREDENTIALS": "key.json",
        "FIREBASE_TOKEN": "token",
        "https_proxy": "http://proxy",
        "HTTP_PROXY": "http://proxy",
        "PYTHONPATH": "/elsewhere",
    }

    environment = _environment({**private, "LANG": "ko_KR.UTF-8"})

    assert not private.keys() & environment.keys()
    assert environment["LANG"] == "ko_KR.UTF-8"


def test_the_launcher_is_first_on_path_and_all_processes_are_marked() -> None:
    environment = _environment({"PATH": "/usr/bin"})

    assert environment["PATH"] == "/project/emulator/launcher:/usr/bin"
    assert environment[RUN_VARIABLE] == "run-1"


def test_files_of_firebase_tools_stay_in_the_run() -> None:
    environment = _environment({"TMPDIR": "/elsewhere", "XDG_CONFIG_HOME": "/home/x/.config"})

    assert environment["TMPDIR"] == str(RUN.temporary)
    assert environment["XDG_CONFIG_HOME"] == environment["CLOUDSDK_CONFIG"] == "/runs/run-1/settings"


def test_a_unix_socket_fits_below_tmpdir() -> None:
    assert len(str(RUN.temporary / "firestore-12345678" / "grpc.sock")) < 100


def test_arguments_of_the_firestore_server_may_hold_spaces() -> None:
    assert _environment({})["IMAGESFACTORY_FIRESTORE_ARGUMENTS"].split("\n") == ["--data", "/a folder/data"]
