"""Gets the keys that a command needs to ask outsiders: what could not be asked must not look like an answer."""

from __future__ import annotations

import base64
import os
from collections.abc import MutableMapping

import google.auth
import requests
from google.auth.transport.requests import AuthorizedSession
from imagesfactory.kit.settings import settings

from local.deployment.accounts import KEYS_OF_PROVIDERS
from local.operator.backend import Backend
from local.operator.errors import OperatorError

ORIGIN = "https://secretmanager.googleapis.com"
ANSWER_SECONDS = 30.0


class KeysMissing(OperatorError):
    """The providers cannot be asked from here."""


def require_payment_keys(backend: Backend, environment: MutableMapping[str, str] = os.environ) -> None:
    """Go on only if every payment provider can be asked; keys of a real project are read for this process alone.

    Raises:
        KeysMissing: with how to get the keys.

    """
    if not backend.is_local:
        _read(backend, environment)
    missing = [name for name in KEYS_OF_PROVIDERS if not environment.get(name)]
    if missing:
        raise KeysMissing(
            f"To ask the providers, their keys of {backend.project} are needed; missing: {', '.join(missing)}.",
            "Set them (make deploy, stage secrets), or have an owner grant them to the operators' account.",
        )
    settings.cache_clear()


def _read(backend: Backend, environment: MutableMapping[str, str]) -> None:
    """Source: cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access."""
    credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
    with AuthorizedSession(credentials) as session:  # type: ignore[no-untyped-call]
        for name in KEYS_OF_PROVIDERS:
            path = f"v1/projects/{backend.project}/secrets/{name}/versions/latest:access"
            answer = session.get(f"{ORIGIN}/{path}", timeout=ANSWER_SECONDS)
            if answer.status_code == requests.codes.ok:
                environment[name] = base64.b64decode(answer.json()["payload"]["data"]).decode()
