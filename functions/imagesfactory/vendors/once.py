"""Builds a client once, on first use, whichever thread comes first."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

Built = TypeVar("Built")


class Once(Generic[Built]):
    """Calls ``build`` on the first call and gives everybody that same object; a build that failed is tried again."""

    def __init__(self, build: Callable[[], Built]) -> None:
        self._build = build
        self._lock = Lock()
        self._built: list[Built] = []

    def __call__(self) -> Built:
        """The one object."""
        if not self._built:
            with self._lock:
                if not self._built:
                    self._built.append(self._build())
        return self._built[0]
