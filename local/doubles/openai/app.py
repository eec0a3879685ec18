"""The HTTP side of the OpenAI double: routes, keys, request ids and the usual headers."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.doubles.core.backstage import Backstage
from local.doubles.openai.catalogue import IMAGE_MODELS
from local.doubles.openai.errors import OpenAIRefusal
from local.doubles.openai.images import generate
from local.doubles.openai.moderation import MODELS, moderate

PROVIDER = "openai"
PREFIXES = ("/v1/",)


def openai_routes(backstage: Backstage) -> list[Route]:
    """The routes of the double."""

    async def images(request: Request) -> Response:
        return await generate(await _json(request), backstage)

    async def moderations(request: Request) -> Response:
        return moderate(await _json(request))

    async def models(_: Request) -> Response:
        names = [*IMAGE_MODELS, *MODELS]
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "system"} for name in names]
        return JSONResponse({"object": "list", "data": data})

    return [
        Route("/v1/images/generations", _answered(images), methods=["POST"]),
        Route("/v1/moderations", _answered(moderations), methods=["POST"]),
        Route("/v1/models", _answered(models), methods=["GET"]),
        Route("/v1/{rest:path}", _answered(_unknown), methods=["GET", "POST", "DELETE"]),
    ]


def _answered(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        begun = time.monotonic()
        try:
            _check_key(request)
            response = await handler(request)
        except OpenAIRefusal as refusal:
            response = refusal.response()
        response.headers.setdefault("x-request-id", f"req_{secrets.token_hex(16)}")
        response.headers["openai-version"] = "2020-10-01"
        response.headers["openai-processing-ms"] = str(round((time.monotonic() - begun) * 1000))
        return response

    return answer


def _check_key(request: Request) -> None:
    """Any bearer key counts, except an empty one and one with `invalid` in it."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise OpenAIRefusal("You didn't provide an API key.", code=None, status=401)
    if "invalid" in key:
        raise OpenAIRefusal("Incorrect API key provided.", code="invalid_api_key", status=401)


async def _json(request: Request) -> object:
    try:
        body: object = await request.json()
    except ValueError:
        return None
    return body


async def _unknown(request: Request) -> Response:
    raise OpenAIRefusal(f"Invalid URL ({request.method} {request.url.path})", code=None, status=404)
