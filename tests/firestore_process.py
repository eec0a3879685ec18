"""Starts the Firestore server as its users do, in a process of its own, and hands out real clients for it."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from google.cloud import firestore

ROOT = Path(__file__).resolve().parents[1]
READY = "Firestore server is ready on "
START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 20.0


@dataclass
class FirestoreProcess:
    """A running server process. `output` is what it printed so far, line by line."""

    host: str
    port: int
    process: subprocess.Popen[str]
    output: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """`host:port`, the value of FIRESTORE_EMULATOR_HOST."""
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """Root of the HTTP endpoints."""
        return f"http://{self.address}"

    def client(self, project: str = "demo-test", database: str | None = None) -> Any:
        """A synchronous client with admin rights."""
        with patch.dict(os.environ, {"FIRESTORE_EMULATOR_HOST": self.address}):
            return firestore.Client(project=project, database=database)

    def async_client(self, project: str = "demo-test", database: str | None = None) -> Any:
        """An asynchronous client with admin rights."""
        with patch.dict(os.environ, {"FIRESTORE_EMULATOR_HOST": self.address}):
            return firestore.AsyncClient(project=project, database=database)

    def stop(self) -> int:
        """Ends the server as a user does (SIGINT); returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS_MAX)

    def kill(self) -> None:
        """Ends the server without a chance to tidy up (SIGKILL)."""
        self.process.kill()
        self.process.wait(STOP_SECONDS_MAX)


@contextmanager
def start_firestore(data: Path | None = None, *arguments: str, port: int = 0) -> Iterator[FirestoreProcess]:
    """A server on a free port, ended at the end of the block. `data` is its folder, None for memory only.

    Raises RuntimeError with the server's output when it does not become ready.
    """
    command = [sys.executable, "-m", "emulator.firestore", "--port", str(port), *arguments]
    if data:
        command += ["--data", str(data)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    output: list[str] = []
    settled = threading.Event()
    reader = threading.Thread(target=_collect, args=(process, output, settled), daemon=True)
    reader.start()
    try:
        settled.wait(START_SECONDS_MAX)
        ready = next((line for line in output if line.startswith(READY)), None)
        if ready is None:
            raise RuntimeError("the Firestore server did not start:\n" + "".join(output))
        host, _, text = ready.removeprefix(READY).strip().rpartition(":")
        yield FirestoreProcess(host, int(text), process, output)
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join()


def _collect(process: subprocess.Popen[str], output: list[str], settled: threading.Event) -> None:
    """Reads all the process prints, so that it never blocks; `settled` says ready or ended."""
    stream = process.stdout
    if stream is not None:
        with stream:
            for line in stream:
                output.append(line)
                if line.startswith(READY):
                    settled.set()
    settled.set()
