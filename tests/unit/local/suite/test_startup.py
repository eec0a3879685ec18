"""What the lines of firebase-tools mean."""

import pytest

from local.suite.startup import Startup

START = [
    "i  emulators: Starting emulators: auth, functions",
    "✔  firestore: Firestore Emulator was started in standard edition.",
    "✔  functions: Loaded functions definitions from source: create_job.",
]
READY = "│ ✔  All emulators ready! It is now safe to connect your app. │"


def _listen(*lines: str) -> tuple[Startup, list[bool], list[str]]:
    said: list[str] = []
    startup = Startup(said.append)
    return startup, [startup.listen(line) for line in lines], said


def test_each_step_is_reported_once_and_ready_ends_the_wait() -> None:
    startup, heard, said = _listen(*START, START[2], READY)

    assert heard == [False, False, False, False, True]
    assert said == ["firebase-tools has started", "Firestore is ready", "the functions are loaded"]
    assert not startup.functions_failure


def test_functions_that_do_not_load_end_the_wait_with_the_reason() -> None:
    line = "⬢  functions: Failed to load function definition from source: FirebaseError: SyntaxError"

    startup, heard, _ = _listen(*START[:2], line)

    assert heard[-1] is True
    assert startup.functions_failure == line


@pytest.mark.parametrize(
    "line",
    [
        "⚠  hub: Port 4400 is not open on 127.0.0.1, could not start Emulator Hub.",
        "⬢  firestore: Firestore Emulator has exited because its configured port 8080 is already in use.",
    ],
)
def test_a_taken_port_is_noticed(line: str) -> None:
    assert _listen(line)[0].port_taken
