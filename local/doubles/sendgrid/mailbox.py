"""The mails that were accepted, as their recipients would find them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

MAILS_MAX = 500
BYTES_MAX = 256 * 1024 * 1024


@dataclass(frozen=True)
class MailAttachment:
    """One attached file. `content_id` is set for a picture shown inside the text."""

    filename: str
    media_type: str
    disposition: str
    content_id: str | None
    content: bytes

    def to_json(self) -> dict[str, Any]:
        """What the JSON API tells of it; the bytes have an address of their own."""
        return {
            "filename": self.filename,
            "type": self.media_type,
            "disposition": self.disposition,
            "content_id": self.content_id,
            "bytes": len(self.content),
            "sha256": hashlib.sha256(self.content).hexdigest(),
        }


@dataclass
class Mail:
    """One mail: SendGrid makes one of each personalization. `id` is the message id and the personalization's number.

    `states` says for each recipient what became of it: delivered, bounced, blocked, dropped, deferred, spam.
    """

    id: str
    message_id: str
    received_at: datetime
    sender: dict[str, str]
    reply_to: dict[str, str] | None
    recipients: dict[str, list[dict[str, str]]]
    subject: str
    text: str | None
    html: str | None
    attachments: list[MailAttachment]
    headers: dict[str, str]
    categories: list[str]
    custom_args: dict[str, str]
    settings: dict[str, Any]
    states: dict[str, str] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def addresses(self) -> list[str]:
        """Every recipient's address, in lower case."""
        return [one["email"].lower() for people in self.recipients.values() for one in people]

    def to_json(self) -> dict[str, Any]:
        """The mail as the JSON API shows it."""
        values = {**vars(self), **self.recipients, "from": self.sender, "received_at": self.received_at.isoformat()}
        values["attachments"] = [one.to_json() for one in self.attachments]
        return {name: value for name, value in values.items() if name not in ("sender", "recipients")}

    def html_with_pictures(self, base_address: str) -> str:
        """The HTML part with every `cid:` of an attachment led to `base_address`/NUMBER."""
        text = self.html or f"<pre>{html.escape(self.text or '')}</pre>"
        for number, attachment in enumerate(self.attachments):
            if attachment.content_id:
                name = re.escape(attachment.content_id)
                text = re.sub(rf"cid:{name}(?![\w.@-])", f"{base_address}/{number}", text)
        return text


class Mailbox:
    """All mails, bounded in number and bytes; the oldest go first. Used from the doubles' event loop only."""

    def __init__(self) -> None:
        self._mails: OrderedDict[str, Mail] = OrderedDict()
        self._bytes = 0
        self._changed = asyncio.Condition()

    async def put(self, mail: Mail) -> None:
        """Add a mail."""
        async with self._changed:
            self._mails[mail.id] = mail
            self._bytes += _size(mail)
            while len(self._mails) > MAILS_MAX or (self._bytes > BYTES_MAX and len(self._mails) > 1):
                _, oldest = self._mails.popitem(last=False)
                self._bytes -= _size(oldest)
            self._changed.notify_all()

    def mails(self, recipient: str | None = None) -> list[Mail]:
        """The mails, oldest first; all, or those to one address."""
        wanted = recipient.lower() if recipient else None
        return [mail for mail in self._mails.values() if wanted is None or wanted in mail.addresses]

    async def wait_for(self, count: int, timeout_seconds: float, recipient: str | None) -> list[Mail]:
        """The mails once there are at least `count`, or what there is when the time is over."""
        try:
            async with asyncio.timeout(timeout_seconds), self._changed:
                await self._changed.wait_for(lambda: len(self.mails(recipient)) >= count)
        except TimeoutError:
            pass
        return self.mails(recipient)

    def get(self, mail_id: str) -> Mail | None:
        """One mail, or None."""
        return self._mails.get(mail_id)

    def clear(self) -> None:
        """Forget all mails."""
        self._mails.clear()
        self._bytes = 0


def mails_of(body: dict[str, Any], message_id: str) -> list[Mail]:
    """The mails that a checked mail send call asks for, one of each personalization."""
    attachments = [_attachment(one) for one in body.get("attachments") or []]
    return [
        _mail(body, one, f"{message_id}.{number}", message_id, attachments)
        for number, one in enumerate(body["personalizations"])
    ]


def _mail(
    body: dict[str, Any], person: dict[str, Any], mail_id: str, message_id: str, attachments: list[MailAttachment]
) -> Mail:
    parts = {part["type"]: part["value"] for part in body.get("content") or []}
    replacements = person.get("substitutions") or {}
    return Mail(
        id=mail_id,
        message_id=message_id,
        received_at=datetime.now(UTC),
        sender=body["from"],
        reply_to=body.get("reply_to"),
        recipients={kind: person.get(kind) or [] for kind in ("to", "cc", "bcc")},
        subject=_replaced(person.get("subject") or body.get("subject") or "", replacements) or "",
        text=_replaced(parts.get("text/plain"), replacements),
        html=_replaced(parts.get("text/html"), replacements),
        attachments=attachments,
        headers={**(body.get("headers") or {}), **(person.get("headers") or {})},
        categories=list(body.get("categories") or []),
        custom_args={**(body.get("custom_args") or {}), **(person.get("custom_args") or {})},
        settings={
            name: body[name]
            for name in ("asm", "mail_settings", "tracking_settings", "template_id", "send_at", "batch_id")
            if name in body
        },
    )


def _attachment(given: dict[str, Any]) -> MailAttachment:
    return MailAttachment(
        filename=given["filename"],
        media_type=given.get("type") or "application/octet-stream",
        disposition=given.get("disposition", "attachment"),
        content_id=given.get("content_id"),
        content=base64.b64decode(given["content"]),
    )


def _replaced(text: str | None, replacements: dict[str, str]) -> str | None:
    for mark, value in replacements.items():
        text = text.replace(mark, value) if text else text
    return text


def _size(mail: Mail) -> int:
    return len(mail.html or "") + len(mail.text or "") + sum(len(one.content) for one in mail.attachments)
