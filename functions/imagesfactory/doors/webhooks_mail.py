"""What the mail carrier calls: signed events about letters it took. Applying them twice is applying them once."""

from __future__ import annotations

from typing import Final

from firebase_functions.https_fn import on_request
from flask import Request, Response

from imagesfactory import bootstrap
from imagesfactory import bootstrap_office as office
from imagesfactory.doors.bodies import is_too_large
from imagesfactory.kit import log
from imagesfactory.kit.settings import SECRETS_OF_IDENTITY, SECRETS_OF_MAIL_EVENTS, settings

BODY_BYTES_MAX: Final = 4 * 1024 * 1024
"""SendGrid gathers events of up to half a minute in one batch."""
_SIGNATURE: Final = "X-Twilio-Email-Event-Webhook-Signature"
_TIMESTAMP: Final = "X-Twilio-Email-Event-Webhook-Timestamp"


@on_request(timeout_sec=120, concurrency=20, invoker="public", secrets=[*SECRETS_OF_MAIL_EVENTS, *SECRETS_OF_IDENTITY])
def mail_events(request: Request) -> Response:
    """SendGrid's events. Whatever fails is answered with 500, and SendGrid sends the batch again."""
    if request.method != "POST":  # a starting worker sends GET /__/health here
        return Response("POST only\n", 405, {"Allow": "POST"})
    if is_too_large(request, BODY_BYTES_MAX):
        return _refused("too-large", 413)
    if not settings().sendgrid_events_key:
        log.error("webhook.switched_off", provider="sendgrid", code="key-not-set")
        return Response("switched off: its key is not set\n", 503)
    from imagesfactory.vendors.sendgrid_events import EventsForged, EventsMalformed

    try:
        return _applied(request)
    except EventsForged:
        return _refused("forged", 401)
    except EventsMalformed:
        return _refused("malformed", 400)
    except Exception as problem:
        log.failure("webhook.failed", problem, task="mail_events")
        return Response("try again\n", 500)


def _applied(request: Request) -> Response:
    from imagesfactory.vendors.sendgrid_events import mail_events as verified

    headers, key, received = request.headers, settings().sendgrid_events_key, bootstrap.outside_clock().now()
    events = verified(request.get_data(), headers.get(_SIGNATURE, ""), headers.get(_TIMESTAMP, ""), key, received)
    for event in events:
        office.mail_events().apply(event, bootstrap.clock().now())
    return Response("ok\n", 200)


def _refused(code: str, status: int) -> Response:
    log.warning("webhook.refused", task="mail_events", code=code, status=status)
    return Response("refused\n", status)
