"""The Firestore server in a process of its own, for measurements with the real client, with what it would bill."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import requests
from google.cloud import firestore

from local.suite.suite import ROOT

PROJECT = "demo-bench"
READY = "Firestore server is ready on "
ANSWER_SECONDS = 30


@dataclass(frozen=True)
class Server:
    """A running server."""

    address: str
    client: firestore.Client
    pid: int

    def sequence(self) -> int:
        """The number of the latest request."""
        return int(self._usage()["sequence"])

    def requests_since(self, sequence: int) -> list[dict[str, Any]]:
        """The requests after that number, oldest first: method, billed reads and writes."""
        entries: list[dict[str, Any]] = self._usage(since=str(sequence))["entries"]
        return entries

    def _usage(self, **query: str) -> dict[str, Any]:
        answer = requests.get(f"http://{self.address}/emulator/v1/usage", params=query, timeout=ANSWER_SECONDS)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


def client_of(address: str, database: str | None = None) -> firestore.Client:
    """A client with all rights for the server at ``address``."""
    with patch.dict(os.environ, {"FIRESTORE_EMULATOR_HOST": address}):
        return firestore.Client(project=PROJECT, database=database)


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A server that keeps its data in ``folder`` while the block runs."""
    command = [sys.executable, "-m", "emulator.firestore", "--port", "0", "--data", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        lines = iter(process.stdout or ())
        try:
            address = next(line for line in lines if line.startswith(READY)).removeprefix(READY).strip()
            client = client_of(address)
            yield Server(address, client, process.pid)
            client.close()  # type: ignore[no-untyped-call]
        finally:
            process.terminate()
            for _ in lines:  # read to its end, so that it can say that it stops
                pass
