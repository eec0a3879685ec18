"""The environment of the firebase process: our launcher first on PATH, nothing of the user's accounts, no network.

What firebase-tools would reach for, and what stops it (sources under node_modules/firebase-tools/lib):
message of the day (fetchMOTD.js: ``CI``), update check (update-notifier: ``NO_UPDATE_NOTIFIER``), usage statistics
(track.js: only with ``usage`` in its settings, which lie in ``XDG_CONFIG_HOME``), credentials of the user and of the
machine (``CLOUDSDK_CONFIG``, ``METADATA_SERVER_DETECTION``), a proxy even for the loopback (apiv2.js).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from local.suite.leftovers import RUN_VARIABLE
from local.suite.rundir import RunFolder

LAUNCHER = Path("emulator/launcher")
AHEAD = Path("local/suite/firebase_tools.cjs")
"""What every Node process of the run loads first; see there."""
DISCOVERY_SECONDS = "60"
"""How long loading the functions' declarations may take on a busy machine; firebase-tools would wait for ten seconds
(lib/deploy/functions/runtimes/discovery/index.js)."""
REMOVED = {
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "FIREBASE_TOKEN",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CLOUD_QUOTA_PROJECT",
    "FIREBASE_CONFIG",
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSAFEPATH",
    "NODE_OPTIONS",
    "DEBUG",
}


def firebase_environment(
    base: Mapping[str, str],
    *,
    root: Path,
    run: RunFolder,
    functions_variables: Mapping[str, str],
    firestore_arguments: tuple[str, ...],
) -> dict[str, str]:
    """``base`` (usually os.environ) changed for the firebase process of a run and all that it starts."""
    kept = {name: value for name, value in base.items() if name.upper() not in REMOVED}
    launcher = root / LAUNCHER
    return {
        **kept,
        **functions_variables,
        RUN_VARIABLE: run.id,
        "PATH": f"{launcher}{os.pathsep}{base.get('PATH', os.defpath)}",
        "FIRESTORE_EMULATOR_BINARY_PATH": str(launcher / "firestore.not-a-jar"),
        "STORAGE_EMULATOR_BINARY_PATH": str(launcher / "storage_rules.not-a-jar"),
        "IMAGESFACTORY_PYTHON": sys.executable,
        "IMAGESFACTORY_FIRESTORE_ARGUMENTS": "\n".join(firestore_arguments),
        "TMPDIR": str(run.temporary),
        "XDG_CONFIG_HOME": str(run.settings),
        "CLOUDSDK_CONFIG": str(run.settings),
        "CI": "true",
        "NO_UPDATE_NOTIFIER": "1",
        "NO_COLOR": "1",
        "NODE_OPTIONS": f"--require {json.dumps(str(root / AHEAD))}",
        "METADATA_SERVER_DETECTION": "none",
        "NO_GCE_CHECK": "true",
        "FUNCTIONS_DISCOVERY_TIMEOUT": DISCOVERY_SECONDS,
    }
