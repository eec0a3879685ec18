"""The steps of the story on the terminal: what happens, how long it took, what came of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.status import Status


@dataclass
class Step:
    """One step under way; ``say`` shows what is happening, ``result`` stands behind it when it is done."""

    title: str
    status: Status
    result: str = ""

    def say(self, text: str) -> None:
        """Show what is happening now."""
        self.status.update(f"{self.title} · {text}")


@dataclass
class Steps:
    """All steps with their milliseconds."""

    console: Console
    milliseconds: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Show one step while its body runs."""
        started = time.perf_counter()
        with self.console.status(title) as status:
            step = Step(title, status)
            yield step
        taken = round((time.perf_counter() - started) * 1000)
        self.milliseconds[title] = taken
        line = f"[green]✓[/] {title:<47} [dim]{taken:>7,} ms[/]  {step.result}"
        self.console.print(line, soft_wrap=True)
