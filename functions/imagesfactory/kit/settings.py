"""Settings: one frozen object, read once at the edge from the environment.

Deployed, plain values come from ``functions/.env.<project>`` and secrets from Secret Manager; on a laptop secrets come
from ``functions/.secret.local``. The addresses of providers are empty in production (the SDKs' own) and point at the
local doubles on a laptop.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

REGION = "asia-northeast3"
LAPTOP_PREFIX = "demo-"
"""Begins the ids of projects that can never be real ones (firebase.google.com/docs/emulator-suite)."""

SECRETS_OF_IMAGE_PROVIDERS = ("OPENAI_API_KEY", "STABILITY_API_KEY")
SECRETS_OF_MAIL = ("SENDGRID_API_KEY",)
SECRETS_OF_MAIL_EVENTS = ("SENDGRID_EVENTS_KEY",)
SECRETS_OF_IDENTITY = ("PSEUDONYM_KEY",)
SECRETS_OF_PAYMENTS = ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "TOSS_SECRET_KEY")


@dataclass(frozen=True)
class Settings:
    """All that a deployment can choose."""

    project: str
    bucket: str
    web_origin: str
    app_check_required: bool
    task_invoker: str
    """Service account that Cloud Tasks signs its calls with."""
    officer_name: str
    officer_telephone: str
    company_address: str
    company_telephone: str
    """Have to stand in advertising mail; without them there is none."""
    company_representative: str
    """Stands with them in contract documents."""
    functions_origin: str
    """Where public functions are reached, without a final slash."""
    stability_grpc_enabled: bool
    openai_api_key: str = field(repr=False)
    stability_api_key: str = field(repr=False)
    sendgrid_api_key: str = field(repr=False)
    sendgrid_events_key: str = field(repr=False)
    """SendGrid's public key of its event webhook; kept as a secret because whoever swaps it can forge events."""
    pseudonym_key: str = field(repr=False)
    stripe_secret_key: str = field(repr=False)
    stripe_webhook_secret: str = field(repr=False)
    toss_secret_key: str = field(repr=False)
    stripe_publishable_key: str
    """For the payment sheet in apps; not a secret."""
    toss_client_key: str
    """For the payment window; not a secret."""
    openai_address: str
    stability_address: str
    stability_grpc_address: str
    sendgrid_address: str
    push_address: str
    """Empty: Google's own, reached with the functions' credentials."""
    stripe_address: str
    """Empty: the SDK's own."""
    toss_address: str
    tasks_emulator: str
    storage_emulator: str
    is_local: bool
    """Whether this runs on the emulator suite."""
    clock_file: str
    """How far the clock is shifted; empty in production, whatever the environment says."""

    @property
    def features(self) -> frozenset[str]:
        """What the deployment has switched on, in the catalogue's words."""
        return frozenset({"stability_grpc"} if self.stability_grpc_enabled else ())


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings found in ``environment``."""
    text = _Reader(environment)
    project = text("GCLOUD_PROJECT") or text("GOOGLE_CLOUD_PROJECT")
    is_local = text("FUNCTIONS_EMULATOR") == "true"
    return Settings(
        project=project,
        bucket=text("IMAGES_BUCKET") or f"{project}.firebasestorage.app",
        web_origin=text("WEB_ORIGIN", "https://imagesfactory.com"),
        app_check_required=text("APP_CHECK_REQUIRED", "false").lower() == "true",
        task_invoker=text("TASK_INVOKER") or f"tasks-invoker@{project}.iam.gserviceaccount.com",
        officer_name=text("OFFICER_NAME"),
        officer_telephone=text("OFFICER_TELEPHONE"),
        company_address=text("COMPANY_ADDRESS"),
        company_telephone=text("COMPANY_TELEPHONE"),
        company_representative=text("COMPANY_REPRESENTATIVE"),
        functions_origin=_functions_origin(text, project),
        stability_grpc_enabled=text("STABILITY_GRPC_ENABLED", "false").lower() == "true",
        openai_api_key=text("OPENAI_API_KEY"),
        stability_api_key=text("STABILITY_API_KEY"),
        sendgrid_api_key=text("SENDGRID_API_KEY"),
        sendgrid_events_key=text("SENDGRID_EVENTS_KEY"),
        pseudonym_key=text("PSEUDONYM_KEY"),
        stripe_secret_key=text("STRIPE_SECRET_KEY"),
        stripe_webhook_secret=text("STRIPE_WEBHOOK_SECRET"),
        toss_secret_key=text("TOSS_SECRET_KEY"),
        stripe_publishable_key=text("STRIPE_PUBLISHABLE_KEY"),
        toss_client_key=text("TOSS_CLIENT_KEY"),
        openai_address=text("OPENAI_BASE_URL", "https://api.openai.com/v1"),
        stability_address=text("STABILITY_BASE_URL", "https://api.stability.ai"),
        stability_grpc_address=text("STABILITY_GRPC_HOST", "grpc.stability.ai:443"),
        sendgrid_address=text("SENDGRID_BASE_URL", "https://api.sendgrid.com"),
        push_address=text("FCM_BASE_URL"),
        stripe_address=text("STRIPE_BASE_URL"),
        toss_address=text("TOSS_BASE_URL", "https://api.tosspayments.com"),
        tasks_emulator=text("CLOUD_TASKS_EMULATOR_HOST"),
        storage_emulator=text("STORAGE_EMULATOR_HOST"),
        is_local=is_local,
        clock_file=text("CLOCK_FILE") if is_local and project.startswith(LAPTOP_PREFIX) else "",
    )


@cache
def settings() -> Settings:
    """The settings of this process, read from its environment on first use."""
    return read_settings(os.environ)


def _functions_origin(text: _Reader, project: str) -> str:
    emulator = text("FUNCTIONS_EMULATOR_ADDRESS")
    if emulator:
        return f"http://{emulator}/{project}/{REGION}"
    return f"https://{REGION}-{project}.cloudfunctions.net"


class _Reader:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def __call__(self, name: str, default: str = "") -> str:
        return self._environment.get(name, "").strip() or default
