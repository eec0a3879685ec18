"""The deployed webhook functions, found by their names as Google finds them, behind functions-framework's own app."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import functions_framework
import pytest
from flask.testing import FlaskClient
from google.cloud import firestore
from imagesfactory import bootstrap
from imagesfactory.kit.settings import settings

from tests.firestore_process import FirestoreProcess, start_firestore

ROOT = Path(__file__).parents[3]
SECRET = "whsec_of_the_test"
PROJECT = "demo-webhooks"

Endpoint = Callable[[str], FlaskClient]


def forget_settings() -> None:
    """What a new process would not know."""
    settings.cache_clear()
    for name in dir(bootstrap):
        getattr(getattr(bootstrap, name), "cache_clear", lambda: None)()


@pytest.fixture(scope="package")
def firestore_process() -> Iterator[FirestoreProcess]:
    with start_firestore(None, "--indexes", str(ROOT / "firestore.indexes.json"), "--require-indexes") as process:
        yield process


@pytest.fixture
def environment(firestore_process: FirestoreProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """What the functions find; a test may change it before it asks for an endpoint."""
    variables = {
        "GCLOUD_PROJECT": PROJECT,
        "FIRESTORE_EMULATOR_HOST": firestore_process.address,
        "FUNCTIONS_EMULATOR": "true",
        "STRIPE_SECRET_KEY": "sk_test_local",
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "TOSS_SECRET_KEY": "test_gsk_local",
        "PSEUDONYM_KEY": "a key for tests",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    forget_settings()
    yield variables
    forget_settings()


@pytest.fixture
def endpoint(environment: dict[str, str]) -> Endpoint:
    """Opens a deployed function by its name."""
    source = str(ROOT / "functions" / "main.py")

    def opened(name: str) -> FlaskClient:
        app: Any = functions_framework.create_app(name, source, "http")  # type: ignore[no-untyped-call]
        client: FlaskClient = app.test_client()
        return client

    return opened


@pytest.fixture
def inbox(firestore_process: FirestoreProcess) -> Iterator[Any]:
    """The inbox collection, empty."""
    import requests

    client: firestore.Client = firestore_process.client(PROJECT)
    path = f"/emulator/v1/projects/{PROJECT}/databases/(default)/documents"
    requests.delete(firestore_process.url + path, timeout=30).raise_for_status()
    yield client.collection("inbox")
    client.close()  # type: ignore[no-untyped-call]
