"""Installs what the project stands on: ``.venv`` from the pinned Python packages, ``node_modules``, ``functions/venv``.

Runs on the machine's own Python before anything is installed: standard library only.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from local.setup import stamps
from local.setup.requirements import RequirementMissing, find_npm, find_python, version_of

PYTHON_FILES = ("requirements.txt", "constraints.txt", "functions/requirements.txt", "functions/constraints.txt")
NODE_FILES = ("package.json", "package-lock.json", ".npmrc")
LOG_LINES = 25


class InstallationFailed(Exception):
    """A step of set-up failed; the text has the end of its output and a remedy."""


def install_python_packages(root: Path, log: Path) -> bool:
    """Make ``.venv`` hold exactly the pinned packages; false when it did already.

    Repairs a venv whose Python is gone, was replaced by another version, or whose set-up was cut short.
    """
    venv = root / ".venv"
    python = venv / "bin" / "python"
    key = stamps.key_of([root / name for name in PYTHON_FILES], str(version_of(str(python))))
    if stamps.is_stamped(venv, key):
        return False
    base = find_python()
    if version_of(str(python)) != version_of(base) or not (venv / "bin" / "pip").exists():
        shutil.rmtree(venv, ignore_errors=True)
        remedy = "On Debian and Ubuntu: apt install python3-venv"
        _run(f"Making .venv with {base}", [base, "-m", "venv", str(venv)], root, log, remedy)
    stamps.unstamp(venv)
    # Most of what is installed is never imported: Python compiles what is, when it is.
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--no-compile"]
    network = "The first set-up needs a package index: check the network and pip's own settings, then run make again."
    _run("Installing the Python packages", [*pip, "-r", "requirements.txt"], root, log, network)
    stamps.stamp(venv, stamps.key_of([root / name for name in PYTHON_FILES], str(version_of(str(python)))))
    return True


def install_node_packages(root: Path, log: Path) -> bool:
    """Make ``node_modules`` what package-lock.json says; false when it was already."""
    modules = root / "node_modules"
    key = stamps.key_of([root / name for name in NODE_FILES])
    if stamps.is_stamped(modules, key) and (modules / ".bin" / "firebase").exists():
        return False
    npm = find_npm()
    stamps.unstamp(modules)
    network = (
        "The first set-up needs a package registry: check the network and npm's own settings, then run make again."
    )
    # No install scripts: the only one that does anything builds re2, which the hosting emulator can do without, and
    # fetches a compiler's headers for it from outside the registry.
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    _run("Installing the Firebase emulators", command, root, log, network)
    stamps.stamp(modules, key)
    return True


def link_functions_venv(root: Path) -> None:
    """firebase-tools looks for the functions' packages in ``functions/venv`` and nowhere else."""
    link = root / "functions" / "venv"
    if link.is_symlink() and link.resolve() == (root / ".venv").resolve():
        return
    if link.is_dir() and not link.is_symlink():
        raise RequirementMissing(f"{link} is a folder of its own.\nRemove it; set-up puts a link to .venv there.")
    link.unlink(missing_ok=True)
    link.symlink_to(Path("..") / ".venv")


def _run(what: str, command: Sequence[str], folder: Path, log: Path, remedy: str) -> None:
    print(f"{what} (once; up to two minutes) ...", flush=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with log.open("ab") as output:
        output.write(f"\n$ {' '.join(command)}\n".encode())
        output.flush()
        done = subprocess.run(  # noqa: S603 - the programs of set-up
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode:
        last = "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES:])
        raise InstallationFailed(f"{last}\n\nThis failed: {' '.join(command)}\n{remedy}\nThe whole output: {log}")
    print(f"  {what}: done in {time.monotonic() - began:.0f} s", flush=True)
