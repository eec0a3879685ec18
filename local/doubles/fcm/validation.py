"""Checks a message as Firebase Cloud Messaging does.

Source: firebase.google.com/docs/reference/fcm/rest/v1/projects.messages.
"""

from __future__ import annotations

import json
import re
from typing import Any

from local.doubles.fcm.errors import FcmRefusal

PAYLOAD_BYTES_MAX = 4096
COLLAPSE_ID_BYTES_MAX = 64
"""Of APNs (apns-collapse-id)."""
TTL_SECONDS_MAX = 2_419_200

_TARGETS = ("token", "fid", "topic", "condition")
_RESERVED = re.compile(r"from|message_type|(google|gcm).*")
_TTL = re.compile(r"(\d+)(\.\d+)?s")
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
"""Of web push (RFC 8030, 5.4)."""


def checked(body: Any) -> tuple[str, dict[str, Any]]:
    """The address that the message of the call goes to, and the message.

    Raises:
        FcmRefusal: INVALID_ARGUMENT with the field that is wrong.

    """
    message = body.get("message") if isinstance(body, dict) else None
    if not isinstance(message, dict):
        raise _wrong("message", "Request contains an invalid argument.")
    targets = [name for name in _TARGETS if name in message]
    if len(targets) != 1:
        raise _wrong("message", "Exactly one of token, fid, topic or condition is required.")
    address = message[targets[0]]
    if not isinstance(address, str) or not address or re.search(r"\s", address):
        raise _no_address(targets[0])
    _check_payload(message)
    _check_platforms(message)
    return address, message


def _no_address(target: str) -> FcmRefusal:
    """Of a token FCM tells in words alone that it is none (github.com/firebase/firebase-admin-java/issues/1064)."""
    words = "The registration token is not a valid FCM registration token"
    return FcmRefusal("INVALID_ARGUMENT", words) if target == "token" else _wrong(f"message.{target}", "Invalid value.")


def _check_payload(message: dict[str, Any]) -> None:
    notification, data = message.get("notification") or {}, message.get("data") or {}
    if not all(isinstance(value, str) for value in [*notification.values(), *data.values()]):
        raise _wrong("message.data", "Values must be strings.")
    if any(_RESERVED.fullmatch(name) for name in data):
        raise _wrong("message.data", "Reserved key.")
    if len(json.dumps([notification, data], ensure_ascii=False).encode()) > PAYLOAD_BYTES_MAX:
        raise _wrong("message", "Message is too big.")


def _check_platforms(message: dict[str, Any]) -> None:
    ttl = (message.get("android") or {}).get("ttl")
    seconds = None if ttl is None else _TTL.fullmatch(str(ttl))
    if ttl is not None and (seconds is None or int(seconds[1]) > TTL_SECONDS_MAX):
        raise _wrong("message.android.ttl", "Illegal duration.")
    apple = (message.get("apns") or {}).get("headers") or {}
    if len(str(apple.get("apns-collapse-id", "")).encode()) > COLLAPSE_ID_BYTES_MAX:
        raise _wrong("message.apns.headers", "The collapse id is too long.")
    topic = ((message.get("webpush") or {}).get("headers") or {}).get("Topic")
    if topic is not None and not _TOPIC.fullmatch(str(topic)):
        raise _wrong("message.webpush.headers", "The topic is not valid.")


def _wrong(field: str, message: str) -> FcmRefusal:
    return FcmRefusal("INVALID_ARGUMENT", message, field)
