"""Says whether the Emulator UI is on this machine: a download that this project neither needs nor makes."""

from __future__ import annotations

import json
import os
from pathlib import Path

DOWNLOADS = Path("node_modules/firebase-tools/lib/emulator/downloadableEmulatorInfo.json")


def is_downloaded(root: Path) -> bool:
    """Whether the user has downloaded the very version that the installed firebase-tools would serve."""
    release = json.loads((root / DOWNLOADS).read_text())["ui"]["main"]
    named = os.environ.get("FIREBASE_EMULATORS_PATH")
    cache = Path(named) if named else Path.home() / ".cache" / "firebase" / "emulators"
    return (cache / f"ui-v{release['version']}").is_dir()
