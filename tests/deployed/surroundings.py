"""All that the deployed functions reach, really running, and the join of this process to it.

A Firestore server with both databases, the providers' doubles, firebase-tools' Storage and Auth emulators, and the
wire of Cloud Tasks. The functions learn of them as they do in production: by their environment.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import requests
from google.cloud.firestore import Client

from local.doubles import Doubles
from local.suite.clock import VARIABLE as CLOCK_FILE
from local.suite.clock import SuiteClock
from tests.deployed.functions import Deployed, Kind, kind_of, names
from tests.deployed.task_recorder import TaskRecorder
from tests.emulators import EmulatorAddresses
from tests.firebase_app import forget_firebase_app
from tests.firestore_process import FirestoreProcess

PROJECT = "demo-deployed"
ORIGIN = "https://imagesfactory.example"
DATABASES = ("(default)", "archive")
CLEAR_SECONDS_MAX = 30


class HarnessClock:
    """The clock of the functions and of the doubles; it is moved as on a laptop, and can be put right again."""

    def __init__(self, file: Path, doubles: str) -> None:
        """``file`` is what the functions read, ``doubles`` the home page of the doubles."""
        self.file = file
        self._clock = SuiteClock.started(file, doubles)

    def now(self) -> datetime:
        """What it shows."""
        return self._clock.now()

    def move(self, by: timedelta) -> None:
        """Time goes by, for the functions and for the payment providers."""
        self._clock.move(seconds=by.total_seconds())

    def set_to_machine(self) -> None:
        """It shows the machine's time, for the functions; the doubles have a reset of their own."""
        SuiteClock.started(self.file)


@dataclass
class Surroundings:
    """The servers around the functions of one project, and the clock that the functions go by."""

    firestore: FirestoreProcess
    doubles: Doubles
    emulators: EmulatorAddresses
    tasks: TaskRecorder
    clock: HarnessClock
    project: str = PROJECT
    _session: requests.Session = field(default_factory=requests.Session)

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return f"{self.project}.firebasestorage.app"

    def environment(self) -> dict[str, str]:
        """What the functions find, by the names in kit/settings.py."""
        addresses = self.doubles.addresses
        return {
            "GCLOUD_PROJECT": self.project,
            "FUNCTIONS_EMULATOR": "true",
            CLOCK_FILE: str(self.clock.file),
            "FUNCTIONS_EMULATOR_ADDRESS": "127.0.0.1:5001",
            "NO_PROXY": "127.0.0.1,localhost",
            "SSL_CERT_DIR": str(self.clock.file.parent),  # trusts nobody; else each new process reads every authority
            "FIRESTORE_EMULATOR_HOST": self.firestore.address,
            "FIREBASE_AUTH_EMULATOR_HOST": self.emulators.auth,
            "STORAGE_EMULATOR_HOST": f"http://{self.emulators.storage}",
            "CLOUD_TASKS_EMULATOR_HOST": self.tasks.address,
            "WEB_ORIGIN": ORIGIN,
            "COMPANY_ADDRESS": "서울특별시 강남구",
            "COMPANY_TELEPHONE": "02-0000-0001",
            "COMPANY_REPRESENTATIVE": "대표자",
            "PSEUDONYM_KEY": "a key for tests",
            "OPENAI_API_KEY": "local",
            "OPENAI_BASE_URL": addresses.openai_base_url,
            "STABILITY_API_KEY": "local",
            "STABILITY_BASE_URL": addresses.stability_url,
            "STABILITY_GRPC_HOST": addresses.stability_grpc_host,
            "SENDGRID_API_KEY": "local",
            "SENDGRID_BASE_URL": addresses.sendgrid_url,
            "SENDGRID_EVENTS_KEY": addresses.sendgrid_event_public_key,
            "FCM_BASE_URL": addresses.fcm_url,
            "STRIPE_SECRET_KEY": addresses.stripe_api_key,
            "STRIPE_BASE_URL": addresses.stripe_url,
            "STRIPE_WEBHOOK_SECRET": addresses.stripe_webhook_secret,
            "TOSS_SECRET_KEY": addresses.toss_secret_key,
            "TOSS_BASE_URL": addresses.toss_url,
        }

    def client(self, database: str = "(default)") -> Client:
        """A client of the test's own for one of the databases."""
        client: Client = self.firestore.client(self.project, database)
        return client

    def reset(self) -> None:
        """Nothing was ever stored, sent or asked, and it is now."""
        for database in DATABASES:
            path = f"/emulator/v1/projects/{self.project}/databases/{database}/documents"
            self._ask("DELETE", self.firestore.url + path)
        self._ask("POST", f"http://{self.emulators.storage}/internal/reset")
        self._ask("DELETE", f"http://{self.emulators.auth}/emulator/v1/projects/{self.project}/accounts")
        self.doubles.control.reset()
        self.tasks.reset()
        self.clock.set_to_machine()

    def _ask(self, method: str, url: str) -> None:
        # the Auth emulator lets its administrator in by this word
        headers = {"Authorization": "Bearer owner"}
        self._session.request(method, url, headers=headers, timeout=CLEAR_SECONDS_MAX).raise_for_status()


def task_queues() -> list[str]:
    """The queues that a deployment makes: one for every task function."""
    return [name for name in names() if kind_of(name) is Kind.TASK]


@contextmanager
def joined(surroundings: Surroundings) -> Iterator[Deployed]:
    """The functions, joined to their surroundings while the block runs; then this process knows nothing of them."""
    from imagesfactory import bootstrap

    with (
        patch.dict(os.environ, surroundings.environment()),
        patch.object(bootstrap, "clock", lambda: surroundings.clock),
    ):
        new_process()
        try:
            yield Deployed(surroundings.project, surroundings.clock)
        finally:
            new_process()
            forget_firebase_app()


def new_process() -> None:
    """Forget whatever a process keeps between calls, as if this were a new one that has just been started."""
    from imagesfactory import bootstrap, bootstrap_office, bootstrap_rights
    from imagesfactory.kit.settings import settings
    from imagesfactory.vendors import firestore_client

    for client in firestore_client._clients.values():
        if client._built:
            client().close()  # type: ignore[no-untyped-call]
    firestore_client._clients.clear()
    settings.cache_clear()
    for module in (bootstrap, bootstrap_office, bootstrap_rights):
        for name in vars(module):
            clear: Callable[[], None] = getattr(getattr(module, name), "cache_clear", lambda: None)
            clear()
    forget_firebase_app()
    bootstrap.prepare()
