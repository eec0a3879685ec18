"""What support needs from outsiders: that whoever carried our answers forgets to whom."""

from __future__ import annotations

from typing import Protocol


class Carrier(Protocol):
    """Whoever carries mail, and keeps a record of it."""

    def forget(self, address: str) -> str:
        """Have everything about this e-mail address erased; asking twice is fine. Returns the carrier's reference.

        Raises:
            RetryLater: it does not answer now.

        """
