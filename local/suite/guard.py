"""Ends a run whose owner dies without doing so: waits for the end of its input, then cleans up.

The owner holds the other end of a pipe. However the owner dies, the system closes that end.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from local.suite.leftovers import end_processes_of
from local.suite.rundir import RunFolder


class Guard:
    """The watching process, from its owner's side."""

    def __init__(self, run: RunFolder, *, root: Path) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "local.suite.guard", run.id, str(run.path.resolve())],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def close(self) -> None:
        """Let it look once more and end."""
        self._process.communicate()


def main() -> None:
    """Wait for the owner's end of the pipe to close."""
    sys.stdin.buffer.read()
    run = RunFolder(id=sys.argv[1], path=Path(sys.argv[2]))
    end_processes_of(run.id)
    run.close()


if __name__ == "__main__":
    main()
