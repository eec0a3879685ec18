"""Checks the body of an image generation call as OpenAI does, before anything is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from local.doubles.openai.catalogue import IMAGE_MODELS, RETIRED_MODELS, ImageModel, dimensions, size_problem
from local.doubles.openai.errors import OpenAIRefusal
from local.doubles.pictures.painter import Format

PROMPT_CHARACTERS_MAX = 32_000
IMAGES_MAX = 10
PARTIAL_IMAGES_MAX = 3

_KINDS: dict[str, tuple[type, str]] = {
    "prompt": (str, "a string"),
    "model": (str, "a string"),
    "background": (str, "a string"),
    "complexity": (str, "a string"),
    "moderation": (str, "a string"),
    "n": (int, "an integer"),
    "output_compression": (int, "an integer"),
    "output_format": (str, "a string"),
    "partial_images": (int, "an integer"),
    "quality": (str, "a string"),
    "safety_identifier": (str, "a string"),
    "size": (str, "a string"),
    "stream": (bool, "a boolean"),
    "user": (str, "a string"),
    "frame_count": (int, "an integer"),
    "frame_duration_ms": (int, "an integer"),
    "svg": (dict, "an object"),
}
_CHOICES: dict[str, tuple[str, ...]] = {
    "background": ("transparent", "opaque", "auto"),
    "complexity": ("low", "medium", "high"),
    "moderation": ("low", "auto"),
    "output_format": ("png", "webp", "jpeg", "gif", "svg"),
}
_BOUNDS = {"n": (1, IMAGES_MAX), "output_compression": (0, 100), "partial_images": (0, PARTIAL_IMAGES_MAX)}
_PREVIEW_PARAMETERS = ("frame_count", "frame_duration_ms", "svg")


@dataclass(frozen=True, kw_only=True)
class ImageCall:
    """A generation call that passed every check, with the values really used."""

    model: str
    prompt: str
    n: int
    width: int
    height: int
    quality: str
    output_format: Format
    output_compression: int
    background: str
    moderation: str
    safety_identifier: str | None
    stream: bool
    partial_images: int

    @property
    def size(self) -> str:
        """The size as the API writes it."""
        return f"{self.width}x{self.height}"


def read_image_call(body: Any) -> ImageCall:
    """Check the body.

    Raises:
        OpenAIRefusal: with the first thing that is wrong with it.

    """
    if not isinstance(body, dict):
        raise OpenAIRefusal("We could not parse the JSON body of your request.", code=None)
    given = {name: value for name, value in body.items() if value is not None}
    _check_known(given)
    _check_kinds(given)
    _check_prompt(given)
    model = _model(given)
    _check_values(given, model)
    _check_combinations(given, model)
    return _call(given, model)


def _check_known(given: dict[str, Any]) -> None:
    for name in given:
        if name not in _KINDS:
            raise OpenAIRefusal(f"Unknown parameter: '{name}'.", code="unknown_parameter", param=name)


def _check_kinds(given: dict[str, Any]) -> None:
    for name, value in given.items():
        kind, words = _KINDS[name]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            message = f"Invalid type for '{name}': expected {words}, but got {type(value).__name__} instead."
            raise OpenAIRefusal(message, code="invalid_type", param=name)


def _check_prompt(given: dict[str, Any]) -> None:
    if not given.get("prompt"):
        raise OpenAIRefusal("Missing required parameter: 'prompt'.", code="missing_required_parameter", param="prompt")
    length = len(given["prompt"])
    if length > PROMPT_CHARACTERS_MAX:
        message = (
            f"Invalid 'prompt': string too long. Expected a string with maximum length {PROMPT_CHARACTERS_MAX}, "
            f"but got a string with length {length} instead."
        )
        raise OpenAIRefusal(message, code="string_above_max_length", param="prompt")


def _model(given: dict[str, Any]) -> ImageModel:
    name = given.get("model")
    if name is None:
        raise OpenAIRefusal("Missing required parameter: 'model'.", code="missing_required_parameter", param="model")
    if name in RETIRED_MODELS:
        message = f"The model `{name}` has been deprecated and is no longer available."
        raise OpenAIRefusal(message, code="model_not_found", status=404, param="model")
    if name not in IMAGE_MODELS:
        message = f"The model '{name}' does not exist or you do not have access to it."
        raise OpenAIRefusal(message, code="model_not_found", status=404, param="model")
    return IMAGE_MODELS[name]


def _check_values(given: dict[str, Any], model: ImageModel) -> None:
    for name, allowed in {**_CHOICES, "quality": model.qualities}.items():
        if name in given and given[name] not in allowed:
            words = ", ".join(f"'{one}'" for one in allowed)
            message = f"Invalid value: '{given[name]}'. Supported values are: {words}."
            raise OpenAIRefusal(message, code="invalid_value", param=name)
    for name, (low, high) in _BOUNDS.items():
        _check_bounds(name, given.get(name), low, high)
    problem = size_problem(model, given.get("size", "auto"))
    if problem:
        raise OpenAIRefusal(problem, code="invalid_value", param="size")


def _check_bounds(name: str, value: int | None, low: int, high: int) -> None:
    if value is None or low <= value <= high:
        return
    side, sign, bound = ("below_min", ">=", low) if value < low else ("above_max", "<=", high)
    words = side.replace("_min", " minimum").replace("_max", " maximum")
    message = f"Invalid '{name}': integer {words} value. Expected a value {sign} {bound}, but got {value} instead."
    raise OpenAIRefusal(message, code=f"integer_{side}_value", param=name)


def _check_combinations(given: dict[str, Any], model: ImageModel) -> None:
    form = given.get("output_format", "png")
    if form in ("gif", "svg"):
        message = f"Output format '{form}' is in preview and not enabled for this organization."
        raise OpenAIRefusal(message, code="invalid_value", param="output_format")
    for name in _PREVIEW_PARAMETERS:
        if name in given:
            message = f"'{name}' is not supported with output format '{form}'."
            raise OpenAIRefusal(message, code="invalid_value", param=name)
    if given.get("background") == "transparent" and (form == "jpeg" or not model.transparency):
        message = f"Transparent background is not supported for '{form}' with model '{model.name}'."
        raise OpenAIRefusal(message, code="invalid_value", param="background")
    if form == "png" and given.get("output_compression", 100) != 100:
        message = "Compression less than 100 is not supported for PNG output format."
        raise OpenAIRefusal(message, code="invalid_value", param="output_compression")
    if given.get("partial_images") and not given.get("stream"):
        message = "'partial_images' is only supported when 'stream' is true."
        raise OpenAIRefusal(message, code="invalid_value", param="partial_images")


def _call(given: dict[str, Any], model: ImageModel) -> ImageCall:
    width, height = dimensions(given.get("size", "auto"))
    quality = given.get("quality", "auto")
    background = given.get("background", "auto")
    return ImageCall(
        model=model.name,
        prompt=given["prompt"],
        n=given.get("n", 1),
        width=width,
        height=height,
        quality="medium" if quality == "auto" else quality,
        output_format=cast("Format", given.get("output_format", "png")),
        output_compression=given.get("output_compression", 100),
        background="opaque" if background == "auto" else background,
        moderation=given.get("moderation", "auto"),
        safety_identifier=given.get("safety_identifier") or given.get("user") or None,
        stream=given.get("stream", False),
        partial_images=given.get("partial_images", 0),
    )
