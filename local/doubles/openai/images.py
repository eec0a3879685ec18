"""Answers image generation calls: draws, counts tokens, and streams when asked to."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import JSONResponse, Response, StreamingResponse

from local.doubles.core.backstage import Backstage
from local.doubles.core.safety import flagged_categories, output_refused
from local.doubles.openai.errors import moderation_blocked
from local.doubles.openai.parameters import ImageCall, read_image_call
from local.doubles.pictures.painter import PictureOrder, paint

_TOKENS_PER_SQUARE = {"low": 272, "medium": 1056, "high": 4160, "xhigh": 6240, "max": 8320}
_SQUARE_PIXELS = 1024 * 1024
_CHARACTERS_PER_TOKEN = 4


async def generate(body: Any, backstage: Backstage) -> Response:
    """POST /v1/images/generations.

    Raises:
        OpenAIRefusal: the body is wrong, or the prompt or the picture is refused as unsafe.

    """
    call = read_image_call(body)
    _refuse_unsafe(call)
    if call.stream:
        return StreamingResponse(_events(call, backstage), media_type="text/event-stream")
    pictures = [await _draw(call, index, backstage) for index in range(call.n)]
    return JSONResponse(
        {
            "created": int(time.time()),
            **_values_used(call),
            "data": [{"b64_json": base64.b64encode(one).decode()} for one in pictures],
            "usage": usage(call, call.n),
        }
    )


def usage(call: ImageCall, images: int) -> dict[str, Any]:
    """Token counts in the API's shape. The numbers are this double's estimate, proportional to size and quality."""
    text = max(1, len(call.prompt) // _CHARACTERS_PER_TOKEN)
    output = images * round(_TOKENS_PER_SQUARE[call.quality] * call.width * call.height / _SQUARE_PIXELS)
    return {
        "input_tokens": text,
        "output_tokens": output,
        "total_tokens": text + output,
        "input_tokens_details": {"image_tokens": 0, "text_tokens": text},
        "output_tokens_details": {"image_tokens": output, "text_tokens": 0},
    }


def _refuse_unsafe(call: ImageCall) -> None:
    categories = flagged_categories(call.prompt)
    if categories:
        raise moderation_blocked("input", categories)
    if output_refused(call.prompt):
        raise moderation_blocked("output", ["sexual"])


async def _draw(call: ImageCall, index: int, backstage: Backstage) -> bytes:
    order = PictureOrder(
        prompt=call.prompt,
        provider="OpenAI",
        model=call.model,
        width=call.width,
        height=call.height,
        index=index,
        variation=backstage.album.next_take(call.prompt, call.model),
        format=call.output_format,
        compression=call.output_compression,
        transparent=call.background == "transparent",
    )
    content = await asyncio.to_thread(paint, order)
    backstage.album.keep(order, content)
    return content


async def _events(call: ImageCall, backstage: Backstage) -> AsyncIterator[str]:
    for index in range(call.n):
        content = base64.b64encode(await _draw(call, index, backstage)).decode()
        for number in range(call.partial_images):
            # The partial pictures are the finished one: the double has no half-drawn state worth showing.
            yield _event("image_generation.partial_image", call, content, {"partial_image_index": number})
        yield _event("image_generation.completed", call, content, {"usage": usage(call, 1)})


def _event(kind: str, call: ImageCall, content: str, extra: dict[str, Any]) -> str:
    values = {"type": kind, "b64_json": content, "created_at": int(time.time()), **_values_used(call), **extra}
    return f"event: {kind}\ndata: {json.dumps(values)}\n\n"


def _values_used(call: ImageCall) -> dict[str, Any]:
    return {
        "background": call.background,
        "output_format": call.output_format,
        "quality": call.quality,
        "size": call.size,
        "safety_identifier": call.safety_identifier,
    }
