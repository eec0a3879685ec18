"""OpenAI's image models as of November 2026: what each accepts, and which are gone.

Source: the parameter documentation in openai 3.54.0 (types/image_generate_params.py, types/image_model.py). Pixel
bounds of the free sizes are measured values from a reseller's documentation: OpenAI publishes no numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

STANDARD_SIZES = ("1024x1024", "1024x1536", "1536x1024")
RETIRED_MODELS = ("gpt-image-1", "dall-e-2", "dall-e-3")
EDGE_PIXELS_MAX = 3840
AREA_PIXELS_MIN, AREA_PIXELS_MAX = 655_360, 8_294_400
RATIO_MAX = 3
SIZE_STEP_PIXELS = 16

_BASIC_QUALITIES = ("low", "medium", "high", "auto")
_FINE_QUALITIES = ("low", "medium", "high", "xhigh", "max", "auto")


@dataclass(frozen=True)
class ImageModel:
    """What one model accepts. `transparency` is False where it is a preview this account does not have."""

    name: str
    free_sizes: bool
    qualities: tuple[str, ...]
    transparency: bool


_2_5 = ("gpt-image-2.5-sunburst", "gpt-image-2.5-flare")
_MODELS = [
    *(ImageModel(name, False, _BASIC_QUALITIES, True) for name in ("gpt-image-1-mini", "gpt-image-1.5")),
    ImageModel("chatgpt-image-latest", False, _BASIC_QUALITIES, True),
    *(ImageModel(name, True, _BASIC_QUALITIES, False) for name in ("gpt-image-2", "gpt-image-2-2026-04-21")),
    *(ImageModel(name, True, _FINE_QUALITIES, True) for base in _2_5 for name in (base, f"{base}-2026-09-08")),
    *(ImageModel(f"gpt-image-2.6-{kind}", False, _BASIC_QUALITIES, True) for kind in ("sunburst", "flare")),
]
IMAGE_MODELS: dict[str, ImageModel] = {model.name: model for model in _MODELS}


def size_problem(model: ImageModel, size: str) -> str | None:
    """Why the model does not draw that size, or None. `auto` and the three standard sizes always pass."""
    if size in ("auto", *STANDARD_SIZES):
        return None
    if not model.free_sizes:
        allowed = ", ".join(f"'{one}'" for one in STANDARD_SIZES)
        return f"Invalid value: '{size}'. Supported values are: {allowed}, and 'auto'."
    if not re.fullmatch(r"[1-9][0-9]{1,4}x[1-9][0-9]{1,4}", size):
        return f"Invalid size '{size}'. Expected 'auto' or WIDTHxHEIGHT."
    width, height = dimensions(size)
    if width % SIZE_STEP_PIXELS or height % SIZE_STEP_PIXELS:
        return f"Invalid size '{size}'. Width and height must both be divisible by {SIZE_STEP_PIXELS}."
    if max(width, height) > RATIO_MAX * min(width, height):
        return f"Invalid size '{size}'. The aspect ratio must be between 1:3 and 3:1."
    if max(width, height) > EDGE_PIXELS_MAX or not AREA_PIXELS_MIN <= width * height <= AREA_PIXELS_MAX:
        return f"Invalid size '{size}'. The requested resolution is outside of the supported range."
    return None


def dimensions(size: str) -> tuple[int, int]:
    """Width and height in pixels of a size that passed; `auto` is the square."""
    if size == "auto":
        return (1024, 1024)
    width, _, height = size.partition("x")
    return int(width), int(height)
