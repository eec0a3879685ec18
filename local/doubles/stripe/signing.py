"""Signs webhooks as Stripe does: `Stripe-Signature: t=<unix>,v1=<hex HMAC-SHA256 of "t.body">`.

Source: https://docs.stripe.com/webhooks#verify-manually. Each attempt is signed anew, with the real time: receivers
compare it with their own clock. The postman's `age_seconds` makes a signature old (or, negative, from the future).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from typing import Any

from local.doubles.core.postman import Message


class WebhookSigner:
    """The endpoint's signing secret, made at the start of this process."""

    def __init__(self) -> None:
        self.secret = f"whsec_{secrets.token_urlsafe(24)}"

    def headers(self, _: Message, payload: bytes, age_seconds: int) -> dict[str, str]:
        """The signature header of one attempt."""
        return {"stripe-signature": signature(self.secret, payload, int(time.time()) - age_seconds)}


def signature(secret: str, payload: bytes, timestamp: int) -> str:
    """The header's value for a payload signed at that Unix second."""
    signed = f"{timestamp}.".encode() + payload
    return f"t={timestamp},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


def forged(body: dict[str, Any]) -> dict[str, Any]:
    """The event with its object made to say more money."""
    about = body["data"]["object"]
    richer = {name: about[name] * 10 for name in ("amount", "amount_total") if isinstance(about.get(name), int)}
    return {**body, "data": {**body["data"], "object": {**about, **richer}}, "forged": True}
