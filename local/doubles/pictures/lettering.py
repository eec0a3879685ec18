"""Sets text on a picture: the Korean-capable font, and wrapping to a width in pixels."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@lru_cache(maxsize=64)
def font(size_pixels: int) -> Font:
    """Noto Sans KR in that size; Pillow's own font (no Hangul) where the font package is missing."""
    path = korean_font_path()
    return ImageFont.truetype(str(path), size_pixels) if path else ImageFont.load_default(size_pixels)


def korean_font_path() -> Path | None:
    """The file of Noto Sans KR, or None where its package (pylopdf-fonts-ko) is not installed."""
    try:
        from pylopdf_fonts_ko import sans_path  # noqa: PLC0415 (its absence must not stop the doubles)
    except ImportError:
        return None
    return sans_path()


def wrap(text: str, face: Font, width_pixels: int, lines_max: int) -> list[str]:
    """The text in lines no wider than asked, cut with an ellipsis after `lines_max` lines.

    Breaks between words, and inside a word (or a Korean text without spaces) that is wider than a line.
    """
    lines: list[str] = []
    rest = " ".join(_printable(text).split())
    while rest and len(lines) < lines_max:
        cut = _fitting(rest, face, width_pixels)
        lines.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    if rest:
        lines[-1] = _with_ellipsis(lines[-1], face, width_pixels)
    return lines


def _fitting(text: str, face: Font, width_pixels: int) -> int:
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if face.getlength(text[:middle]) <= width_pixels:
            low = middle
        else:
            high = middle - 1
    if low == len(text):
        return low
    space = text.rfind(" ", 0, low + 1)
    return space if space > low // 2 else low


def _with_ellipsis(line: str, face: Font, width_pixels: int) -> str:
    while line and face.getlength(line + "…") > width_pixels:
        line = line[:-1]
    return line.rstrip() + "…"


def _printable(text: str) -> str:
    # A prompt may be 32,000 characters; a few hundred are all that can ever be seen.
    return "".join(one if one.isprintable() else " " for one in text[:600])
