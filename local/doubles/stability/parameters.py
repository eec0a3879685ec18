"""Checks the form of a Stable Image call as Stability's v2beta API does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from local.doubles.pictures.painter import Format
from local.doubles.stability.errors import StabilityRefusal

Service = Literal["core", "ultra", "sd3"]
SERVICES: tuple[Service, ...] = ("core", "ultra", "sd3")

TEXT_CHARACTERS_MAX = 10_000
SEED_MAX = 4_294_967_294
SIZES: dict[str, tuple[int, int]] = {
    "16:9": (1344, 768),
    "1:1": (1024, 1024),
    "21:9": (1536, 640),
    "2:3": (832, 1216),
    "3:2": (1216, 832),
    "4:5": (896, 1088),
    "5:4": (1088, 896),
    "9:16": (768, 1344),
    "9:21": (640, 1536),
}
"""Aspect ratio -> pixels, about one megapixel each; `core` draws half as much again along each side."""

STYLE_PRESETS = (
    *("enhance", "anime", "photographic", "digital-art", "comic-book", "fantasy-art", "line-art", "analog-film"),
    *("neon-punk", "isometric", "low-poly", "origami", "modeling-compound", "cinematic", "3d-model", "pixel-art"),
    "tile-texture",
)
SD3_MODELS = ("sd3.5-large", "sd3.5-large-turbo", "sd3.5-medium")

_COMMON = {"prompt", "negative_prompt", "aspect_ratio", "seed", "output_format", "style_preset"}
_FIELDS: dict[Service, set[str]] = {
    "core": _COMMON,
    "ultra": _COMMON | {"image", "strength"},
    "sd3": _COMMON | {"model", "mode", "image", "strength", "cfg_scale"},
}


@dataclass(frozen=True, kw_only=True)
class StableImageCall:
    """A call that passed every check. `seed` 0 asks for a random one."""

    service: Service
    model: str
    prompt: str
    width: int
    height: int
    seed: int
    output_format: Format


def read_stable_image_call(service: Service, fields: Mapping[str, str], files: frozenset[str]) -> StableImageCall:
    """Check the form; `files` names the parts that carry a file.

    Raises:
        StabilityRefusal: 400 with every problem found.

    """
    problems = [f"{name}: is not a valid field" for name in fields if name and name not in _FIELDS[service] | {"none"}]
    problems += _text_problems(fields) + _number_problems(fields) + _choice_problems(service, fields)
    if service == "sd3":
        problems += _sd3_problems(fields, files)
    if problems:
        raise StabilityRefusal(400, "bad_request", *problems)
    width, height = SIZES[fields.get("aspect_ratio", "1:1")]
    share = 1.5 if service == "core" else 1
    return StableImageCall(
        service=service,
        model=fields.get("model", SD3_MODELS[0]) if service == "sd3" else f"stable-image-{service}",
        prompt=fields["prompt"],
        width=round(width * share),
        height=round(height * share),
        seed=int(fields.get("seed", "0")),
        output_format=cast("Format", fields.get("output_format", "png")),
    )


def _text_problems(fields: Mapping[str, str]) -> list[str]:
    too_long = [
        f"{name}: must be at most {TEXT_CHARACTERS_MAX} characters"
        for name in ("prompt", "negative_prompt")
        if len(fields.get(name, "")) > TEXT_CHARACTERS_MAX
    ]
    return too_long if fields.get("prompt", "").strip() else ["prompt: cannot be blank", *too_long]


def _number_problems(fields: Mapping[str, str]) -> list[str]:
    bounds = {"seed": (0, SEED_MAX), "strength": (0, 1), "cfg_scale": (1, 10)}
    problems = []
    for name, (low, high) in bounds.items():
        if name not in fields:
            continue
        try:
            value = int(fields[name]) if name == "seed" else float(fields[name])
            if not low <= value <= high:
                problems.append(f"{name}: must be between {low} and {high}")
        except ValueError:
            problems.append(f"{name}: must be a number")
    return problems


def _choice_problems(service: Service, fields: Mapping[str, str]) -> list[str]:
    choices: dict[str, list[str] | tuple[str, ...]] = {
        "aspect_ratio": list(SIZES),
        "output_format": ("png", "jpeg") if service == "sd3" else ("png", "jpeg", "webp"),
        "style_preset": STYLE_PRESETS,
        "model": SD3_MODELS,
        "mode": ("text-to-image", "image-to-image"),
    }
    return [
        f"{name}: must be one of {', '.join(allowed)}"
        for name, allowed in choices.items()
        if name in fields and fields[name] not in allowed
    ]


def _sd3_problems(fields: Mapping[str, str], files: frozenset[str]) -> list[str]:
    if fields.get("mode") == "image-to-image":
        missing = [f"{name}: is required for image-to-image" for name in ("image", "strength") if name not in fields]
        return missing + (["aspect_ratio: is not used with an image"] if "aspect_ratio" in fields else [])
    return ["image: needs mode image-to-image"] if "image" in files else []
