"""Answers moderation calls: thirteen categories, flagged by the trigger words of `core.safety`."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from starlette.responses import JSONResponse, Response

from local.doubles.core.safety import CATEGORY_WORDS, flagged_categories
from local.doubles.openai.errors import OpenAIRefusal

MODELS = ("omni-moderation-latest", "omni-moderation-2024-09-26")
IMAGE_CATEGORIES = (
    "self-harm",
    "self-harm/intent",
    "self-harm/instructions",
    "sexual",
    "violence",
    "violence/graphic",
)
"""The categories that the model also scores for pictures; the others are for text alone."""

_FLAGGED_SCORE = 0.94


def moderate(body: Any) -> Response:
    """POST /v1/moderations.

    Raises:
        OpenAIRefusal: the body, the model or the input is wrong.

    """
    if not isinstance(body, dict):
        raise OpenAIRefusal("We could not parse the JSON body of your request.", code=None)
    model = body.get("model") or MODELS[0]
    if model not in MODELS:
        message = f"The model '{model}' does not exist or you do not have access to it."
        raise OpenAIRefusal(message, code="model_not_found", status=404, param="model")
    results = [_result(text, kinds) for text, kinds in _inputs(body.get("input"))]
    return JSONResponse({"id": f"modr-{secrets.token_hex(12)}", "model": MODELS[1], "results": results})


def _inputs(given: Any) -> list[tuple[str, list[str]]]:
    """Each thing to judge: its text, and the kinds of input it consists of."""
    if isinstance(given, str) and given:
        return [(given, ["text"])]
    if isinstance(given, list) and given and all(isinstance(one, str) for one in given):
        return [(one, ["text"]) for one in given]
    if isinstance(given, list) and given and all(isinstance(one, dict) for one in given):
        parts = [_part(one) for one in given]
        kinds = [kind for kind in ("text", "image") if any(kind == found for found, _ in parts)]
        return [("\n".join(text for _, text in parts), kinds)]
    code = "missing_required_parameter" if given is None else "invalid_type"
    raise OpenAIRefusal("Invalid value for 'input': expected text or a list.", code=code, param="input")


def _part(part: dict[str, Any]) -> tuple[str, str]:
    kind = part.get("type")
    if kind == "text" and isinstance(part.get("text"), str):
        return "text", part["text"]
    address = (part.get("image_url") or {}).get("url") if kind == "image_url" else None
    if isinstance(address, str) and address.startswith(("https://", "http://", "data:image/")):
        return "image", ""  # a picture's content is not judged here: its scores are low
    raise OpenAIRefusal(
        "Invalid value for 'input': expected text or image_url parts.", code="invalid_value", param="input"
    )


def _result(text: str, kinds: list[str]) -> dict[str, Any]:
    flagged = flagged_categories(text)
    return {
        "flagged": bool(flagged),
        "categories": {name: name in flagged for name in CATEGORY_WORDS},
        "category_scores": {name: _score(name, text, name in flagged) for name in CATEGORY_WORDS},
        "category_applied_input_types": {
            name: [kind for kind in kinds if kind == "text" or name in IMAGE_CATEGORIES] for name in CATEGORY_WORDS
        },
    }


def _score(category: str, text: str, flagged: bool) -> float:
    """A score that stays the same for the same text; small differences keep a threshold from being an equality."""
    spread = int.from_bytes(hashlib.sha256(f"{category}\0{text}".encode()).digest()[:4]) / 2**32
    return _FLAGGED_SCORE + spread * 0.05 if flagged else 1e-6 + spread * 1e-3
