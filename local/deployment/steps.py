"""One step of work on a project: a command, how to see that it was done before, or what a person has to do."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Command = tuple[str, ...]
EDITED = "{edited.json}"
"""How the command that writes an :class:`Edit` back names its file."""


@dataclass(frozen=True)
class Edit:
    """Something that can only be written whole: it is read as JSON, changed, and written back if that changed it."""

    read: Command
    change: Callable[[Any], Any]
    write: Command
    """Names the file of what is to be written by :data:`EDITED`."""


@dataclass(frozen=True)
class Step:
    """A step. One without commands is done by a person, as ``by_hand`` says."""

    title: str
    commands: tuple[Command, ...] = ()
    done_if: Command | None = None
    """Succeeds and prints something when the step was done before; without it the commands may be repeated."""
    files: dict[str, str] = field(default_factory=dict)
    """Files that the commands name by ``{NAME}``, with their content."""
    random_file: str = ""
    """A file that the commands name by ``{NAME}``; it holds a key that is made when they run, and is never shown."""
    edit: Edit | None = None
    wait_until: Command | None = None
    """What was begun is over when this succeeds and prints something."""
    by_hand: str = ""
    is_awaited: bool = False
    """Whether what follows destroys something, or needs what is done by hand: nothing more is run until somebody says
    that it is done."""


@dataclass(frozen=True)
class Stage:
    """Steps that belong together; ``why`` is for whoever reads the plan."""

    name: str
    why: str
    steps: tuple[Step, ...]


def written(command: Command) -> str:
    """The command as somebody would type it."""
    return shlex.join(command)
