"""The HTTP side of the Stability double: Stable Image core, ultra and sd3, and the credit balance."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Awaitable, Callable
from random import Random

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.doubles.core.backstage import Backstage
from local.doubles.core.safety import flagged_categories, output_refused
from local.doubles.pictures.painter import PictureOrder, paint
from local.doubles.stability.errors import StabilityRefusal
from local.doubles.stability.parameters import (
    SEED_MAX,
    SERVICES,
    Service,
    StableImageCall,
    read_stable_image_call,
)

PROVIDER = "stability"
PREFIXES = ("/v1/", "/v2beta/")
REQUEST_BYTES_MAX = 10 * 1024 * 1024
CLIENT_HEADER_CHARACTERS_MAX = 256
STARTING_CREDITS = 1000.0
PRICES_CREDITS = {
    "stable-image-ultra": 8.0,
    "sd3.5-large": 6.5,
    "sd3.5-large-turbo": 4.0,
    "sd3.5-medium": 3.5,
    "stable-image-core": 3.0,
}
"""Price of one picture, in credits of 0.01 USD, as published in 2026. Failed generations cost nothing."""

_CLIENT_HEADERS = ("stability-client-id", "stability-client-user-id", "stability-client-version")


class StabilityRest:
    """The double; it remembers only the credits used."""

    def __init__(self, backstage: Backstage) -> None:
        self._album = backstage.album
        self._credits = STARTING_CREDITS

    def routes(self) -> list[Route]:
        """The routes of the double."""
        return [
            Route("/v2beta/stable-image/generate/{service}", _answered(self._generate), methods=["POST"]),
            Route("/v1/user/balance", _answered(self._balance), methods=["GET"]),
            Route("/v2beta/{rest:path}", _answered(_unknown), methods=["GET", "POST"]),
            Route("/v1/{rest:path}", _answered(_unknown), methods=["GET", "POST"]),
        ]

    def reset(self) -> None:
        """Start with full credits again."""
        self._credits = STARTING_CREDITS

    async def _balance(self, _: Request) -> Response:
        return JSONResponse({"credits": round(self._credits, 4)})

    async def _generate(self, request: Request) -> Response:
        service = _service(request)
        as_json = _wants_json(request)
        call = await _read_form(service, request)
        if flagged_categories(call.prompt):
            message = "your request was flagged by our content moderation system, as a result your request was denied"
            raise StabilityRefusal(403, "content_moderation", message)
        if self._credits < PRICES_CREDITS[call.model]:
            raise StabilityRefusal(402, "payment_required", "your organization does not have enough credits")
        filtered = output_refused(call.prompt)
        seed = call.seed or Random(secrets.token_bytes(8)).randint(1, SEED_MAX)
        content = await self._draw(call, seed, filtered)
        if not filtered:
            self._credits -= PRICES_CREDITS[call.model]
        return _answer(content, call, seed, "CONTENT_FILTERED" if filtered else "SUCCESS", as_json)

    async def _draw(self, call: StableImageCall, seed: int, blurred: bool) -> bytes:
        order = PictureOrder(
            prompt=call.prompt,
            provider="Stability AI",
            model=call.model,
            width=call.width,
            height=call.height,
            variation=seed,
            format=call.output_format,
            blurred=blurred,
        )
        content = await asyncio.to_thread(paint, order)
        self._album.keep(order, content)
        return content


def _answer(content: bytes, call: StableImageCall, seed: int, reason: str, as_json: bool) -> Response:
    if as_json:
        image = base64.b64encode(content).decode()
        return JSONResponse({"image": image, "finish_reason": reason, "seed": seed})
    headers = {"finish-reason": reason, "seed": str(seed)}
    return Response(content, media_type=f"image/{call.output_format}", headers=headers)


def _answered(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            _check_headers(request)
            response = await handler(request)
        except StabilityRefusal as refusal:
            response = refusal.response()
        response.headers["x-request-id"] = secrets.token_hex(16)
        return response

    return answer


def _check_headers(request: Request) -> None:
    """Any bearer key counts, except an empty one and one with `invalid` in it."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise StabilityRefusal(401, "unauthorized", "authorization: is required")
    if "invalid" in key:
        raise StabilityRefusal(401, "unauthorized", "authorization: invalid or missing header value")
    for name in _CLIENT_HEADERS:
        if len(request.headers.get(name, "")) > CLIENT_HEADER_CHARACTERS_MAX:
            raise StabilityRefusal(400, "bad_request", f"{name}: must be at most {CLIENT_HEADER_CHARACTERS_MAX}")


def _service(request: Request) -> Service:
    for service in SERVICES:
        if service == request.path_params["service"]:
            return service
    raise StabilityRefusal(404, "not_found", "the requested resource does not exist")


def _wants_json(request: Request) -> bool:
    accepted = request.headers.get("accept", "*/*")
    if accepted.startswith("application/json"):
        return True
    if accepted.startswith(("image/*", "*/*")):
        return False
    raise StabilityRefusal(400, "bad_request", "accept: must be image/* or application/json")


async def _read_form(service: Service, request: Request) -> StableImageCall:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise StabilityRefusal(400, "bad_request", "content-type: must be multipart/form-data")
    if len(await request.body()) > REQUEST_BYTES_MAX:
        raise StabilityRefusal(413, "payload_too_large", "the request body must not exceed 10 MiB")
    fields: dict[str, str] = {}
    files: set[str] = set()
    try:
        async with request.form(max_part_size=REQUEST_BYTES_MAX) as form:
            for name, value in form.multi_items():
                fields[name] = "" if isinstance(value, UploadFile) else value
                if isinstance(value, UploadFile):
                    files.add(name)
    except MultiPartException as error:
        raise StabilityRefusal(400, "bad_request", "the form could not be read") from error
    return read_stable_image_call(service, fields, frozenset(files))


async def _unknown(_: Request) -> Response:
    raise StabilityRefusal(404, "not_found", "the requested resource does not exist")
