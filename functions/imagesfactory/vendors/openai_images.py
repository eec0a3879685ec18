"""Pictures by OpenAI's image models."""

from __future__ import annotations

import base64
import binascii
from time import monotonic
from typing import TYPE_CHECKING, Literal, get_args

from imagesfactory.generation.ports import Generated, Picture, ProviderBusy, RequestFaulty
from imagesfactory.vendors.answers import AnswerTooLarge, AnswerTooLate, read_within
from imagesfactory.vendors.finished_picture import finished
from imagesfactory.vendors.once import Once
from imagesfactory.vendors.openai_connection import CONNECT_SECONDS, connect, raise_ours

if TYPE_CHECKING:
    from openai import OpenAI

Quality = Literal["low", "medium", "high", "xhigh", "max"]
_QUALITIES: dict[str, Quality] = {name: name for name in get_args(Quality)}


class OpenAIImages:
    """An ImageModel. Source: developers.openai.com/api/docs/api-reference/images/create."""

    def __init__(self, *, api_key: str, base_url: str) -> None:
        """``base_url`` includes the version, as in https://api.openai.com/v1."""
        self._client = Once(lambda: connect(api_key, base_url))

    def generate(self, picture: Picture, *, timeout_seconds: float) -> Generated:
        """One picture, asked for exactly once; see the port for errors."""
        import openai

        deadline_seconds = monotonic() + timeout_seconds
        try:
            request_id, body = _ask(self._client(), picture, timeout_seconds, deadline_seconds)
            png = _png_of(body)
        except openai.APIError as error:
            raise_ours(error)
        except (openai.OpenAIError, _Malformed, AnswerTooLate, AnswerTooLarge):
            raise ProviderBusy from None
        return finished(png, request_id=request_id, ai_system=f"OpenAI {picture.provider_model}")


class _Malformed(Exception):
    """The answer is not what the API promises."""


def _ask(client: OpenAI, picture: Picture, timeout_seconds: float, deadline_seconds: float) -> tuple[str, bytes]:
    """The provider's id of the request and the body of its answer."""
    import httpx2

    quality = _QUALITIES.get(picture.quality)
    if quality is None:
        raise RequestFaulty("quality_unknown")
    asking = client.images.with_streaming_response.generate(
        model=picture.provider_model,
        prompt=picture.prompt,
        n=1,
        size=f"{picture.width}x{picture.height}",
        quality=quality,
        output_format="png",
        moderation="auto",
        safety_identifier=picture.end_user,
        timeout=httpx2.Timeout(timeout_seconds, connect=min(CONNECT_SECONDS, timeout_seconds)),
    )
    try:
        with asking as response:
            body = read_within(response.iter_bytes(), deadline_seconds=deadline_seconds)
            return response.request_id or "", body
    except httpx2.HTTPError:  # the SDK translates what happens before the body, not while it is read
        raise _Malformed from None


def _png_of(body: bytes) -> bytes:
    from openai.types import ImagesResponse
    from pydantic import ValidationError

    try:
        pictures = ImagesResponse.model_validate_json(body).data or []
        return base64.b64decode(pictures[0].b64_json or "", validate=True)
    except (ValidationError, IndexError, binascii.Error):
        raise _Malformed from None
