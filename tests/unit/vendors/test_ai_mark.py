"""The AI mark: readable by others, lossless, idempotent; damaged pictures are told apart."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imagesfactory.generation.ports import ProviderBusy
from imagesfactory.vendors.ai_mark import SIDE_PIXELS_MAX, SIDE_PIXELS_MIN, PictureDamaged, marked
from imagesfactory.vendors.finished_picture import finished
from imagesfactory.vendors.png_chunks import Chunk, international_text, international_text_of, join, split
from imagesfactory.vendors.xmp import TRAINED_ALGORITHMIC_MEDIA, ai_packet
from PIL import Image
from PIL.PngImagePlugin import PngImageFile, PngInfo

SYSTEM = "OpenAI gpt-image-2"
XMP = "XML:com.adobe.xmp"
IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"


def picture(side: int = 64, mode: str = "RGB", info: PngInfo | None = None) -> bytes:
    image = Image.linear_gradient("L").resize((side, side)).convert(mode)
    out = BytesIO()
    image.save(out, "PNG", pnginfo=info)
    return out.getvalue()


def with_chunk(png: bytes, chunk: Chunk) -> bytes:
    chunks = split(png)
    return join([*chunks[:-1], chunk, chunks[-1]])


def opened(png: bytes) -> PngImageFile:
    image = Image.open(BytesIO(png))
    assert isinstance(image, PngImageFile)
    image.load()
    return image


def source_types(png: bytes) -> list[str]:
    """Read by Pillow, not by our code: every DigitalSourceType in the file's XMP."""
    described = opened(png).getxmp()["xmpmeta"]["RDF"]["Description"]
    listed = described if isinstance(described, list) else [described]
    return [one["DigitalSourceType"] for one in listed if "DigitalSourceType" in one]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
def test_other_programs_read_the_mark_and_see_the_same_pixels(mode: str) -> None:
    before = picture(mode=mode)
    after = marked(before, ai_system=SYSTEM)
    assert source_types(after) == [TRAINED_ALGORITHMIC_MEDIA]
    image = opened(after)
    assert image.text["Software"] == "imagesfactory"
    assert image.getxmp()["xmpmeta"]["RDF"]["Description"]["AISystemUsed"] == SYSTEM
    assert image.tobytes() == opened(before).tobytes()
    assert [c for c in split(after) if c.kind == b"IDAT"] == [c for c in split(before) if c.kind == b"IDAT"]


def test_marking_twice_changes_nothing() -> None:
    once = marked(picture(), ai_system=SYSTEM)
    assert marked(once, ai_system=SYSTEM) == once


def test_unknown_chunks_and_texts_survive() -> None:
    info = PngInfo()
    info.add_text("Comment", "kept")
    signed = with_chunk(picture(info=info), Chunk(b"caBX", b"a manifest that does not say how it was made"))
    after = marked(signed, ai_system=SYSTEM)
    assert set(split(signed)) <= set(split(after))
    assert opened(after).text["Comment"] == "kept"


def test_a_signed_proof_of_ai_origin_is_left_intact() -> None:
    manifest = Chunk(b"caBX", b"jumb\0digitalSourceType\x78\x45" + TRAINED_ALGORITHMIC_MEDIA.encode())
    signed = with_chunk(picture(), manifest)
    assert marked(signed, ai_system=SYSTEM) == signed


EXISTING = {
    "another statement, as an attribute": 'Iptc4xmpExt:DigitalSourceType="http://x.example/digitalCapture"/>',
    "another statement, as an element": "><Iptc4xmpExt:DigitalSourceType>x</Iptc4xmpExt:DigitalSourceType>"
    "</rdf:Description>",
    "no statement": "/>",
}


@pytest.mark.parametrize("rest", EXISTING.values(), ids=EXISTING)
def test_an_existing_packet_keeps_what_else_it_says(rest: str) -> None:
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="image/png" '
        f'xmlns:Iptc4xmpExt="{IPTC[1:-1]}" {rest}</rdf:RDF></x:xmpmeta>'
    )
    after = marked(with_chunk(picture(), international_text(XMP, packet)), ai_system=SYSTEM)
    assert source_types(after) == [TRAINED_ALGORITHMIC_MEDIA]
    assert "image/png" in str(opened(after).getxmp())
    assert sum(international_text_of(chunk, XMP) is not None for chunk in split(after)) == 1


COMPRESSED_BOMB = XMP.encode() + b"\0\1\0\0\0" + zlib.compress(b"<" * 8_000_000)


@pytest.mark.parametrize(
    "chunk",
    [
        international_text(XMP, "no xml at all"),
        international_text(XMP, '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
        Chunk(b"iTXt", XMP.encode() + b"\0\0"),
        Chunk(b"iTXt", XMP.encode() + b"\0\0\0\0\0\xff\xfe"),
        Chunk(b"iTXt", COMPRESSED_BOMB),
    ],
    ids=["no xml", "document type", "cut short", "no text", "bomb"],
)
def test_a_packet_nobody_can_read_is_replaced(chunk: Chunk) -> None:
    chunks = split(picture())
    damaged = join([chunks[0], chunk, *chunks[1:]])
    try:
        after = marked(damaged, ai_system=SYSTEM)
    except PictureDamaged:  # Pillow refuses some of them before we come to it
        with pytest.raises((ValueError, SyntaxError, OSError)):
            opened(damaged)
        return
    assert source_types(after) == [TRAINED_ALGORITHMIC_MEDIA]


def test_a_packet_that_says_so_already_is_given_back() -> None:
    packet = ai_packet(SYSTEM)
    assert ai_packet(SYSTEM, packet) == packet
    assert ai_packet("Stability AI core", packet) != packet


def _resized(png: bytes, width: int, height: int) -> bytes:
    chunks = split(png)
    return join([Chunk(b"IHDR", struct.pack(">II", width, height) + chunks[0].data[8:]), *chunks[1:]])


def _without_pixels(png: bytes) -> bytes:
    return join([chunk for chunk in split(png) if chunk.kind != b"IDAT"])


def _half_the_pixels(png: bytes) -> bytes:
    return join([Chunk(c.kind, c.data[: len(c.data) // 2]) if c.kind == b"IDAT" else c for c in split(png)])


DAMAGES = {
    "nothing": b"",
    "a web page": b"<html>upstream said something else",
    "a jpeg": b"\xff\xd8\xff\xe0" + bytes(100),
    "signature alone": picture()[:8],
    "half": picture()[: len(picture()) // 2],
    "no end": picture()[:-12],
    "something behind the end": picture() + b"x",
    "a flipped bit": picture()[:60] + bytes([picture()[60] ^ 1]) + picture()[61:],
    "too small": picture(SIDE_PIXELS_MIN - 1),
    "too large": _resized(picture(), SIDE_PIXELS_MAX + 1, 64),
    "no pixels": _without_pixels(picture()),
    "half the pixels, checksums right": _half_the_pixels(picture()),
}


@pytest.mark.parametrize("png", DAMAGES.values(), ids=DAMAGES)
def test_damaged_pictures_are_told_apart(png: bytes) -> None:
    with pytest.raises(PictureDamaged):
        marked(png, ai_system=SYSTEM)
    with pytest.raises(ProviderBusy):
        finished(png, request_id="r", ai_system=SYSTEM)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_changed_byte_gets_through_unnoticed_or_crashes(data: st.DataObject) -> None:
    png = bytearray(picture())
    position = data.draw(st.integers(0, len(png) - 1))
    png[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(PictureDamaged):
        marked(bytes(png), ai_system=SYSTEM)
