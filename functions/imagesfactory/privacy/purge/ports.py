"""What the purge needs from outsiders: a look into the bucket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class StoredFile:
    """One file of the bucket: its name and when it was stored (UTC)."""

    name: str
    stored_at: datetime


class FileStore(Protocol):
    """Where files live."""

    def page(self, prefix: str, after: str, limit: int) -> list[StoredFile]:
        """The files below ``prefix`` whose names follow ``after``, in the order of names, at most ``limit``."""

    def delete(self, name: str) -> None:
        """Remove what is stored under ``name``; nothing there is fine."""
