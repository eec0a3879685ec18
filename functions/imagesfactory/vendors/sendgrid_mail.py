"""Mail through SendGrid.

It learns the address, the letter and our opaque ids. Custom arguments and categories are kept by SendGrid for long
and are not erased with the address, so they hold nothing else. Opens and clicks are not tracked.
Source: www.twilio.com/docs/sendgrid/api-reference/mail-send.
"""

from __future__ import annotations

import base64
import http.client
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from imagesfactory.kit import log
from imagesfactory.mail.ports import Attachment, Letter, LetterRefused, SenderBusy
from imagesfactory.vendors.answers import DELAY_MAX, delay_asked, safe_code
from imagesfactory.vendors.once import Once

if TYPE_CHECKING:
    from collections.abc import Mapping

SEND_SECONDS = 20.0
"""The longest silence; a letter may carry several megabytes of pictures."""
_REFUSED_STATUSES = frozenset({400, 413, 415, 422})
"""About this letter: sending it again would be refused again."""
_OPERATOR_STATUSES = frozenset({401, 403, 404, 405})
"""About our account or settings: the letter is sound, and goes once somebody has put that right."""


class SendGridSender:
    """A Sender."""

    def __init__(self, *, api_key: str, host: str, send_seconds: float = SEND_SECONDS) -> None:
        """``host`` is a URL without a path, as in https://api.sendgrid.com."""
        self._api_key, self._host, self._send_seconds = api_key, host.rstrip("/"), send_seconds
        self._client = Once(self._connect)

    def send(self, letter: Letter) -> str:
        """Hand over the letter, exactly one attempt; SendGrid's id of it once it is accepted ("" if it names none).

        Raises:
            SenderBusy, LetterRefused: see the port.

        """
        from python_http_client.exceptions import HTTPError

        client = self._client()
        mail = _mail(letter)
        try:
            answer = client.send(mail)
        except HTTPError as error:
            raise _ours(error, letter.mail_id) from None
        except (OSError, http.client.HTTPException, ValueError):  # the SDK lets urllib's own errors through
            raise SenderBusy from None
        if answer.status_code != 202:  # a page of some proxy, or where a redirect led to
            raise SenderBusy
        return str(answer.headers.get("X-Message-Id", ""))

    def _connect(self) -> Any:
        if not self._api_key:
            log.error("mail.sender_unusable", provider="sendgrid", code="api_key_missing")
            raise SenderBusy
        from sendgrid import SendGridAPIClient

        for name in ("python_http_client", "python_http_client.client"):
            logging.getLogger(name).setLevel(logging.WARNING)  # its debug lines hold the key and the letter
        client = SendGridAPIClient(self._api_key, host=self._host)
        client.client.timeout = self._send_seconds  # it has none of its own
        return client


def _mail(letter: Letter) -> Any:
    from sendgrid.helpers import mail as words
    from sendgrid.helpers.mail.exceptions import ApiKeyIncludedException

    try:
        mail = words.Mail(
            from_email=words.Email(letter.from_address, letter.from_name),
            to_emails=[_exactly(words.To(), letter.to_address)],
            subject=letter.subject,
            plain_text_content=words.PlainTextContent(letter.text),
            html_content=words.HtmlContent(letter.html),
        )
    except ApiKeyIncludedException:  # the SDK refuses texts that begin like one of its keys
        raise LetterRefused("text_like_a_key") from None
    mail.reply_to = _exactly(words.ReplyTo(), letter.reply_to)
    mail.category = words.Category(letter.kind)
    mail.custom_arg = words.CustomArg("mail_id", letter.mail_id)
    mail.tracking_settings = _no_tracking()
    mail.mail_settings = _our_lists_count(is_refusable=bool(letter.unsubscribe_url))
    if letter.unsubscribe_url:  # RFC 8058
        mail.header = words.Header("List-Unsubscribe", f"<{letter.unsubscribe_url}>")
        mail.header = words.Header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
    for attachment in reversed(letter.attachments):
        mail.attachment = _attached(attachment)  # the setter puts it before the others
    return mail


def _exactly(recipient: Any, address: str) -> Any:
    """The SDK's constructor would take an address for "Name <address>" and split it."""
    recipient.email = address
    return recipient


def _no_tracking() -> Any:
    from sendgrid.helpers import mail as words

    settings = words.TrackingSettings()
    settings.click_tracking = words.ClickTracking(enable=False, enable_text=False)
    settings.open_tracking = words.OpenTracking(enable=False)
    settings.subscription_tracking = words.SubscriptionTracking(enable=False)
    return settings


def _our_lists_count(*, is_refusable: bool) -> Any:
    """Whom we must not write to was asked before, of a list whose owners can lift what is theirs. SendGrid's own would
    let one report of an advertisement end the receipts as well.
    """
    from sendgrid.helpers import mail as words

    settings = words.MailSettings()
    settings.bypass_bounce_management = words.BypassBounceManagement(enable=True)
    settings.bypass_spam_management = words.BypassSpamManagement(enable=not is_refusable)
    return settings


def _attached(attachment: Attachment) -> Any:
    from sendgrid.helpers import mail as words

    return words.Attachment(
        words.FileContent(base64.b64encode(attachment.content).decode("ascii")),
        words.FileName(attachment.filename),
        words.FileType(attachment.content_type),
        words.Disposition("inline"),
        words.ContentId(attachment.content_id),
    )


def _ours(error: Any, mail_id: str) -> Exception:
    """What an answer other than 2xx means to us."""
    status = int(error.status_code)
    if status in _REFUSED_STATUSES:
        return LetterRefused(safe_code(_faulty_field(error.body), f"status-{status}"))
    if status in _OPERATOR_STATUSES:
        log.error("mail.sender_unusable", provider="sendgrid", status=status, mail_id=mail_id)
    return SenderBusy(_delay(dict(error.headers or {})))


def _faulty_field(body: bytes) -> object:
    """The field that SendGrid names first in {"errors": [{"message", "field", "help"}]}; its message may quote."""
    try:
        return json.loads(body)["errors"][0]["field"]
    except (ValueError, LookupError, TypeError):
        return None


def _delay(headers: Mapping[str, str]) -> timedelta:
    """Retry-After, or the moment (Unix seconds) at which the rate limit starts anew."""
    named = {name.lower(): value for name, value in headers.items()}
    asked = delay_asked(named)
    reset = named.get("x-ratelimit-reset", "")
    if asked or named.get("x-ratelimit-remaining", "0") != "0" or not reset.isdecimal() or len(reset) > 12:
        return asked
    remaining = timedelta(seconds=int(reset) - datetime.now(UTC).timestamp())
    return max(timedelta(0), min(remaining, DELAY_MAX))
