"""`python3 -m local.setup`: everything for working on the project; a second run does nothing and needs no network."""

import sys

if sys.version_info < (3, 8):  # noqa: UP036 - an old Python must still read this and be told
    sys.exit("Python 3.11 to 3.14 is needed to set up. Install one, then: make setup PYTHON=/path/to/python3.13")

import fcntl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.setup.install import (
    InstallationFailed,
    install_node_packages,
    install_python_packages,
    link_functions_venv,
)
from local.setup.requirements import RequirementMissing, find_npm

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Set up and return the exit status; two at once wait for each other."""
    out = ROOT / "out" / "setup"
    out.mkdir(parents=True, exist_ok=True)
    with (out / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            is_new = _install(out)
            link_functions_venv(ROOT)
        except (RequirementMissing, InstallationFailed) as error:
            print(f"Set-up stopped.\n{error}", file=sys.stderr)
            return 1
    if is_new:
        print("Set-up is complete.")
    return 0


def _install(logs: Path) -> bool:
    """Both at once: each waits for the network half of its time (about two minutes the first time). What is missing on
    the machine is said before.
    """
    find_npm()
    with ThreadPoolExecutor(2) as pool:
        python = pool.submit(install_python_packages, ROOT, logs / "python.log")
        node = pool.submit(install_node_packages, ROOT, logs / "node.log")
    return any([python.result(), node.result()])


if __name__ == "__main__":
    sys.exit(main())
