"""What payment providers call. An event is checked, written down and answered; understanding it happens in a task.

Whatever is not a POST is refused before anything else: a starting worker sends GET /__/health to the function itself.
A secret that is not set switches its endpoint off, loudly: the provider keeps its events and sends them again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Final

from firebase_functions.https_fn import on_request
from flask import Request, Response

from imagesfactory import bootstrap
from imagesfactory.doors.bodies import is_too_large
from imagesfactory.kit import log
from imagesfactory.kit.settings import SECRETS_OF_IDENTITY, SECRETS_OF_PAYMENTS, settings

if TYPE_CHECKING:
    from imagesfactory.payments.ports import Notice

BODY_BYTES_MAX: Final = 512 * 1024
"""Far above any event of the two providers."""

Door = Callable[[Request], Response]


def _posts_only(door: Door) -> Door:
    """Wrap a webhook so that anything but a POST of sensible size is refused, and what it raises becomes a status."""

    @wraps(door)
    def answered(request: Request) -> Response:
        from imagesfactory.kit.rate import TooManyRequests
        from imagesfactory.payments.ports import Forged, Malformed

        if request.method != "POST":
            return Response("POST only\n", 405, {"Allow": "POST"})
        if is_too_large(request, BODY_BYTES_MAX):
            return _refused(door.__name__, "too-large", 413)
        try:
            return door(request)
        except Forged:
            return _refused(door.__name__, "forged", 400)
        except Malformed:
            return _refused(door.__name__, "malformed", 400)
        except TooManyRequests as refused:
            return _refused(door.__name__, refused.code, 429)
        except Exception as problem:
            log.failure("webhook.failed", problem, task=door.__name__)
            return Response("try again\n", 500)

    return answered


@on_request(timeout_sec=30, concurrency=80, invoker="public", secrets=list(SECRETS_OF_PAYMENTS))
@_posts_only
def stripe_webhook(request: Request) -> Response:
    """Stripe's events, signed."""
    secret = settings().stripe_webhook_secret
    if not secret or not settings().stripe_secret_key:
        return _switched_off("stripe")
    from imagesfactory.vendors.stripe_webhook import notice

    signature = request.headers.get("Stripe-Signature", "")
    return _received(notice(request.get_data(), signature, secret, bootstrap.outside_clock().now()))


@on_request(timeout_sec=30, concurrency=80, invoker="public", secrets=[*SECRETS_OF_PAYMENTS, *SECRETS_OF_IDENTITY])
@_posts_only
def toss_webhook(request: Request) -> Response:
    """Toss Payments' events: unsigned, hence a hint to look at one of our orders and nothing more."""
    if not settings().toss_secret_key:
        return _switched_off("toss")
    from imagesfactory.vendors.toss_webhook import notice

    transmission_id = request.headers.get("tosspayments-webhook-transmission-id", "")
    return _received(notice(request.get_data(), transmission_id))


def _received(notice: Notice | None) -> Response:
    if notice is not None:
        bootstrap.inbox().receive(notice, bootstrap.clock().now())
    return Response("ok\n", 200)


def _refused(task: str, code: str, status: int) -> Response:
    log.warning("webhook.refused", task=task, code=code, status=status)
    return Response("refused\n", status)


def _switched_off(provider: str) -> Response:
    log.error("webhook.switched_off", provider=provider, code="secret-not-set")
    return Response("switched off: its secret is not set\n", 503)
