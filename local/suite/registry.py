"""Asks the running emulators what they serve: the hub for emulators, the functions emulator for functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import requests

from local.suite.addresses import Address
from local.suite.errors import FunctionsDidNotLoad, SuiteDidNotStart

ANSWER_SECONDS = 10.0


@dataclass(frozen=True)
class DeployedFunction:
    """One function that the emulator has loaded."""

    name: str
    region: str
    schedule: str | None = None
    """The cron line it declares, if it is a scheduled one."""


def require_emulators(hub: Address, names: Iterable[str]) -> None:
    """Raise SuiteDidNotStart unless the hub says that all of them run."""
    missing = sorted(set(names) - get_json(f"{hub.url}/emulators").keys())
    if missing:
        raise SuiteDidNotStart(f"These emulators do not run: {', '.join(missing)}.", "See suite.log for the reason.")


def deployed_functions(functions: Address) -> tuple[DeployedFunction, ...]:
    """All loaded functions; FunctionsDidNotLoad when there are none."""
    backends = get_json(f"{functions.url}/backends")["backends"]
    found = tuple(
        DeployedFunction(trigger["name"], trigger["region"], (trigger.get("schedule") or {}).get("schedule"))
        for backend in backends
        for trigger in backend["functionTriggers"]
    )
    if not found:
        raise FunctionsDidNotLoad("The emulator found no functions.", "Does functions/main.py name any?")
    return found


def get_json(url: str) -> Any:
    """The JSON at a loopback URL, past any proxy the environment names."""
    with requests.Session() as session:
        session.trust_env = False
        response = session.get(url, timeout=ANSWER_SECONDS)
        response.raise_for_status()
        return response.json()
