"""What a piece of work cost at the Firestore server: its requests in order, as Google would bill them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.firestore_process import FirestoreProcess


@dataclass
class Bill:
    """The requests of one block; complete when the block has ended."""

    entries: list[dict[str, Any]] = field(default_factory=list)

    @property
    def reads(self) -> int:
        """Billed document reads."""
        return sum(int(entry["reads"]) for entry in self.entries)

    @property
    def writes(self) -> int:
        """Billed document writes."""
        return sum(int(entry["writes"]) for entry in self.entries)

    @property
    def deletes(self) -> int:
        """Billed document deletes."""
        return sum(int(entry["deletes"]) for entry in self.entries)

    @property
    def methods(self) -> list[str]:
        """The round trips, by their RPC."""
        return [str(entry["method"]) for entry in self.entries]


@contextmanager
def billed(process: FirestoreProcess) -> Iterator[Bill]:
    """Counts what happens at the server inside the block."""
    address = f"{process.url}/emulator/v1/usage"
    since = requests.get(address, timeout=30).json()["sequence"]
    bill = Bill()
    yield bill
    bill.entries += requests.get(address, params={"since": since}, timeout=30).json()["entries"]
