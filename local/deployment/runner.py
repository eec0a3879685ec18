"""Shows the steps of a plan, or runs them: nothing is run unless it was asked for."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from local.deployment.steps import EDITED, Command, Edit, Stage, Step, written
from local.suite.suite import ROOT

KEY_BYTES = 32
PAUSE_SECONDS = 30
PAUSES_MAX = 12 * 120
"""Half a day: a restore takes minutes to hours (cloud.google.com/firestore/docs/backups)."""
DONE = "done"
"""What somebody answers who has done a step by hand."""


class StepFailed(Exception):
    """A step failed, is not done yet, or its program is not installed; the text has the remedy."""


@dataclass(frozen=True)
class Person:
    """Whoever sits at the terminal: what is shown to them, what they answer, and how long it is until we look again."""

    console: Console
    answer: Callable[[str], str] = input
    pause: Callable[[float], None] = time.sleep


def show(stages: Iterable[Stage], console: Console) -> None:
    """Print every step as somebody would type it."""
    for stage in stages:
        _head(stage, console)
        for step in stage.steps:
            console.print(f"  {step.title}", style="cyan")
            _by_hand(step, console)
            for command in _shown(step):
                console.print(f"      {written(command)}", soft_wrap=True, markup=False)
            for name, content in step.files.items():
                console.print(f"      {{{name}}} is:\n{content}", style="dim", soft_wrap=True, markup=False)
            if step.random_file:
                console.print(f"      {{{step.random_file}}} is a random key, made when this is run", style="dim")
            if step.wait_until:
                console.print("      and waits until that prints something", style="dim")


def run(stages: Iterable[Stage], person: Person) -> None:
    """Run what was not done before, step by step; what is for people is printed where it belongs.

    Raises:
        StepFailed: the steps before it are done; run again after the remedy.

    """
    for stage in stages:
        _head(stage, person.console)
        for step in stage.steps:
            outcome = _outcome(step, person)
            colour = "yellow" if step.by_hand else "green"
            person.console.print(f"  [{colour}]{outcome:<8}[/] {step.title}")
            if outcome == "by hand":
                _by_hand(step, person.console)
                _await(step, person)


def _shown(step: Step) -> tuple[Command, ...]:
    edit = (step.edit.read, step.edit.write) if step.edit else ()
    return (*step.commands, *edit, *((step.wait_until,) if step.wait_until else ()))


def _outcome(step: Step, person: Person) -> str:
    if step.done_if is not None and _is_done(step.done_if):
        return "there"
    if step.by_hand:
        return "by hand"
    if step.edit:
        return _edited(step.edit, person.console)
    with _files(step) as paths:
        for command in step.commands:
            _run(_with_paths(command, paths), person.console)
    if step.wait_until:
        _wait(step.wait_until, person)
    return "done"


@contextmanager
def _files(step: Step) -> Iterator[dict[str, Path]]:
    """The files of the step, in a folder that nobody else may read, while the block runs."""
    contents = dict(step.files)
    if step.random_file:
        contents[step.random_file] = secrets.token_urlsafe(KEY_BYTES)
    with tempfile.TemporaryDirectory(prefix="imagesfactory-deployment-") as folder:
        paths = {name: Path(folder) / name for name in contents}
        for name, content in contents.items():
            paths[name].write_text(content, encoding="utf-8")
        yield paths


def _edited(edit: Edit, console: Console) -> str:
    found = _ask(edit.read)
    if found.returncode:
        raise StepFailed(f"This failed: {written(edit.read)}\n{found.stderr}")
    before = json.loads(found.stdout)
    after = edit.change(before)
    if after == before:
        return "there"
    name = EDITED.strip("{}")
    with _files(Step("", files={name: json.dumps(after)})) as paths:
        _run(_with_paths(edit.write, paths), console)
    return "done"


def _wait(until: Command, person: Person) -> None:
    for _ in range(PAUSES_MAX):
        if _is_done(until):
            return
        person.pause(PAUSE_SECONDS)
    raise StepFailed(f"It is not over after half a day: {written(until)}\nLook why, then run the same plan again.")


def _await(step: Step, person: Person) -> None:
    if not step.is_awaited:
        return
    try:
        answer = person.answer(f"      Say {DONE} when it is done; anything else ends here: ")
    except EOFError:
        answer = ""
    if answer.strip().lower() != DONE:
        raise StepFailed(f"Not done yet: {step.title}. Nothing more was run; do it, then run the same plan again.")


def _is_done(command: Command) -> bool:
    found = _ask(command)
    return found.returncode == 0 and bool(found.stdout.strip())


def _ask(command: Command) -> subprocess.CompletedProcess[str]:
    return subprocess.run([_program(command), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - a command of the plan


def _run(command: Command, console: Console) -> None:
    console.print(f"      {written(command)}", style="dim", soft_wrap=True, markup=False)
    done = subprocess.run([_program(command), *command[1:]], cwd=ROOT, check=False)  # noqa: S603 - a command of the plan
    if done.returncode:
        raise StepFailed(f"This failed: {written(command)}\nMend what it says above, then run the same plan again.")


def _program(command: Command) -> str:
    own = ROOT / "node_modules" / ".bin" / command[0]
    found = str(own) if own.exists() else shutil.which(command[0])
    if found is None:
        raise StepFailed(
            f"{command[0]} is not on PATH. Install it (https://cloud.google.com/sdk/docs/install), sign in, again."
        )
    return found


def _with_paths(command: Command, paths: dict[str, Path]) -> Command:
    replaced = list(command)
    for name, path in paths.items():
        replaced = [part.replace(f"{{{name}}}", str(path)) for part in replaced]
    return tuple(replaced)


def _head(stage: Stage, console: Console) -> None:
    console.print(f"\n[bold]{stage.name}[/]  {stage.why}", soft_wrap=True)


def _by_hand(step: Step, console: Console) -> None:
    if step.by_hand:
        console.print(f"      by hand: {step.by_hand}", style="yellow", soft_wrap=True, markup=False)
