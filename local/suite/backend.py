"""The project's own backend on the suite: which provider the functions talk to, a double or the real one.

A provider is real exactly when the user's ``functions/.secret.local`` names its key; all others are doubles.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values
from imagesfactory.kit.settings import REGION

from local.suite.addresses import Addresses
from local.suite.configuration import FunctionsEnvironment
from local.suite.suite import PROJECT, ROOT, SuiteOptions

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@dataclass(frozen=True)
class Provider:
    """How one provider is named in the settings of the functions and in the ready line of the doubles."""

    secret: str
    addresses: Mapping[str, str]
    """Variable of the functions -> name in the ready line."""


PROVIDERS = (
    Provider("OPENAI_API_KEY", {"OPENAI_BASE_URL": "openai_base_url"}),
    Provider(
        "STABILITY_API_KEY",
        {"STABILITY_BASE_URL": "stability_url", "STABILITY_GRPC_HOST": "stability_grpc_host"},
    ),
    Provider("SENDGRID_API_KEY", {"SENDGRID_BASE_URL": "sendgrid_url"}),
    Provider("STRIPE_SECRET_KEY", {"STRIPE_BASE_URL": "stripe_url"}),
    Provider("TOSS_SECRET_KEY", {"TOSS_BASE_URL": "toss_url"}),
)


def backend_options(root: Path = ROOT) -> SuiteOptions:
    """The options that tests, the demo and ``make serve`` start from."""
    own_secrets = _own_secrets(root)

    def post_to(addresses: Addresses) -> tuple[str, ...]:
        return webhook_arguments(addresses, PROJECT)

    def choose(addresses: Addresses, doubles: Mapping[str, str]) -> FunctionsEnvironment:
        return functions_environment(addresses, doubles, own_secrets, os.environ)

    return SuiteOptions(
        root=root,
        functions=root / "functions",
        functions_environment=choose,
        doubles_arguments=post_to,
        firestore_arguments=("--indexes", str(root / "firestore.indexes.json"), "--require-indexes"),
    )


def functions_environment(
    addresses: Addresses,
    doubles: Mapping[str, str],
    own_secrets: Mapping[str, str],
    environment: Mapping[str, str],
) -> FunctionsEnvironment:
    """What the functions get, by the names in imagesfactory/kit/settings.py.

    ``own_secrets`` are the user's, ``environment`` the user's variables, of which only proxies matter and only when
    a real provider is to be reached.
    """
    doubled = [provider for provider in PROVIDERS if provider.secret not in own_secrets]
    variables = {
        "FUNCTIONS_EMULATOR_ADDRESS": str(addresses.functions),
        "NO_PROXY": "127.0.0.1,localhost",
        **({"FCM_BASE_URL": doubles["fcm_url"]} if doubles else {}),  # a project that is not real has no real pushes
        **{variable: doubles[name] for provider in doubled if doubles for variable, name in provider.addresses.items()},
    }
    if len(doubled) < len(PROVIDERS):
        variables |= {name: environment[name] for name in PROXIES if name in environment}
    return FunctionsEnvironment(variables=variables, secrets=_made_up_secrets(doubled, doubles))


def webhook_arguments(addresses: Addresses, project: str) -> tuple[str, ...]:
    """Options of the doubles: where providers post their events."""
    functions = f"{addresses.functions.url}/{project}/{REGION}"
    return (
        "--stripe-webhook-url",
        f"{functions}/stripe_webhook",
        "--toss-webhook-url",
        f"{functions}/toss_webhook",
        "--sendgrid-events-url",
        f"{functions}/mail_events",
    )


def _made_up_secrets(doubled: list[Provider], doubles: Mapping[str, str]) -> dict[str, str]:
    keys = {provider.secret: f"local-{provider.secret.lower()}" for provider in doubled}
    if "STRIPE_SECRET_KEY" in keys and doubles:
        keys["STRIPE_WEBHOOK_SECRET"] = doubles["stripe_webhook_secret"]
    if "SENDGRID_API_KEY" in keys and doubles:
        keys["SENDGRID_EVENTS_KEY"] = doubles["sendgrid_event_public_key"]
    # Made anew for each run: nothing that lives longer than the run is signed or hidden with it.
    return {**keys, "PSEUDONYM_KEY": secrets.token_hex(32)}


def _own_secrets(root: Path) -> dict[str, str]:
    values = dotenv_values(root / "functions" / ".secret.local")
    return {name: value for name, value in values.items() if value}
