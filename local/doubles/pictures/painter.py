"""Draws one test picture for a prompt: the same words give the same picture, and it says what it is."""

from __future__ import annotations

import hashlib
import io
import math
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Literal

from PIL import Image, ImageDraw, ImageFilter

from local.doubles.pictures.lettering import Font, font, wrap
from local.doubles.pictures.scenes import PALETTES, SCENES

Format = Literal["png", "jpeg", "webp"]
LABEL = "로컬 테스트 그림 · LOCAL TEST PICTURE"

_DRAWN_PIXELS_MAX = 1024 * 1024  # larger pictures are drawn at this size and enlarged, to bound the work
_KEPT_MAX = 16  # the same order gives the same picture: a test that tells one story a hundred times paints it once
_INK, _FAINT_INK, _PANEL = (255, 255, 255), (214, 218, 230), (16, 18, 30)


@dataclass(frozen=True, kw_only=True)
class PictureOrder:
    """What to draw. `index` tells the pictures of one call apart; `compression` is 0 to 100 (jpeg, webp).

    `variation` tells calls for the same prompt apart: the same one gives the same picture, as a provider's seed does.
    """

    prompt: str
    provider: str
    model: str
    width: int
    height: int
    index: int = 0
    variation: int = 0
    format: Format = "png"
    compression: int = 90
    transparent: bool = False
    blurred: bool = False


@lru_cache(maxsize=_KEPT_MAX)
def paint(order: PictureOrder) -> bytes:
    """The finished file. Takes 0.1 s of processor time or so the first time: call it outside an event loop."""
    picture = _composition(order).resize((order.width, order.height), Image.Resampling.BICUBIC)
    if order.blurred:
        picture = picture.filter(ImageFilter.BoxBlur(max(order.width, order.height) / 20))
    _letter(picture, order)
    if order.transparent:
        picture.putalpha(_rounded_mask(order.width, order.height))
    return _encode(picture, order)


def _composition(order: PictureOrder) -> Image.Image:
    """The scene without words, smoothed by drawing it at twice the size."""
    seed = hashlib.sha256(f"{order.prompt}\0{order.model}\0{order.index}\0{order.variation}".encode()).digest()
    random = Random(seed)
    scale = min(1.0, math.sqrt(_DRAWN_PIXELS_MAX / (order.width * order.height)))
    width, height = max(8, round(order.width * scale)), max(8, round(order.height * scale))
    scene, palette = random.choice(SCENES), random.choice(PALETTES)
    return scene(width * 2, height * 2, palette, random).reduce(2)


def _letter(picture: Image.Image, order: PictureOrder) -> None:
    """Lay the dark panel over the lower part and write on it."""
    unit = max(8, round(math.sqrt(order.width * order.height) / 40))
    margin, padding = unit, round(unit * 0.9)
    width = order.width - 2 * margin - 2 * padding
    rows: list[tuple[str, Font, tuple[int, int, int]]] = [(LABEL, font(unit), _INK)]
    about = f"{order.provider} · {order.model} · {order.width}×{order.height} · {order.index + 1}"
    rows += [(line, font(round(unit * 0.8)), _FAINT_INK) for line in wrap(about, font(round(unit * 0.8)), width, 2)]
    prompt_face = font(round(unit * 1.15))
    rows += [(line, prompt_face, _INK) for line in wrap(order.prompt, prompt_face, width, 4)]
    step = round(unit * 1.65)
    height = step * len(rows) + 2 * padding - round(unit * 0.4)
    box = (margin, max(0, order.height - margin - height), order.width - margin, order.height - margin)
    _panel(picture, box, unit)
    draw = ImageDraw.Draw(picture)
    for number, (text, face, ink) in enumerate(rows):
        draw.text((box[0] + padding, box[1] + padding + number * step), text, font=face, fill=ink, anchor="lt")


def _panel(picture: Image.Image, box: tuple[int, int, int, int], radius: int) -> None:
    width, height = box[2] - box[0], box[3] - box[1]
    if width <= 0 or height <= 0:
        return
    mask = Image.new("L", (width, height), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, width - 1, height - 1), radius=radius, fill=220)
    picture.paste(_PANEL, box, mask)


def _rounded_mask(width: int, height: int) -> Image.Image:
    mask = Image.new("L", (width, height), 0)
    radius = round(min(width, height) * 0.06)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, width - 1, height - 1), radius=radius, fill=255)
    return mask


def _encode(picture: Image.Image, order: PictureOrder) -> bytes:
    file = io.BytesIO()
    if order.format == "png":
        picture.save(file, "PNG", compress_level=1)
    elif order.format == "webp":
        picture.save(file, "WEBP", quality=order.compression, method=0)
    else:
        picture.convert("RGB").save(file, "JPEG", quality=min(order.compression, 95))
    return file.getvalue()
