"""The port of a task queue: work is handed to a task function, at least once."""

from __future__ import annotations

from typing import Protocol


class Queue(Protocol):
    """Whoever delivers tasks."""

    def enqueue(self, function: str, name: str, payload: dict[str, str | int]) -> None:
        """Deliver ``payload`` to a task function.

        Args:
            function: name of the task function, which is also its queue's.
            name: name of the task (letters, digits, hyphens): a name used before makes no second task.
            payload: ids only; the function reloads what it needs.

        """
