"""SendGrid's event webhook: checks the signature and its age, and reads which letter came to what.

Addresses of clients, user agents and links in the events are personal data that we have no use for: they end here.
Source: www.twilio.com/docs/sendgrid/for-developers/tracking-events/event and the page on its
security features beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from imagesfactory.mail.model import Fate, MailEvent

TOLERANCE_SECONDS: Final = 300
_DROPPED: Final = {"bounced address": Fate.BOUNCED, "invalid": Fate.BOUNCED, "spam reporting address": Fate.SPAM}
"""How the reason of a `dropped` begins when SendGrid refused because of the address."""


class EventsForged(Exception):
    """The signature is wrong, too old, or from the future."""


class EventsMalformed(Exception):
    """What was signed is not a list of events."""


def mail_events(body: bytes, signature: str, timestamp: str, key: str, now: datetime) -> list[MailEvent]:
    """The events that tell something about letters of ours.

    Args:
        body: the raw body, as it came.
        signature: the header X-Twilio-Email-Event-Webhook-Signature.
        timestamp: the header X-Twilio-Email-Event-Webhook-Timestamp, in Unix seconds.
        key: the public key, as SendGrid's console shows it.
        now: when, UTC.

    Raises:
        EventsForged, EventsMalformed

    """
    if not _is_recent(timestamp, now) or not _is_signed(body, signature, timestamp, key):
        raise EventsForged
    try:
        events = json.loads(body)
    except (ValueError, RecursionError):
        raise EventsMalformed from None
    if not isinstance(events, list):
        raise EventsMalformed
    return list(_ours(events))


def _is_recent(timestamp: str, now: datetime) -> bool:
    if not timestamp.isdecimal() or len(timestamp) > 12:
        return False
    return abs(int(timestamp) - now.timestamp()) <= TOLERANCE_SECONDS


def _is_signed(body: bytes, signature: str, timestamp: str, key: str) -> bool:
    from sendgrid.helpers.eventwebhook import EventWebhook

    webhook = EventWebhook(key)
    try:
        return bool(webhook.verify_signature(body.decode(), signature, timestamp))
    except Exception:  # the SDK raises whatever its parser of the signature meets
        return False


def _ours(events: list[Any]) -> Iterator[MailEvent]:
    for event in events:
        if not isinstance(event, dict):
            continue
        mail_id, address, fate = event.get("mail_id"), event.get("email"), _fate(event)
        if fate is not None and _is_id(mail_id) and isinstance(address, str) and address:
            yield MailEvent(str(mail_id), address, fate)


def _fate(event: dict[str, Any]) -> Fate | None:
    reason = str(event.get("reason") or "").lower()
    match event.get("event"):
        case "delivered":
            return Fate.DELIVERED
        case "deferred":
            return Fate.DEFERRED
        case "bounce":
            return Fate.BLOCKED if event.get("type") == "blocked" else Fate.BOUNCED
        case "dropped":
            return next((fate for begin, fate in _DROPPED.items() if reason.startswith(begin)), Fate.BLOCKED)
        case "spamreport":
            return Fate.SPAM
    return None


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 200 and value.replace("_", "").replace("-", "").isalnum()
