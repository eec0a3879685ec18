"""What functions/main.py declares, as firebase-tools will read it: the source of all that is done per function."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True)
class DeclaredFunction:
    """One function: how it is called, as whom it acts (an account's name), and which secrets it is given."""

    name: str
    account: str
    secrets: tuple[str, ...]
    is_task: bool
    is_trigger: bool
    is_schedule: bool

    @property
    def service(self) -> str:
        """The name of its Cloud Run service (cloud.google.com/functions/docs/naming)."""
        return self.name.replace("_", "-").lower()


@cache
def endpoints() -> dict[str, Any]:
    """What is declared of every function, by its name."""
    os.environ.setdefault("GCLOUD_PROJECT", "demo-declared")  # importing must touch no network, and does not
    main = importlib.import_module("main")
    names = [name for behind_door in main.DOORS.values() for name in behind_door]
    return {name: getattr(main, name).__firebase_endpoint__ for name in sorted(names)}


def functions() -> tuple[DeclaredFunction, ...]:
    """All of them, by name."""
    return tuple(
        DeclaredFunction(
            name=name,
            account=str(endpoint.serviceAccountEmail).partition("@")[0],
            secrets=tuple(one["key"] for one in endpoint.secretEnvironmentVariables or []),
            is_task=endpoint.taskQueueTrigger is not None,
            is_trigger=endpoint.eventTrigger is not None,
            is_schedule=endpoint.scheduleTrigger is not None,
        )
        for name, endpoint in endpoints().items()
    )


def secrets() -> tuple[str, ...]:
    """Every secret that some function is given."""
    return tuple(sorted({secret for function in functions() for secret in function.secrets}))


def functions_with(secret: str) -> tuple[str, ...]:
    """The functions that are given ``secret``."""
    return tuple(function.name for function in functions() if secret in function.secrets)
