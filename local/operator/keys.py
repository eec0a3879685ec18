"""Demands the keys that a command needs to ask outsiders: what could not be asked must not look like an answer."""

from __future__ import annotations

from imagesfactory.kit.settings import SECRETS_OF_PAYMENTS, settings

from local.operator.backend import Backend
from local.operator.errors import OperatorError


class KeysMissing(OperatorError):
    """The providers cannot be asked from here."""


def require_payment_keys(backend: Backend) -> None:
    """Go on only if every payment provider can be asked.

    Raises:
        KeysMissing: with how to get the keys.

    """
    missing = [name for name in SECRETS_OF_PAYMENTS if name.endswith("_SECRET_KEY") and not _secret(name)]
    if missing:
        raise KeysMissing(
            f"To ask the providers, their keys of {backend.project} are needed; missing: {', '.join(missing)}.",
            f"For each: export NAME=$(firebase functions:secrets:access NAME --project {backend.project})",
        )


def _secret(name: str) -> str:
    return str(getattr(settings(), name.lower()))
