"""One step of work on a project: a command, how to see that it was done before, or what a person has to do."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field

Command = tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """A step. One without commands is done by a person, as ``by_hand`` says."""

    title: str
    commands: tuple[Command, ...] = ()
    done_if: Command | None = None
    """Succeeds and prints something when the step was done before; without it the commands may be repeated."""
    files: dict[str, str] = field(default_factory=dict)
    """Files that the commands name by ``{NAME}``, with their content."""
    by_hand: str = ""


@dataclass(frozen=True)
class Stage:
    """Steps that belong together; ``why`` is for whoever reads the plan."""

    name: str
    why: str
    steps: tuple[Step, ...]


def written(command: Command) -> str:
    """The command as somebody would type it."""
    return shlex.join(command)
