"""Public pages: open to everybody, the same for everybody, so that caches may keep them."""

from __future__ import annotations

from firebase_functions.https_fn import on_request
from flask import Request, Response

from imagesfactory.kit import log
from imagesfactory.kit.settings import settings

_HEADERS = {
    "Cache-Control": "public, max-age=300, s-maxage=3600",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@on_request(timeout_sec=10, concurrency=80, invoker="public")
def policy_page(request: Request) -> Response:
    """The privacy policy in force: ``?lang=en`` in English, else in Korean."""
    if request.method not in {"GET", "HEAD"}:
        return Response("GET only\n", 405, {"Allow": "GET, HEAD"})
    from imagesfactory.notices.policy_page import Officer, policy_page

    try:
        officer = Officer(settings().officer_name, settings().officer_telephone)
        page = policy_page("en" if request.args.get("lang") == "en" else "ko", officer)
    except Exception as problem:
        log.failure("page.failed", problem, task="policy_page")
        return Response("try again\n", 500, {"Cache-Control": "no-store"})
    return Response(page, 200, _HEADERS, content_type="text/html; charset=utf-8")
