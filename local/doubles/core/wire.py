"""Breaks connections on purpose: an HTTP protocol whose applications may hang up without an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.types import Receive, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_EXTENSION = "imagesfactory.hang_up"


class HangUpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with the way to drop the connection put into the scope's extensions."""

    def on_headers_complete(self) -> None:
        """Add the extension, then let uvicorn start the application."""
        self.scope["extensions"] = {_EXTENSION: {"abort": self.transport.abort}}
        super().on_headers_complete()


async def hang_up(scope: Scope, receive: Receive) -> None:
    """Drop the client's connection at once (it sees a reset) and wait until the server has noticed."""
    abort: Callable[[], None] = scope["extensions"][_EXTENSION]["abort"]
    abort()
    await _until_gone(receive)


async def _until_gone(receive: Callable[[], Awaitable[object]]) -> None:
    while True:
        message = await receive()
        if isinstance(message, dict) and message["type"] == "http.disconnect":
            return
