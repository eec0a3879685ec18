"""Toss Payments' webhooks: they carry no signature, so all that is read is which order to look at.

Source: docs.tosspayments.com/reference/using-api/webhook-events.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Final

from imagesfactory.payments.ports import Malformed, Notice

_ORDER_ID: Final = re.compile(r"[A-Za-z0-9_=-]{6,64}")
_TRANSMISSION_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,100}")
HANDLED: Final = frozenset({"PAYMENT_STATUS_CHANGED", "CANCEL_STATUS_CHANGED", "DEPOSIT_CALLBACK"})


def notice(body: bytes, transmission_id: str) -> Notice | None:
    """Which order the event is about, or None for a kind that is not ours to act on.

    A retry keeps its transmission id; where there is none, equal bodies are one event.

    Raises:
        Malformed: it is not of Toss Payments' form, or names no order.

    """
    event = _object(body)
    kind = event.get("eventType", "DEPOSIT_CALLBACK" if "secret" in event else "")
    if not isinstance(kind, str) or not kind or len(kind) > 64:
        raise Malformed
    if kind not in HANDLED:
        return None
    data = event.get("data", event)
    order_id = data.get("orderId") if isinstance(data, dict) else None
    if not isinstance(order_id, str) or not _ORDER_ID.fullmatch(order_id):
        raise Malformed
    secret = event.get("secret", "")
    if not isinstance(secret, str):
        raise Malformed
    return Notice("toss", _event_id(body, transmission_id), kind, order_id, "", secret)


def _object(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise Malformed from None
    if not isinstance(event, dict):
        raise Malformed
    return event


def _event_id(body: bytes, transmission_id: str) -> str:
    if _TRANSMISSION_ID.fullmatch(transmission_id):
        return transmission_id
    return hashlib.sha256(body).hexdigest()[:48]
