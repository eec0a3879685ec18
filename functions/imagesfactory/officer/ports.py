"""What the officer's acts need from outsiders: the directory of sign-ins."""

from __future__ import annotations

from typing import Protocol


class Directory(Protocol):
    """Firebase Authentication's user directory."""

    def end_sessions(self, uid: str) -> None:
        """End every session of ``uid``, on every device; nobody there is fine.

        Raises:
            RetryLater: the directory does not answer now.

        """
