"""What members' rights need from outsiders: files that are larger than memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import IO, Protocol


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
