"""Public pages: the privacy policy, and the page on which a member refuses advertising without signing in."""

from __future__ import annotations

from typing import Literal

from firebase_functions.https_fn import on_request
from flask import Request, Response

from imagesfactory import bootstrap
from imagesfactory.doors import limits
from imagesfactory.doors.said import said
from imagesfactory.doors.texts import INTERNAL, LINK_INVALID, WRONG_METHOD
from imagesfactory.kit import log
from imagesfactory.kit.settings import SECRETS_OF_IDENTITY, settings

_HEADERS = {
    "Cache-Control": "public, max-age=300, s-maxage=3600",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@on_request(timeout_sec=10, concurrency=80, invoker="public")
def policy_page(request: Request) -> Response:
    """The privacy policy in force, or the ``?version=`` named by its day: ``?lang=en`` in English, else in Korean."""
    if request.method not in {"GET", "HEAD"}:
        return said(WRONG_METHOD, 405, Allow="GET, HEAD")
    refused = limits.refusal("policy_page", request)
    if refused is not None:
        return refused
    from imagesfactory.notices.policy_page import Officer, policy_page

    try:
        officer = Officer(settings().officer_name, settings().officer_telephone)
        language: Literal["en", "ko"] = "en" if request.args.get("lang") == "en" else "ko"
        in_force = bootstrap.versions().privacy
        page = policy_page(language, officer, in_force, request.args.get("version") or in_force)
    except Exception as problem:
        log.failure("page.failed", problem, task="policy_page")
        return said(INTERNAL, 500)
    if page is None:
        return said(LINK_INVALID, 404)
    return Response(page, 200, _HEADERS, content_type="text/html; charset=utf-8")


@on_request(timeout_sec=30, concurrency=40, invoker="public", secrets=list(SECRETS_OF_IDENTITY))
def unsubscribe(request: Request) -> Response:
    """Refuse advertising: a POST does it (RFC 8058), a GET shows the one button that posts. ``c=push`` means what is
    pushed, else it is mail.

    A link that mail scanners follow must change nothing, hence the button.
    """
    if request.method not in {"GET", "HEAD", "POST"}:
        return said(WRONG_METHOD, 405, Allow="GET, HEAD, POST")
    refused = limits.refusal("unsubscribe", request)
    if refused is not None:
        return refused
    member = bootstrap.advertiser().member_of(request.args.get("m", ""))
    if member is None:
        return said(LINK_INVALID, 404)
    if request.method != "POST":
        return _small_page(_ASK)
    try:
        from imagesfactory.accounts.model import ConsentKind

        kind = ConsentKind.MARKETING_PUSH if request.args.get("c") == "push" else ConsentKind.MARKETING_EMAIL
        bootstrap.profiles().unsubscribe(member, kind, bootstrap.clock().now())
    except Exception as problem:
        log.failure("page.failed", problem, task="unsubscribe")
        return said(INTERNAL, 500)
    return _small_page(_DONE)


def _small_page(body: str) -> Response:
    page = f'<!doctype html><html lang="ko"><meta charset="utf-8"><title>imagesfactory</title>{body}</html>'
    policy = "default-src 'none'; base-uri 'none'; form-action 'self'"
    return Response(page, 200, _HEADERS | {"Cache-Control": "no-store", "Content-Security-Policy": policy})


_ASK = (
    "<p>광고를 더 이상 받지 않습니다. / Stop advertising.</p>"
    '<form method="post"><button>수신거부 / Unsubscribe</button></form>'
)
_DONE = "<p>수신거부가 처리되었습니다. / You will get no more advertising.</p>"
