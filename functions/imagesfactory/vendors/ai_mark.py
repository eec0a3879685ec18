"""Checks that bytes are a whole picture and marks it as AI-generated, leaving its pixels untouched.

The Framework Act on AI, article 31 (in force 2026-01-22), asks that generated pictures can be told by machine or by
eye. The mark is IPTC's digital source type in an XMP packet, which picture services and newsrooms read.

Providers that sign their pictures (C2PA, chunk ``caBX``) bind the signature to every other byte of the file, so any
mark of ours would turn a valid proof of AI origin into a broken one. Where such a proof names the same digital
source type the file is machine-readably marked already, and stays as it is byte for byte. Source:
spec.c2pa.org/specifications/specifications/2.2/specs/C2PA_Specification.html, "Embedding manifests into PNG" and
"Data hash".
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from imagesfactory.vendors.png_chunks import (
    Chunk,
    PngBroken,
    international_text,
    international_text_of,
    join,
    latin_text,
    size_of,
    split,
)
from imagesfactory.vendors.xmp import TRAINED_ALGORITHMIC_MEDIA, ai_packet

SERVICE = "imagesfactory"
SIDE_PIXELS_MIN = 64
SIDE_PIXELS_MAX = 4096
"""The largest side that any offered model makes is 3840 (policy/catalog.yaml)."""
_XMP_KEYWORD = "XML:com.adobe.xmp"
_C2PA_KIND = b"caBX"


class PictureDamaged(ValueError):
    """The bytes are not a whole, decodable PNG picture of a plausible size."""


def marked(png: bytes, *, ai_system: str) -> bytes:
    """The same picture, saying by machine-readable metadata that ``ai_system`` made it; marking twice changes nothing.

    Args:
        png: a PNG file as a provider made it.
        ai_system: provider and model, for instance ``OpenAI gpt-image-2``; nothing about the member.

    Raises:
        PictureDamaged: see there.

    """
    try:
        chunks = split(png)
    except PngBroken as error:
        raise PictureDamaged(str(error)) from error
    _check_pixels(png, chunks[0])
    if _is_signed_as_generated(chunks):
        return png
    return join(_with_mark(chunks, ai_system))


def _check_pixels(png: bytes, header: Chunk) -> None:
    """Decodes every pixel, after making sure that there are not too many to decode."""
    if not all(SIDE_PIXELS_MIN <= side <= SIDE_PIXELS_MAX for side in size_of(header)):
        raise PictureDamaged("implausible size")
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(BytesIO(png), formats=("PNG",)) as image:
            image.load()
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError) as error:
        raise PictureDamaged("not decodable") from error


def _is_signed_as_generated(chunks: Sequence[Chunk]) -> bool:
    """Whether a C2PA manifest names the source type; its text stands uncompressed in the manifest's CBOR."""
    source_type = TRAINED_ALGORITHMIC_MEDIA.encode()
    return any(chunk.kind == _C2PA_KIND and source_type in chunk.data for chunk in chunks)


def _with_mark(chunks: Sequence[Chunk], ai_system: str) -> list[Chunk]:
    """Every chunk as it was, except the XMP packet, which is written anew right behind the header."""
    packets = [chunk for chunk in chunks if _packet_of(chunk) is not None]
    existing = _packet_of(packets[0]) if packets else None
    packet = international_text(_XMP_KEYWORD, ai_packet(ai_system, existing))
    software = latin_text("Software", SERVICE)
    others = [chunk for chunk in chunks if chunk not in packets and chunk != software]
    return [others[0], software, packet, *others[1:]]


def _packet_of(chunk: Chunk) -> str | None:
    """The XMP packet in this chunk; an unreadable one counts as empty, so that it is replaced."""
    try:
        return international_text_of(chunk, _XMP_KEYWORD)
    except PngBroken:
        return ""
