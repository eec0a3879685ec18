"""What a withdrawal needs from outsiders: files, the directory of sign-ins, and processors that forget somebody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol


class Files(Protocol):
    """The bucket, as somebody sees it who clears a folder."""

    def names(self, prefix: str) -> Iterator[str]:
        """The names of all files below ``prefix``, page by page."""

    def delete(self, name: str) -> None:
        """Remove a file; nothing there is fine."""


class Directory(Protocol):
    """Firebase Authentication's user directory."""

    def delete(self, uid: str) -> None:
        """Remove the sign-in of ``uid``; nobody there is fine."""

    def missing(self, uids: Iterable[str]) -> set[str]:
        """Those of at most 100 ``uids`` who have no sign-in."""


class Processor(Protocol):
    """A company that holds copies of its own and can be asked to erase them."""

    def forget(self, address: str) -> str:
        """Have everything about the member with this e-mail address erased; asking twice is fine.

        Returns:
            The processor's own reference of the erasure, or what it says instead. Nothing personal.

        Raises:
            RetryLater: it does not answer now.
            ProcessorUnusable: it will not until an operator acts.

        """


class ProcessorUnusable(Exception):
    """A processor refuses to erase whatever we ask (key, scope): an operator must act."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
