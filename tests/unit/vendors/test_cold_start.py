"""Importing the vendors imports no SDK: a function that starts cold pays only for what it uses."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import imagesfactory.vendors

SDKS = (
    "openai",
    "httpx2",
    "stability_sdk",
    "grpc",
    "dotenv",
    "sendgrid",
    "python_http_client",
    "firebase_admin",
    "google.cloud.firestore",
    "google.cloud.storage",
    "google.cloud.tasks_v2",
    "google.api_core",
    "google.auth",
    "requests",
    "PIL",
    "pydantic",
    "defusedxml",
)
ONLY_LOADED_BY_OTHERS = {"tasks_emulator_adapter"}
"""Is an adapter of requests; loaded on first use, and only where the emulator is."""

PROGRAM = """
import importlib, sys
for name in sys.argv[2:]:
    importlib.import_module("imagesfactory.vendors." + name)
print(",".join(sdk for sdk in sys.argv[1].split(",") if sdk in sys.modules))
"""


def test_importing_every_vendor_imports_no_sdk() -> None:
    modules = {found.name for found in pkgutil.iter_modules(imagesfactory.vendors.__path__)}
    functions = Path(imagesfactory.vendors.__path__[0]).parents[1]
    arguments = [",".join(SDKS), *sorted(modules - ONLY_LOADED_BY_OTHERS)]
    assert len(arguments) > 10
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], cwd=functions, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == ""
