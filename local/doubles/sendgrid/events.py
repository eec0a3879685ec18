"""SendGrid's event webhook: makes the events of a mail, signs them as SendGrid does and posts them."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from local.doubles.sendgrid.mailbox import Mail

SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"
POST_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class WebhookSettings:
    """Where events go (None: nowhere) and how badly they arrive."""

    url: str | None = None
    duplicate: bool = False
    reverse: bool = False


@dataclass
class PostedBatch:
    """One attempt to post events: the answer's status, or the kind of error that prevented one."""

    url: str
    events: list[dict[str, Any]]
    status: int | None = None
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The attempt as the control API shows it."""
        return dict(vars(self))


@dataclass(frozen=True)
class Batch:
    """Events to be posted together. `tampered` breaks the signature; the offset makes the timestamp old or new."""

    events: list[dict[str, Any]]
    tampered: bool = False
    offset_seconds: int = 0


class SigningKey:
    """The P-256 key pair of this process, made at its start."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public_key(self) -> str:
        """The bare base64 of the public key, as SendGrid's console shows it."""
        encoded = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(encoded).decode()

    def sign(self, timestamp: str, payload: bytes) -> str:
        """The signature header: base64 of the DER ECDSA-SHA256 signature over the timestamp and the raw body."""
        signature = self._key.sign(timestamp.encode() + payload, ec.ECDSA(hashes.SHA256()))
        return base64.b64encode(signature).decode()


class EventWebhook:
    """Posts batches one after another, in a task of its own. Used from the doubles' event loop only."""

    def __init__(self, settings: WebhookSettings) -> None:
        self.key = SigningKey()
        self.settings = settings
        self.posted: list[PostedBatch] = []
        self._queue: asyncio.Queue[Batch] = asyncio.Queue()
        self._poster: asyncio.Task[None] | None = None

    def enqueue(self, batch: Batch) -> None:
        """Post these events soon; nothing happens while no URL is configured."""
        if self.settings.url is None or not batch.events:
            return
        if self._poster is None:
            self._poster = asyncio.create_task(self._post_all())
        events = list(reversed(batch.events)) if self.settings.reverse else batch.events
        for _ in range(2 if self.settings.duplicate else 1):
            self._queue.put_nowait(Batch(events, batch.tampered, batch.offset_seconds))

    async def drain(self, timeout_seconds: float) -> bool:
        """Wait until everything enqueued was posted; False when the time is over."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._queue.join()
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Stop posting; what is still waiting is given up."""
        if self._poster is not None:
            self._poster.cancel()
            await asyncio.gather(self._poster, return_exceptions=True)

    async def _post_all(self) -> None:
        async with httpx.AsyncClient(timeout=POST_TIMEOUT_SECONDS, trust_env=False) as client:
            while True:
                batch = await self._queue.get()
                try:
                    await self._post(client, batch)
                finally:
                    self._queue.task_done()

    async def _post(self, client: httpx.AsyncClient, batch: Batch) -> None:
        url = self.settings.url
        if url is None:
            return
        attempt = PostedBatch(url, batch.events)
        payload = json.dumps(batch.events, ensure_ascii=False).encode() + b"\r\n"
        timestamp = str(int(time.time()) + batch.offset_seconds)
        signature = self.key.sign(timestamp, b"[]" if batch.tampered else payload)
        headers = {"content-type": "application/json", SIGNATURE_HEADER: signature, TIMESTAMP_HEADER: timestamp}
        try:
            answer = await client.post(url, content=payload, headers=headers)
            attempt.status = answer.status_code
        except httpx.HTTPError as error:
            attempt.error = type(error).__name__
        self.posted.append(attempt)


@dataclass(frozen=True)
class Delivery:
    """What becomes of one recipient's copy: the state shown in the mailbox and the events that tell of it."""

    state: str
    events: tuple[tuple[str, dict[str, Any]], ...]
    suppression: tuple[str, str, str] | None = field(default=None)
    """List, reason and status, when this delivery puts the address on a suppression list."""


_PROCESSED: tuple[str, dict[str, Any]] = ("processed", {})
_DELIVERED = ("delivered", {"response": "250 OK"})
_NO_SUCH_USER = "550 5.1.1 The email account that you tried to reach does not exist"
_BLOCKED = "554 5.7.1 Message rejected by local policy"

TRIGGER_ADDRESSES: dict[str, Delivery] = {
    "bounce": Delivery(
        "bounced",
        (_PROCESSED, ("bounce", {"type": "bounce", "reason": _NO_SUCH_USER, "status": "5.1.1"})),
        ("bounces", _NO_SUCH_USER, "5.1.1"),
    ),
    "blocked": Delivery(
        "blocked",
        (_PROCESSED, ("bounce", {"type": "blocked", "reason": _BLOCKED, "status": "5.7.1"})),
        ("blocks", _BLOCKED, "5.7.1"),
    ),
    "deferred": Delivery(
        "delivered", (_PROCESSED, ("deferred", {"response": "451 try again later", "attempt": "1"}), _DELIVERED)
    ),
    "spam": Delivery("spam", (_PROCESSED, _DELIVERED, ("spamreport", {})), ("spam_reports", "", "")),
    "unknown": Delivery("dropped", (("dropped", {"reason": "Invalid"}),), ("invalid_emails", "Invalid", "")),
}
"""First part of an address (before `+` or `@`) -> what happens to mail sent to it. All others are delivered."""


def delivery_to(address: str, drop_reason: str | None) -> Delivery:
    """What becomes of a mail to that address, given why SendGrid would drop it (None: it would not)."""
    if drop_reason:
        return Delivery("dropped", (("dropped", {"reason": drop_reason}),))
    name = address.partition("@")[0].partition("+")[0].lower()
    return TRIGGER_ADDRESSES.get(name, Delivery("delivered", (_PROCESSED, _DELIVERED)))


def event(mail: Mail, address: str, kind: str, details: dict[str, Any]) -> dict[str, Any]:
    """One event object in SendGrid's shape; custom args lie beside its own members."""
    return {
        **mail.custom_args,
        "email": address,
        "timestamp": int(time.time()),
        "event": kind,
        "category": mail.categories,
        "sg_event_id": secrets.token_urlsafe(16),
        "sg_message_id": f"{mail.message_id}.recvd-local-1",
        "smtp-id": f"<{mail.message_id}@local.test>",
        **details,
    }
