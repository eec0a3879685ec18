"""Pictures by Stability AI's REST API, v2beta.

Source: platform.stability.ai/docs/api-reference, "Generate". It has no SDK.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

from imagesfactory.generation.ports import (
    ContentRejected,
    Generated,
    Picture,
    ProviderBusy,
    ProviderUnusable,
    RequestFaulty,
)
from imagesfactory.vendors.answers import AnswerTooLarge, AnswerTooLate, delay_asked, read_within, safe_code
from imagesfactory.vendors.finished_picture import finished

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

CONNECT_SECONDS = 5.0
ERROR_BYTES_MAX = 64 * 1024
PAUSE_AFTER_RATE_LIMIT = timedelta(seconds=60)
"""How long Stability keeps refusing after its limit of 150 requests in 10 seconds was passed."""

REJECTION_NAMES = frozenset({"content_moderation", "content_filtered", "invalid_prompts"})
"""Refused by the safety system: v2beta's name (403), its finish reason, and v1's name (400)."""
UNUSABLE_NAMES = frozenset({"invalid_language"})
"""Only English is understood: asking again does not help, but another provider may understand the prompt."""
_UNUSABLE_STATUSES = frozenset({401, 402, 403, 404, 410})
_BUSY_STATUSES = frozenset({408, 409, 425, 429})
_CHUNK_BYTES = 64 * 1024


class StabilityRest:
    """An ImageModel. ``Picture.provider_model`` is core, ultra, or a model of the sd3 family (sd3.5-large, ...).

    Stability is told nothing about the member, not even a pseudonym.
    """

    def __init__(self, *, api_key: str, base_url: str) -> None:
        """``base_url`` is without a version, as in https://api.stability.ai."""
        self._api_key = api_key
        self._base_url = base_url.rstrip("/")

    def generate(self, picture: Picture, *, timeout_seconds: float) -> Generated:
        """One picture, asked for exactly once; see the port for errors."""
        import requests

        if not self._api_key:
            raise ProviderUnusable("api_key_missing")
        deadline_seconds = monotonic() + timeout_seconds
        try:
            with self._post(picture, timeout_seconds) as response:
                png = _png_of(response, deadline_seconds)
                request_id = response.headers.get("x-request-id", "")
        except (requests.RequestException, AnswerTooLate, AnswerTooLarge):
            raise ProviderBusy from None
        return finished(png, request_id=request_id, ai_system=f"Stability AI {picture.provider_model}")

    def _post(self, picture: Picture, timeout_seconds: float) -> Response:
        """A connection of its own for each picture: a picture takes seconds, and idle connections break."""
        import requests

        endpoint, fields = _request(picture)
        return requests.post(
            f"{self._base_url}/v2beta/stable-image/generate/{endpoint}",
            headers={"accept": "image/*", "stability-client-id": "imagesfactory"},
            files={name: (None, value) for name, value in fields.items()},  # multipart, though nothing is a file
            auth=_bearer(self._api_key),
            timeout=(min(CONNECT_SECONDS, timeout_seconds), timeout_seconds),
            allow_redirects=False,
            stream=True,
        )


def _bearer(api_key: str) -> Callable[[PreparedRequest], PreparedRequest]:
    """As an auth object, so that a .netrc on the machine cannot put another authorization in its place."""

    def authorize(request: PreparedRequest) -> PreparedRequest:
        request.headers["authorization"] = f"Bearer {api_key}"
        return request

    return authorize


def _request(picture: Picture) -> tuple[str, dict[str, str]]:
    """The endpoint and the form fields."""
    if picture.aspect_ratio is None:
        raise RequestFaulty("aspect_ratio_missing")
    fields = {"prompt": picture.prompt, "aspect_ratio": picture.aspect_ratio, "output_format": "png"}
    if picture.provider_model in ("core", "ultra"):
        return picture.provider_model, fields
    if picture.provider_model.startswith("sd3"):
        return "sd3", {**fields, "model": picture.provider_model}
    raise RequestFaulty("model_unknown")


def _png_of(response: Response, deadline_seconds: float) -> bytes:
    if response.status_code != 200:
        raise _refused(response, deadline_seconds)
    finish_reason = response.headers.get("finish-reason", "").upper()
    if finish_reason == "CONTENT_FILTERED":  # a success to HTTP, with a blurred picture
        raise ContentRejected
    if finish_reason != "SUCCESS":
        raise ProviderBusy
    return read_within(response.iter_content(_CHUNK_BYTES), deadline_seconds=deadline_seconds)


def _refused(response: Response, deadline_seconds: float) -> Exception:
    """What an answer other than 200 means to us."""
    status = response.status_code
    body = read_within(
        response.iter_content(_CHUNK_BYTES), deadline_seconds=deadline_seconds, bytes_max=ERROR_BYTES_MAX
    )
    name = safe_code(_fields(body).get("name"), f"status-{status}")
    if name in REJECTION_NAMES:
        return ContentRejected()
    if name in UNUSABLE_NAMES or status in _UNUSABLE_STATUSES:
        return ProviderUnusable(name)
    if status in _BUSY_STATUSES or not 400 <= status < 500:
        return ProviderBusy(_pause(status, response.headers))
    return RequestFaulty(name)


def _pause(status: int, headers: Mapping[str, str]) -> timedelta:
    asked = delay_asked(headers)
    return PAUSE_AFTER_RATE_LIMIT if status == 429 and not asked else asked


def _fields(body: bytes) -> dict[str, Any]:
    """v2beta says {id, name, errors}, v1 said {id, name, message}: the name is what both have."""
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
