"""What every SendGrid endpoint does first: check the key, read the JSON, turn refusals into answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from local.doubles.sendgrid.errors import SendGridRefusal, refusal

Endpoint = Callable[[Request], Awaitable[Response]]


def answered(handler: Endpoint) -> Endpoint:
    """The handler behind the key check. Any bearer key counts, except an empty one and one with `invalid` in it."""

    async def answer(request: Request) -> Response:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        try:
            if scheme.lower() != "bearer" or not key.strip() or "invalid" in key:
                raise refusal(401)
            return await handler(request)
        except SendGridRefusal as refused:
            return refused.response()

    return answer


async def json_object(request: Request) -> dict[str, Any]:
    """The request's JSON object.

    Raises:
        SendGridRefusal: 415 for another content type, 400 for anything but an object.

    """
    if "application/json" not in request.headers.get("content-type", ""):
        raise refusal(415)
    try:
        body = await request.json()
    except ValueError:
        raise refusal(400, "Bad Request: the JSON could not be read") from None
    if not isinstance(body, dict):
        raise refusal(400, "Bad Request: the body must be a JSON object")
    return body
