"""Sessions of websites: a cookie that scripts cannot read, issued for a fresh sign-in and revocable at once.

The cookie is called ``__session`` because Firebase Hosting passes no other one on to a function. Only pages of our own
may ask (their Origin says so, and no form can send JSON), so that nobody signs a member in or out from elsewhere.
Source: firebase.google.com/docs/hosting/manage-cache#using_cookies.
"""

from __future__ import annotations

import json
from typing import Final

from firebase_functions.https_fn import on_request
from flask import Request, Response

from imagesfactory import bootstrap
from imagesfactory import bootstrap_office as office
from imagesfactory.doors import limits
from imagesfactory.doors.bodies import is_too_large
from imagesfactory.doors.options import SESSIONS
from imagesfactory.doors.said import said
from imagesfactory.doors.texts import INTERNAL, MALFORMED, SIGN_IN_INVALID, TOO_LARGE, WRONG_METHOD, WRONG_ORIGIN
from imagesfactory.kit import log
from imagesfactory.kit.settings import settings

COOKIE: Final = "__session"
BODY_BYTES_MAX: Final = 64 * 1024
"""Far above any ID token."""
_NO_STORE: Final = {"Cache-Control": "no-store"}


@on_request(timeout_sec=15, concurrency=40, invoker="public", service_account=SESSIONS)
def create_session(request: Request) -> Response:
    """Issue the cookie: a POST of ``{"id_token": ...}`` right after a sign-in."""
    refused = _refusal("create_session", request)
    if refused is not None:
        return refused
    from imagesfactory.vendors.session_cookies import LIFETIME, NoSession

    token = _id_token(request)
    if token is None:
        return said(MALFORMED, 400)
    try:
        cookie = office.sessions().issue(token, bootstrap.outside_clock().now())
    except NoSession:
        return said(SIGN_IN_INVALID, 401)
    except Exception as problem:
        log.failure("session.failed", problem, task="create_session")
        return said(INTERNAL, 503)
    answer = Response("", 204, _NO_STORE)
    seconds = int(LIFETIME.total_seconds())
    answer.set_cookie(COOKIE, cookie, max_age=seconds, httponly=True, secure=True, samesite="Strict", path="/")
    return answer


@on_request(timeout_sec=15, concurrency=40, invoker="public", service_account=SESSIONS)
def end_session(request: Request) -> Response:
    """End every session of whoever holds the cookie, and take it away."""
    refused = _refusal("end_session", request)
    if refused is not None:
        return refused
    from imagesfactory.vendors.session_cookies import NoSession

    try:
        office.sessions().revoke(office.sessions().holder(request.cookies.get(COOKIE, "")))
    except NoSession:
        log.info("session.none")
    except Exception as problem:
        log.failure("session.failed", problem, task="end_session")
        return said(INTERNAL, 503)
    answer = Response("", 204, _NO_STORE)
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Strict")
    return answer


def _refusal(function: str, request: Request) -> Response | None:
    if request.method != "POST":
        return said(WRONG_METHOD, 405, Allow="POST")
    if request.headers.get("Origin") != settings().web_origin or not request.is_json:
        return said(WRONG_ORIGIN, 403)
    if is_too_large(request, BODY_BYTES_MAX):
        return said(TOO_LARGE, 413)
    return limits.refusal(function, request)


def _id_token(request: Request) -> str | None:
    try:
        body = json.loads(request.get_data())
    except (ValueError, RecursionError):
        return None
    token = body.get("id_token") if isinstance(body, dict) else None
    return token if isinstance(token, str) else None
