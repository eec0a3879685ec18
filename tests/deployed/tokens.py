"""The tokens that Firebase Authentication's emulator makes: of its form, without a signature.

Source: firebase-tools, lib/emulator/auth/operations.js (generateJwt, generateBlockingFunctionJwt).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

LIFETIME = timedelta(hours=1)


@dataclass(frozen=True)
class SignIn:
    """Somebody's sign-in, as Firebase Authentication knows it."""

    uid: str
    email: str
    is_verified: bool = True
    roles: Sequence[str] = ()
    method: str = "password"


def id_token(project: str, who: SignIn, now: datetime, **claims: Any) -> str:
    """The ID token of somebody who signed in ``now``; ``claims`` are added, or put in the place of others."""
    issued = int(now.timestamp())
    payload = {
        "iss": f"https://securetoken.google.com/{project}",
        "aud": project,
        "sub": who.uid,
        "user_id": who.uid,
        "iat": issued,
        "auth_time": issued,
        "exp": issued + int(LIFETIME.total_seconds()),
        "email": who.email,
        "email_verified": who.is_verified,
        "firebase": {"identities": {"email": [who.email]}, "sign_in_provider": who.method},
    }
    if who.roles:
        payload["roles"] = list(who.roles)
    return _unsigned(payload | claims)


def blocking_token(project: str, function: str, who: SignIn, event_id: str, now: datetime) -> str:
    """What Firebase Authentication hands to the blocking function ``function`` when somebody signs up or in."""
    issued = int(now.timestamp())
    provider = {"provider_id": who.method, "email": who.email, "uid": who.email}
    return _unsigned(
        {
            "iss": f"https://securetoken.google.com/{project}",
            "aud": f"http://127.0.0.1/{project}/{function}",
            "iat": issued,
            "exp": issued + int(LIFETIME.total_seconds()),
            "event_id": event_id,
            "event_type": "beforeCreate" if function == "before_create" else "beforeSignIn",
            "user_agent": "Firefox",
            "ip_address": "198.51.100.7",
            "locale": "ko",
            "user_record": {
                "uid": who.uid,
                "email": who.email,
                "email_verified": who.is_verified,
                "provider_data": [provider],
                "metadata": {"creation_time": issued * 1000, "last_sign_in_time": issued * 1000},
            },
            "sub": who.uid,
            "sign_in_method": who.method,
        }
    )


def _unsigned(payload: dict[str, Any]) -> str:
    return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(payload)}."


def _part(document: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()
