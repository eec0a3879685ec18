"""Processes that a run leaves behind are found and ended, whoever their parent is."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from local.suite import leftovers, rundir

ROOT = Path(__file__).parents[3]
# A worker whose parent has gone, as the emulators leave them: it lives in a session of its own and heeds no SIGTERM.
ORPHANING = """
import subprocess, sys
worker = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); signal.pause()"
outputs = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
child = subprocess.Popen([sys.executable, "-c", worker], start_new_session=True, **outputs)
child.stdout.readline()
print(child.pid)
"""
OWNER = """
import os, signal, sys
from pathlib import Path
from local.suite import guard, rundir
run = rundir.open_run(Path(sys.argv[1]))
watching = guard.Guard(run, root=Path(sys.argv[2])) if sys.argv[3] == "guarded" else None
print(run.id, watching.pid if watching else 0, flush=True)
signal.pause()
"""


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "TERMINATE_SECONDS", 0.2)


def _orphan(run_id: str) -> psutil.Process:
    environment = {**os.environ, leftovers.RUN_VARIABLE: run_id}
    answer = subprocess.run(
        [sys.executable, "-c", ORPHANING], env=environment, capture_output=True, text=True, check=True
    )
    return psutil.Process(int(answer.stdout))


def _start_owner(runs: Path, guarded: str) -> tuple[subprocess.Popen[str], str, int]:
    command = [sys.executable, "-c", OWNER, str(runs), str(ROOT), guarded]
    owner = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    run_id, guard = owner.stdout.readline().split()
    return owner, run_id, int(guard)


def _kill(owner: subprocess.Popen[str]) -> None:
    with owner:
        owner.kill()


def test_an_orphan_that_ignores_sigterm_is_ended() -> None:
    orphan = _orphan("run-of-this-test")

    assert leftovers.processes_of("run-of-this-test") == [orphan]
    assert leftovers.end_processes_of("run-of-this-test") == 1
    assert leftovers.processes_of("run-of-this-test") == []


def test_another_runs_processes_are_left_alone() -> None:
    other = _orphan("another-run")
    try:
        assert leftovers.end_processes_of("run-of-this-test") == 0
        assert other.is_running()
    finally:
        leftovers.end_processes_of("another-run")


def test_the_next_start_cleans_up_after_an_owner_that_was_killed(tmp_path: Path) -> None:
    owner, run_id, _ = _start_owner(tmp_path, "alone")
    orphan = _orphan(run_id)
    _kill(owner)

    assert rundir.clean_abandoned(tmp_path) == [run_id]
    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE
    assert rundir.clean_abandoned(tmp_path) == []


def test_a_living_owners_run_is_left_alone(tmp_path: Path) -> None:
    run = rundir.open_run(tmp_path)
    worker = _orphan(run.id)
    try:
        assert rundir.clean_abandoned(tmp_path) == []
        assert worker.is_running()
    finally:
        leftovers.end_processes_of(run.id)
        run.close()


def test_the_guard_ends_everything_as_soon_as_the_owner_is_killed(tmp_path: Path) -> None:
    owner, run_id, guard_pid = _start_owner(tmp_path, "guarded")
    guard = psutil.Process(guard_pid)
    orphan = _orphan(run_id)
    _kill(owner)

    gone, alive = psutil.wait_procs([guard, orphan], timeout=30)

    assert not alive
    assert len(gone) == 2
    run = rundir.RunFolder(id=run_id, path=tmp_path / run_id)
    assert not run.temporary.exists()
    assert [path.name for path in run.path.iterdir()] == ["logs"]


def test_old_folders_go_and_logs_of_the_last_runs_stay(tmp_path: Path) -> None:
    for _ in range(rundir.RUNS_KEPT + 2):
        run = rundir.open_run(tmp_path)
        (run.logs / "suite.log").write_text("said")
        run.close()

    rundir.clean_abandoned(tmp_path)

    kept = sorted(tmp_path.iterdir())
    assert len(kept) == rundir.RUNS_KEPT
    assert all((path / "logs" / "suite.log").exists() and not (path / "project").exists() for path in kept)
