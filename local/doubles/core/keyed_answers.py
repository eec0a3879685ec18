"""Idempotency keys as payment providers keep them: the first answer under a key is the answer of every repetition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


class KeyInWork(RuntimeError):
    """The first call with this key has not been answered yet."""


class KeyOfAnotherRequest(ValueError):
    """The key was first used with another request."""


@dataclass(frozen=True)
class KeptAnswer:
    """An answer as it left: status, body, and the id of the request that it answered."""

    status: int
    body: bytes
    request_id: str


@dataclass
class _Slot:
    fingerprint: str
    claimed_at: datetime
    answer: KeptAnswer | None = None


class KeyedAnswers:
    """The answers by their keys. Used from the doubles' one event loop only, so a claim needs no lock."""

    def __init__(self, lifetime: timedelta) -> None:
        self._lifetime = lifetime
        self._slots: dict[tuple[str, ...], _Slot] = {}

    def claim(self, key: tuple[str, ...], fingerprint: str, now: datetime) -> KeptAnswer | None:
        """Take a key for a call about to be worked on; the kept answer instead when there is one.

        `key` is the caller's key with whatever the provider matches it on, `fingerprint` what must be the same too.

        Raises:
            KeyOfAnotherRequest: the fingerprint differs from the first call's.
            KeyInWork: the first call is still in work.

        """
        slot = self._slots.get(key)
        if slot is None or now - slot.claimed_at >= self._lifetime:
            self._slots[key] = _Slot(fingerprint, now)
            return None
        if slot.fingerprint != fingerprint:
            raise KeyOfAnotherRequest
        if slot.answer is None:
            raise KeyInWork
        return slot.answer

    def keep(self, key: tuple[str, ...], answer: KeptAnswer) -> None:
        """Store the answer of a claimed key."""
        self._slots[key].answer = answer

    def give_back(self, key: tuple[str, ...]) -> None:
        """Forget a claimed key whose call was refused before anything was done; an answered key stays."""
        slot = self._slots.get(key)
        if slot is not None and slot.answer is None:
            del self._slots[key]

    def clear(self) -> None:
        """Forget every key."""
        self._slots.clear()
