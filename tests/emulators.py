"""Starts firebase-tools' own Storage, Tasks and Auth emulators alone, in one process, in a second or two."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.firestore_process import ROOT

STOP_SECONDS_MAX = 20.0


class NoEmulators(RuntimeError):
    """firebase-tools is not installed, or its emulators did not start; their words stand above."""


@dataclass(frozen=True)
class EmulatorAddresses:
    """host:port of each."""

    storage: str
    tasks: str
    auth: str


@contextmanager
def start_emulators(project: str) -> Iterator[EmulatorAddresses]:
    """The emulators on free ports while the block runs; what they store and log is gone afterwards.

    Raises NoEmulators.
    """
    if not (ROOT / "node_modules" / "firebase-tools").is_dir():
        raise NoEmulators("firebase-tools is not installed: make setup")
    with tempfile.TemporaryDirectory(prefix="emulators-") as folder:
        environment = {"PATH": os.environ["PATH"], "TMPDIR": folder, "HOME": folder}  # nothing into the home folder
        environment["NODE_PATH"] = str(ROOT / "node_modules")
        command = ["node", str(ROOT / "tests" / "emulators.cjs"), project]
        with subprocess.Popen(
            command, cwd=folder, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stdin is not None
            try:
                line = process.stdout.readline()
                if not line:
                    raise NoEmulators("the emulators did not start")
                yield EmulatorAddresses(**json.loads(line))
            finally:
                process.stdin.close()  # which ends it
                process.wait(STOP_SECONDS_MAX)
