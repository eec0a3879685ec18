"""What members' rights need from outsiders: files that are larger than memory, and the directory of sign-ins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Protocol


@dataclass(frozen=True)
class SignIn:
    """What Firebase Authentication holds of a member beside the password."""

    methods: tuple[str, ...]
    """``password``, ``google.com``."""
    created_at: datetime | None
    last_used_at: datetime | None
    sessions_valid_since: datetime | None
    """Sessions older than that were ended."""


class SignIns(Protocol):
    """Firebase Authentication's user directory, as far as members see themselves in it."""

    def sign_in(self, uid: str) -> SignIn | None:
        """The sign-in of ``uid``; None when there is none."""


class Folders(Protocol):
    """The bucket, as somebody sees it who copies whole folders."""

    def names(self, prefix: str) -> Iterator[str]:
        """The names of all files that begin with ``prefix``, page by page."""

    def delete(self, name: str) -> None:
        """Remove a file; nothing there is fine."""

    def writer(self, name: str, content_type: str) -> AbstractContextManager[IO[bytes]]:
        """Write a file in pieces; it is there once the block ends without an error, and replaces one of that name."""

    def reader(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """Read a file in pieces, from any position.

        Raises:
            FileNotFoundError: nothing is stored there.

        """
