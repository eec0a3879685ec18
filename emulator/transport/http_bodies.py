"""Reads HTTP request bodies within a bound and writes JSON answers, the same for every HTTP endpoint."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from emulator.firestore.errors import StatusError, invalid_argument
from emulator.transport.calls import internal
from emulator.transport.rest_json import error_body, http_status

BODY_BYTES_MAX = 16 << 20
"""Above Firestore's 10 MiB request limit because JSON is longer than protobuf; the engine checks the real limit."""

Endpoint = Callable[[Request], Awaitable[Response]]


async def read_body(request: Request) -> bytes:
    """The whole body; raises StatusError INVALID_ARGUMENT as soon as it is too long."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > BODY_BYTES_MAX:
            raise invalid_argument(f"Request payload size exceeds the limit: {BODY_BYTES_MAX} bytes.")
        chunks.append(chunk)
    return b"".join(chunks)


def json_response(content: Any, status: int = 200) -> Response:
    """A JSON answer."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "surrogatepass"), status, media_type="application/json")


def answers(endpoint: Endpoint) -> Endpoint:
    """Turns a StatusError of `endpoint` into Google's JSON error, and anything unforeseen into INTERNAL."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except StatusError as error:
            return json_response(error_body(error), http_status(error))
        except ClientDisconnect:
            return Response(status_code=499)
        except Exception as error:
            refusal = internal(f"{request.method} request", error)
            return json_response(error_body(refusal), http_status(refusal))

    return answer
