"""Lays out the project folder of a run: the root's firebase.json with this run's ports, and links to what it names.

The generated folder keeps the sources clean: firebase-tools writes ``.env.local`` beside the functions and wants
``.secret.local`` and ``venv`` there. Links to each source file stand beside those, so a saved change still reloads.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.suite.addresses import Addresses
from local.suite.errors import ToolMissing

OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 14)
"""What firebase-tools 15.34 can name as a runtime."""
GENERATED_IN_FUNCTIONS = {"venv", ".env.local", ".secret.local", "__pycache__"}


@dataclass(frozen=True)
class FunctionsEnvironment:
    """What the functions of a run are given."""

    variables: Mapping[str, str] = field(default_factory=dict)
    """Plain variables; the user's ``functions/.env*`` files win over them."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Values of the secrets; entries of the user's ``functions/.secret.local`` win over them."""


def lay_out_project(
    target: Path, *, root: Path, functions: Path, addresses: Addresses, secrets: Mapping[str, str], ui: bool
) -> Path:
    """Fill ``target`` for one run and return the path of its firebase.json.

    ``root`` holds the project's own firebase.json and rules, ``functions`` the sources to run.
    """
    configuration = json.loads((root / "firebase.json").read_text())
    generated = firebase_configuration(configuration, addresses=addresses, runtime=runtime_name(), ui=ui)
    for rules in (generated["firestore"]["rules"], generated["storage"]["rules"]):
        (target / rules).symlink_to((root / rules).resolve())
    _link_functions(target / "functions", functions, secrets)
    path = target / "firebase.json"
    path.write_text(json.dumps(generated, indent=2))
    return path


def firebase_configuration(
    configuration: Mapping[str, Any], *, addresses: Addresses, runtime: str, ui: bool
) -> dict[str, Any]:
    """The root's configuration, changed for one run.

    The Firestore emulator serves every database by itself and takes one rules file, that of ``(default)``; told of
    several databases it would load no rules at all (emulator/controller.js).
    """
    databases = configuration["firestore"]
    default = next(entry for entry in databases if entry["database"] == "(default)")
    codebase = configuration["functions"][0]
    return {
        "functions": [{**codebase, "source": "functions", "runtime": runtime}],
        "firestore": {"rules": default["rules"]},
        "storage": {"rules": configuration["storage"]["rules"]},
        "emulators": _emulators(addresses, ui=ui),
    }


def runtime_name(version: tuple[int, int] = (sys.version_info[0], sys.version_info[1])) -> str:
    """The Cloud Functions name of a Python version; ToolMissing when firebase-tools does not know it."""
    if not OLDEST_PYTHON <= version <= NEWEST_PYTHON:
        raise ToolMissing(
            f"firebase-tools runs no functions on Python {version[0]}.{version[1]}.",
            "Install a Python from 3.11 to 3.14, then: make clean setup",
        )
    return f"python{version[0]}{version[1]}"


def _emulators(addresses: Addresses, *, ui: bool) -> dict[str, Any]:
    names = ("auth", "functions", "storage", "tasks", "eventarc", "hub", "logging")
    listen = {name: _listen(addresses, name) for name in names}
    firestore = {**_listen(addresses, "firestore"), "websocketPort": addresses.firestore_websocket.port}
    page = {**_listen(addresses, "ui"), "enabled": ui}
    return {**listen, "firestore": firestore, "ui": page, "singleProjectMode": True}


def _listen(addresses: Addresses, name: str) -> dict[str, Any]:
    address = getattr(addresses, name)
    return {"host": address.host, "port": address.port}


def _link_functions(target: Path, functions: Path, secrets: Mapping[str, str]) -> None:
    target.mkdir()
    for entry in functions.resolve().iterdir():
        if entry.name not in GENERATED_IN_FUNCTIONS:
            (target / entry.name).symlink_to(entry)
    (target / "venv").symlink_to(sys.prefix)
    own_values = _text_of(functions / ".env.local")
    (target / ".env.local").write_text(own_values)
    lines = [f"{name}={value}" for name, value in secrets.items()]
    # The later line wins, so that the user's own keys are used where there are any.
    (target / ".secret.local").write_text("\n".join([*lines, _text_of(functions / ".secret.local")]))
    (target / ".secret.local").chmod(0o600)


def _text_of(path: Path) -> str:
    return path.read_text() if path.is_file() else ""
