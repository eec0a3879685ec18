"""storage.rules as firebase-tools itself asks about them: its own client code, our runtime behind its `java`."""

import json
import os
import subprocess

from tests.firestore_process import ROOT

CLIENT = ROOT / "tests/integration/emulator/storage_rules_client.cjs"
LAUNCHER = ROOT / "emulator/launcher"
SECONDS_MAX = 120


def test_the_storage_emulators_own_client_gets_its_answers() -> None:
    environment = {
        **os.environ,
        "PATH": f"{LAUNCHER}:{os.environ['PATH']}",
        "STORAGE_EMULATOR_BINARY_PATH": str(LAUNCHER / "storage_rules.not-a-jar"),
        "NODE_PATH": str(ROOT / "node_modules"),
    }
    command = ["node", str(CLIENT), str(ROOT / "storage.rules")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS_MAX)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["broken"] == ["storage.rules:1:54 ERROR Missing conditional expression after 'if'."]
    assert (answer["issues"], answer["version"], answer["errors"], answer["alive"]) == ([], 2, [], False)
    # The owner of an active account may get the own picture; nothing else of what the client asks is allowed.
    assert answer["permitted"] == [True] + [False] * 7
