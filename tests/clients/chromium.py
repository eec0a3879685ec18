"""Finds the browser that tests drive, and installs Debian's on a machine that is there for tests alone."""

import os
import shutil
import subprocess
from functools import cache

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHOICE = "IMAGESFACTORY_CHROMIUM"
REMEDY = f"Install one (Debian, Ubuntu: apt install chromium), or name its program in {CHOICE}."


@cache
def find_chromium() -> str | None:
    """The path of a Chromium, or None when there is none and it is not for us to install it.

    Root on a Debian machine without any, as in continuous integration, gets the distribution's own package.
    """
    found = os.environ.get(CHOICE) or _on_path()
    if found or not _may_install():
        return found
    print("Installing Debian's chromium for the browser tests ...", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-qq", "--yes", "--no-install-recommends", "chromium"]):
        done = subprocess.run(["apt-get", *command], env=quiet, stdin=subprocess.DEVNULL, check=False)
        if done.returncode:
            print(f"apt-get {command[0]} failed, so there is no browser.", flush=True)
            return None
    return _on_path()


def _on_path() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None
