"""`python -m local.setup.lock`: pins every package again, from fresh installations of what the requirement files name.

Writes functions/constraints.txt (what is deployed), constraints.txt (that and the tools) and package-lock.json.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DEPLOYED = Path("functions")
LOCK_FILE = "package-lock.json"


def main() -> None:
    """Pin everything; a file is replaced only after its installation succeeded."""
    with tempfile.TemporaryDirectory(prefix="imagesfactory-lock-") as name:
        work = Path(name)
        (work / DEPLOYED).mkdir()
        for path in ("requirements.txt", "functions/requirements.txt", "package.json", ".npmrc"):
            shutil.copy(ROOT / path, work / path)
        for path in ("constraints.txt", "functions/constraints.txt"):
            (work / path).touch()
        _pin(work, DEPLOYED)
        # The tools are chosen around what is deployed, so that tests run on the deployed versions.
        _pin(work, Path())
        _pin_node(work)


def _pin(work: Path, folder: Path) -> None:
    print(f"Installing {folder / 'requirements.txt'} afresh ...", flush=True)
    venv = work / f"venv-{folder.name or 'all'}"
    _run([sys.executable, "-m", "venv", str(venv)], work)
    pip = [str(venv / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    _run([*pip, "install", "--quiet", "-r", str(folder / "requirements.txt")], work)
    pins = _run([*pip, "freeze"], work)
    for target in (work, ROOT):
        (target / folder / "constraints.txt").write_text(pins)


def _pin_node(work: Path) -> None:
    print("Resolving package.json afresh ...", flush=True)
    _run(["npm", "install", "--package-lock-only", "--no-audit", "--no-fund"], work)
    lock = without_addresses(json.loads((work / LOCK_FILE).read_text()))
    (ROOT / LOCK_FILE).write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n")


def without_addresses(lock: dict[str, Any]) -> dict[str, Any]:
    """A package-lock.json without the registry's address, so that any registry will do (checksums stay).

    npm leaves the address in entries that nothing needs (``extraneous``), whatever its settings say.
    """
    packages = {
        path: {name: value for name, value in entry.items() if name != "resolved" or entry.get("link")}
        for path, entry in lock["packages"].items()
        if not entry.get("extraneous")
    }
    return {**lock, "packages": packages}


def _run(command: Sequence[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - set-up
    return done.stdout


if __name__ == "__main__":
    main()
