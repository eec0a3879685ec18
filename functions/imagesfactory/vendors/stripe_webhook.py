"""Stripe's webhooks: checks the signature and its age, and reads where to look. The rest of the body is not believed.

Source: docs.stripe.com/webhooks#verify-events. Bodies have the API version of the endpoint, not ours; the few fields
read here are the same in all of them.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from imagesfactory.payments.ports import Forged, Malformed, Notice

TOLERANCE_SECONDS: Final = 300
HANDLED: Final = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
        "payment_intent.succeeded",
        "payment_intent.payment_failed",
        "payment_intent.processing",
        "payment_intent.canceled",
        "refund.created",
        "refund.updated",
        "refund.failed",
        "charge.refunded",
        "charge.updated",  # its payment was booked
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    }
)


def notice(body: bytes, signature: str, secret: str, now: datetime) -> Notice | None:
    """What the event says, or None for a kind that is not ours to act on.

    Args:
        body: the raw body, as it came.
        signature: the ``Stripe-Signature`` header.
        secret: the endpoint's secret.
        now: when, UTC.

    Raises:
        Forged: the signature is wrong, too old, or from the future.
        Malformed: what was signed is not an event.

    """
    import stripe

    if not signature.isascii():  # the SDK can compare no other
        raise Forged
    try:
        text = body.decode()
        stripe.WebhookSignature.verify_header(text, signature, secret, tolerance=TOLERANCE_SECONDS)
    except UnicodeDecodeError:
        raise Malformed from None
    except (stripe.SignatureVerificationError, ValueError):
        raise Forged from None
    if _signed_at(signature) > now.timestamp() + TOLERANCE_SECONDS:  # the SDK looks only at the past
        raise Forged
    return _read(text)


def _signed_at(signature: str) -> int:
    times = [part.removeprefix("t=") for part in signature.split(",") if part.startswith("t=")]
    return max((int(time) for time in times if time.isdecimal()), default=0)


def _read(text: str) -> Notice | None:
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        raise Malformed from None
    subject: Any = event.get("data") if isinstance(event, dict) else None
    subject = subject.get("object") if isinstance(subject, dict) else None
    if not isinstance(subject, dict) or not _is_id(event.get("id")) or not isinstance(event.get("type"), str):
        raise Malformed
    if event["type"] not in HANDLED:
        return None
    found = subject.get("metadata")
    metadata = found if isinstance(found, dict) else {}
    return Notice(
        provider="stripe",
        event_id=event["id"],
        kind=event["type"],
        order_id=_text(metadata.get("order_id") or subject.get("client_reference_id")),
        reference=_reference(subject),
    )


def _reference(subject: dict[str, Any]) -> str:
    """A session goes by its own id; all else by its intent, or else by itself."""
    if subject.get("object") in ("checkout.session", "payment_intent"):  # may be anything: no set
        return _text(subject.get("id"))
    return _text(subject.get("payment_intent") or subject.get("charge") or subject.get("id"))


def _text(value: object) -> str:
    return value if _is_id(value) else ""  # type: ignore[return-value]


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 200 and value.replace("_", "").replace("-", "").isalnum()
