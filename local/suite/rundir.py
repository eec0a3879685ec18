"""The folder of one run: its generated project, its logs, its temporary files and who owns it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import psutil

from local.suite import leftovers

RUNS_KEPT = 5
"""Folders of ended runs that stay for reading."""


@dataclass(frozen=True)
class RunFolder:
    """Paths of a run; ``id`` marks its processes."""

    id: str
    path: Path

    @property
    def project(self) -> Path:
        """Holds the generated firebase.json and what it names."""
        return self.path / "project"

    @property
    def logs(self) -> Path:
        """Every log of the run; working folder of firebase-tools, which writes its own logs there."""
        return self.path / "logs"

    @property
    def temporary(self) -> Path:
        """TMPDIR of the run: files of the Storage emulator, the hub's locator.

        Not below ``path``: the name of a Unix socket in it must stay under about 100 bytes.
        """
        return Path(tempfile.gettempdir()) / f"if-{self.id.rpartition('-')[2]}"

    @property
    def clock(self) -> Path:
        """Says how far the clock of the run is ahead."""
        return self.path / "clock"

    @property
    def settings(self) -> Path:
        """Stands in for the user's own settings of firebase-tools and gcloud, so that none is used."""
        return self.path / "settings"

    @property
    def serving(self) -> Path:
        """Where `make serve` says what it serves; other runs have no such file."""
        return self.path / "serving.json"

    def close(self) -> None:
        """Say that the run has ended and drop what only it needed (keys among it); the logs stay."""
        for folder in (self.project, self.temporary, self.settings):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (self.clock, self.serving, _owner_file(self.path)):
            file.unlink(missing_ok=True)


def open_run(runs: Path) -> RunFolder:
    """A fresh folder under ``runs``, owned by this process."""
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:8]}"
    run = RunFolder(id=name, path=runs / name)
    for folder in (run.project, run.logs, run.settings):
        folder.mkdir(parents=True)
    run.temporary.mkdir(mode=0o700)
    owner = {"pid": os.getpid(), "started_at": psutil.Process().create_time()}
    unfinished = run.path / "owner.unfinished"
    unfinished.write_text(json.dumps(owner))
    unfinished.replace(_owner_file(run.path))  # at once, so that nobody reads half of it
    return run


def running_runs(runs: Path) -> list[RunFolder]:
    """The runs whose owner lives, oldest first."""
    folders = sorted(runs.iterdir()) if runs.is_dir() else []
    return [RunFolder(id=path.name, path=path) for path in folders if _owner_lives(path)]


def clean_abandoned(runs: Path) -> list[str]:
    """End what runs left behind whose owner was killed, drop old folders, and return the ids of the abandoned ones."""
    if not runs.is_dir():
        return []
    abandoned = [path for path in sorted(runs.iterdir()) if _is_abandoned(path)]
    for path in abandoned:
        leftovers.end_processes_of(path.name)
        RunFolder(id=path.name, path=path).close()
    ended = [path for path in sorted(runs.iterdir()) if path.is_dir() and not _owner_file(path).exists()]
    for path in ended[:-RUNS_KEPT]:
        shutil.rmtree(path, ignore_errors=True)
    return [path.name for path in abandoned]


def _is_abandoned(path: Path) -> bool:
    return _owner_lives(path) is False


def _owner_lives(path: Path) -> bool | None:
    """Whether the process that opened the run is alive; None once the run was closed."""
    try:
        owner = json.loads(_owner_file(path).read_text())
    except FileNotFoundError:
        return None
    return leftovers.is_alive(int(owner["pid"]), float(owner["started_at"]))


def _owner_file(path: Path) -> Path:
    return path / "owner.json"
