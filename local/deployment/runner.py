"""Shows the steps of a plan, or runs them: nothing is run unless it was asked for."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from local.deployment.steps import Command, Stage, Step, written
from local.suite.suite import ROOT


class StepFailed(Exception):
    """A command of a step failed, or is not installed; the text has the remedy."""


def show(stages: Iterable[Stage], console: Console) -> None:
    """Print every step as somebody would type it."""
    for stage in stages:
        _head(stage, console)
        for step in stage.steps:
            console.print(f"  {step.title}", style="cyan")
            _by_hand(step, console)
            for command in step.commands:
                console.print(f"      {written(command)}", soft_wrap=True, markup=False)
            for name, content in step.files.items():
                console.print(f"      {{{name}}} is:\n{content}", style="dim", soft_wrap=True, markup=False)


def run(stages: Iterable[Stage], console: Console) -> None:
    """Run what was not done before, step by step; what is for people is printed where it belongs.

    Raises:
        StepFailed: the steps before it are done; run again after the remedy.

    """
    for stage in stages:
        _head(stage, console)
        for step in stage.steps:
            outcome = _outcome(step, console)
            console.print(f"  [{'yellow' if step.by_hand else 'green'}]{outcome:<8}[/] {step.title}")
            if outcome == "by hand":
                _by_hand(step, console)


def _outcome(step: Step, console: Console) -> str:
    if step.done_if is not None and _is_done(step.done_if):
        return "there"
    if step.by_hand:
        return "by hand"
    with tempfile.TemporaryDirectory(prefix="imagesfactory-deployment-") as folder:
        paths = {name: Path(folder) / name for name in step.files}
        for name, content in step.files.items():
            paths[name].write_text(content, encoding="utf-8")
        for command in step.commands:
            _run(_with_paths(command, paths), console)
    return "done"


def _is_done(command: Command) -> bool:
    found = subprocess.run([_program(command), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - a command of the plan
    return found.returncode == 0 and bool(found.stdout.strip())


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
