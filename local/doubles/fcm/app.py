"""The HTTP side of the FCM double: message send, and its part of the control API.

It asks for no credentials, as Google's emulators do. Every address is an app until its member removes it (control),
but one that begins with ``other-project`` belongs to somebody else's.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.doubles.core.control_api import json_body, refusal, wait_seconds
from local.doubles.fcm.errors import FcmRefusal
from local.doubles.fcm.validation import checked

PROVIDER = "fcm"
PREFIXES = ("/v1/projects/",)
PUSHES_MAX = 1000


class FcmDouble:
    """The double with everything that it pushed; used from the doubles' event loop only."""

    def __init__(self) -> None:
        self._pushes: deque[dict[str, Any]] = deque(maxlen=PUSHES_MAX)
        self._removed: set[str] = set()
        self._count = 0
        self._changed = asyncio.Condition()

    def reset(self) -> None:
        """Forget what was pushed and which apps were removed."""
        self._pushes.clear()
        self._removed.clear()

    def routes(self) -> list[Route]:
        """The provider's endpoint."""
        return [Route("/v1/projects/{project}/messages:send", self._send, methods=["POST"])]

    def control_routes(self) -> list[Route]:
        """The control API's part."""
        return [
            Route("/_control/fcm/pushes", self._list, methods=["GET"]),
            Route("/_control/fcm/removed", self._remove, methods=["POST"]),
        ]

    def pushes(self, address: str | None = None) -> list[dict[str, Any]]:
        """The messages taken, oldest first; all, or those to one address."""
        return [one for one in self._pushes if address in (None, one["to"])]

    async def _send(self, request: Request) -> Response:
        try:
            address, message = checked(await json_body(request))
            self._check_is_ours(address)
        except FcmRefusal as error:
            return error.response()
        self._count += 1
        name = f"projects/{request.path_params['project']}/messages/{self._count}"
        async with self._changed:
            self._pushes.append({"name": name, "to": address, "message": message})
            self._changed.notify_all()
        return JSONResponse({"name": name})

    def _check_is_ours(self, address: str) -> None:
        if address in self._removed:
            raise FcmRefusal("UNREGISTERED", "Requested entity was not found.")
        if address.startswith("other-project"):
            raise FcmRefusal("SENDER_ID_MISMATCH", "SenderId mismatch")

    async def _list(self, request: Request) -> Response:
        """The messages taken; with `at_least`, waits until there are so many or the time is over."""
        query = request.query_params
        address = query.get("to")
        try:
            count, seconds = int(query.get("at_least", "0")), wait_seconds(request)
        except ValueError:
            return refusal(400, "at_least and timeout_seconds must be numbers")
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: len(self.pushes(address)) >= count)
        except TimeoutError:
            pass
        return JSONResponse({"pushes": self.pushes(address)})

    async def _remove(self, request: Request) -> Response:
        """Somebody removes the app that is reached at `address`."""
        body = await json_body(request)
        if not isinstance(body, dict) or not isinstance(body.get("address"), str):
            return refusal(400, "address must be text")
        self._removed.add(body["address"])
        return Response(status_code=204)
