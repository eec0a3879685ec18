"""A child process whose output is kept in a log and listened to line by line."""

from __future__ import annotations

import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

LAST_LINES = 50


class Child:
    """A started program in a session of its own, so that Ctrl-C at the terminal reaches us alone."""

    def __init__(self, command: Sequence[str], *, environment: Mapping[str, str], folder: Path, log: Path) -> None:
        self.log = log
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._is_listened_to = True
        self._process = subprocess.Popen(  # noqa: S603 - the caller names the program
            command,
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name=f"log of {log.stem}", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def has_ended(self) -> bool:
        """Whether the program has exited."""
        return self._process.poll() is not None

    def wait_for_line(self, seconds: float, listener: Callable[[str], bool]) -> bool:
        """Give each line to ``listener`` until it returns true: then true. May be called once.

        False when the output ended or ``seconds`` passed before that.
        """
        deadline = time.monotonic() + seconds
        try:
            while (remaining := deadline - time.monotonic()) > 0:
                line = self._lines.get(timeout=remaining)
                if line is None:
                    return False
                if listener(line):
                    return True
        except queue.Empty:
            return False
        finally:
            self._is_listened_to = False  # or the lines of a long run would pile up
        return False

    def wait(self) -> int:
        """Wait until the program ends by itself; its exit status."""
        return self._process.wait()

    def interrupt(self, number: signal.Signals, seconds: float) -> bool:
        """Send a signal and wait; whether the program ended within ``seconds``."""
        if not self.has_ended():
            self._process.send_signal(number)
        try:
            self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self, seconds: float = 5.0) -> None:
        """Wait until the log is complete; call it when every process that holds the output has ended."""
        self._reader.join(timeout=seconds)
        self._process.wait(timeout=seconds)

    def last_lines(self, count: int = LAST_LINES) -> str:
        """The end of the log."""
        return last_lines(self.log, count)

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - asked for with PIPE above
        with self._process.stdout as output, self.log.open("wb") as log:
            for line in output:
                log.write(line)
                log.flush()
                if self._is_listened_to:
                    self._lines.put(line.decode(errors="replace").rstrip("\n"))
        self._lines.put(None)


def last_lines(log: Path, count: int = LAST_LINES) -> str:
    """The end of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
