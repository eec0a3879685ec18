"""Finds the backend of an operator's command and makes this process see it as its own functions do.

Without a project that is the `make serve` of this checkout. A named project is a real one, reached as its account for
operators, which somebody borrows: people have no access of their own. Then nothing that points at an emulator is left
in the environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path

import google.auth
import requests
from dotenv import dotenv_values
from google.auth.exceptions import DefaultCredentialsError

from local.deployment.accounts import OPERATOR, address
from local.operator.errors import NoCredentials, NotBorrowed, NothingServes, Unreachable
from local.suite.serving import serving_now
from local.suite.suite import ROOT, SuiteOptions

LOCAL_PREFIX = "demo-"
"""Begins the names of projects that can never be real."""
LOCAL_VARIABLES = (
    "FIREBASE_AUTH_EMULATOR_HOST",
    "FIREBASE_EMULATOR_HUB",
    "FIREBASE_STORAGE_EMULATOR_HOST",
    "FIRESTORE_EMULATOR_HOST",
    "FUNCTIONS_EMULATOR",
    "FUNCTIONS_EMULATOR_ADDRESS",
    "STORAGE_EMULATOR_HOST",
    "CLOUD_TASKS_EMULATOR_HOST",
)
ANSWER_SECONDS = 10.0


@dataclass(frozen=True)
class Backend:
    """What a command works on."""

    project: str
    is_local: bool

    @property
    def described(self) -> str:
        """For people: which backend this is."""
        return f"make serve on this machine ({self.project})" if self.is_local else f"project {self.project}"


def connect(project: str = "", environment: MutableMapping[str, str] = os.environ, root: Path = ROOT) -> Backend:
    """Find the backend and put into ``environment`` what its functions see.

    Has to be called before anything of :mod:`imagesfactory.bootstrap`, which reads the environment once.

    Args:
        project: a Firebase project; empty, or a ``demo-`` one, for the `make serve` of this checkout.
        environment: what is changed.
        root: the checkout.

    Raises:
        NothingServes, NoCredentials, NotBorrowed, Unreachable: with what to do about it.

    """
    if project and not project.startswith(LOCAL_PREFIX):
        return _real(project, environment, root)
    return _serving(project, environment, root)


def _serving(project: str, environment: MutableMapping[str, str], root: Path) -> Backend:
    runs = root / SuiteOptions().runs.relative_to(ROOT)
    serving = serving_now(runs)
    if serving is None or (project and serving.project != project):
        raise NothingServes(
            "No backend runs on this machine.",
            "Start one in another terminal with `make serve`, or name a real project: PROJECT=my-project",
        )
    _require_answer(serving.environment["FIREBASE_EMULATOR_HUB"])
    environment.update(serving.environment)
    return Backend(serving.project, is_local=True)


def _require_answer(hub: str) -> None:
    with requests.Session() as session:
        session.trust_env = False  # a proxy of the user's does not lead to the loopback
        try:
            session.get(f"http://{hub}/emulators", timeout=ANSWER_SECONDS).raise_for_status()
        except requests.RequestException:
            raise Unreachable(
                f"`make serve` runs, but its emulators do not answer at {hub}.",
                "Stop it with Ctrl-C and start it anew.",
            ) from None


def _real(project: str, environment: MutableMapping[str, str], root: Path) -> Backend:
    for name in LOCAL_VARIABLES:
        environment.pop(name, None)
    account = address(OPERATOR, project)
    borrow = f"Run: gcloud auth application-default login --impersonate-service-account={account}"
    try:
        credentials, _ = google.auth.default()
    except DefaultCredentialsError:
        raise NoCredentials(
            f"There are no Google credentials on this machine to reach {project} with.", borrow
        ) from None
    if getattr(credentials, "service_account_email", "") != account:
        raise NotBorrowed(f"The Google credentials of this machine are not those of {account}.", borrow)
    environment.update(_deployed_values(project, environment, root / "functions"))
    return Backend(project, is_local=False)


def _deployed_values(project: str, environment: Mapping[str, str], functions: Path) -> dict[str, str]:
    """The plain values of the deployment, from the files that `firebase deploy` reads; what the shell sets wins."""
    values: dict[str, str] = {}
    for name in (".env", f".env.{project}"):
        values |= {variable: value for variable, value in dotenv_values(functions / name).items() if value}
    given = {variable: value for variable, value in values.items() if not environment.get(variable)}
    return {**given, "GCLOUD_PROJECT": project, "GOOGLE_CLOUD_PROJECT": project}
