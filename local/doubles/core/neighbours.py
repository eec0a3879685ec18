"""Keeps strangers out: only programs and pages of this computer are answered.

The doubles have no login, so a page of some web site, open in the same computer's browser, must neither read the
mailbox (by a name that leads to 127.0.0.1) nor post to the control API.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK_NAMES = ("127.0.0.1", "localhost")


class NeighboursOnly:
    """ASGI middleware: refuses a Host that is no loopback name, and changes asked for by a page from elsewhere.

    What is only read needs no look at the Origin: the browser itself gives a foreign page no answer, and a mail
    shown in its sandbox (Origin null) must be able to load its font.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer neighbours, refuse strangers with 403."""
        if scope["type"] == "http" and not _is_neighbour(scope["method"], Headers(scope=scope)):
            refusal = PlainTextResponse("Only this computer is served, by its loopback name.", status_code=403)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _is_neighbour(method: str, headers: Headers) -> bool:
    if _name(f"//{headers.get('host', '')}") not in LOOPBACK_NAMES:
        return False
    origin = headers.get("origin")
    return method in ("GET", "HEAD") or origin is None or _name(origin) in LOOPBACK_NAMES


def _name(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
