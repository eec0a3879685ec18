"""Finds and ends every process of a run, whatever became of its parents.

firebase-tools ends only the shells around the function workers; the workers live on under process 1. All processes of a
run inherit one environment variable, and that is how they are found.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import psutil

from local.suite.errors import ProcessesLeft

RUN_VARIABLE = "IMAGESFACTORY_SUITE_RUN"
"""Holds the id of the run in the environment of each of its processes."""
TERMINATE_SECONDS = 2.0
END_SECONDS = 20.0


def processes_of(run_id: str) -> list[psutil.Process]:
    """The living processes of a run, our own excepted."""
    return [process for process in psutil.process_iter() if _belongs(process, run_id)]


def end_processes_of(run_id: str) -> int:
    """End them all and return how many there were; politely first, then for sure.

    Raises ProcessesLeft when some survive even that.
    """
    ended: set[int] = set()
    deadline = time.monotonic() + END_SECONDS
    while processes := processes_of(run_id):
        ended.update(process.pid for process in processes)
        _end(processes)
        if time.monotonic() > deadline:
            pids = " ".join(str(process.pid) for process in processes)
            raise ProcessesLeft(f"These processes of the suite do not end: {pids}.", f"Try: kill -9 {pids}")
    return len(ended)


def is_alive(pid: int, started_at: float) -> bool:
    """Whether the process that began at ``started_at`` (seconds since the epoch) still runs under this id."""
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started_at) < 1.0 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _belongs(process: psutil.Process, run_id: str) -> bool:
    if process.pid == os.getpid():
        return False
    try:
        return process.environ().get(RUN_VARIABLE) == run_id and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError):
        return False  # ended meanwhile, or another user's


def _end(processes: list[psutil.Process]) -> None:
    for process in processes:
        _quietly(process.terminate)
    _, alive = psutil.wait_procs(processes, timeout=TERMINATE_SECONDS)
    for process in alive:
        _quietly(process.kill)
    psutil.wait_procs(alive, timeout=TERMINATE_SECONDS)


def _quietly(action: Callable[[], object]) -> None:
    try:
        action()
    except psutil.NoSuchProcess:
        return
