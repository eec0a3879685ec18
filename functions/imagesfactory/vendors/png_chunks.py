"""The outer form of a PNG file: its chunks, in order, each proved whole by its checksum.

Source: www.w3.org/TR/png-3, sections 5.2 to 5.4 and 11.3.3.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_FRAME_BYTES = 12  # length, kind and checksum around the data
TEXT_BYTES_MAX = 1024 * 1024
"""The most a compressed text is unpacked to."""


class PngBroken(ValueError):
    """The bytes are no PNG, or not a whole one."""


@dataclass(frozen=True)
class Chunk:
    """One chunk: four letters and data."""

    kind: bytes
    data: bytes

    def to_bytes(self) -> bytes:
        """The chunk as it stands in a file."""
        checksum = zlib.crc32(self.data, zlib.crc32(self.kind))
        return struct.pack(">I", len(self.data)) + self.kind + self.data + struct.pack(">I", checksum)


def split(png: bytes) -> tuple[Chunk, ...]:
    """The chunks of a whole PNG: IHDR first, IEND last, nothing behind it.

    Raises:
        PngBroken: anything else.

    """
    if not png.startswith(SIGNATURE):
        raise PngBroken("no PNG signature")
    chunks = tuple(_chunks(memoryview(png), len(SIGNATURE)))
    if not chunks or chunks[0].kind != b"IHDR" or len(chunks[0].data) != 13:
        raise PngBroken("no header")
    if chunks[-1].kind != b"IEND":
        raise PngBroken("no end")
    return chunks


def join(chunks: Sequence[Chunk]) -> bytes:
    """The file made of these chunks."""
    return SIGNATURE + b"".join(chunk.to_bytes() for chunk in chunks)


def size_of(header: Chunk) -> tuple[int, int]:
    """Width and height in pixels, from the IHDR chunk."""
    width, height = struct.unpack(">II", header.data[:8])
    return width, height


def latin_text(keyword: str, text: str) -> Chunk:
    """A tEXt chunk."""
    return Chunk(b"tEXt", keyword.encode("latin-1") + b"\0" + text.encode("latin-1"))


def international_text(keyword: str, text: str) -> Chunk:
    """An iTXt chunk, not compressed, without language or translated keyword."""
    return Chunk(b"iTXt", keyword.encode("latin-1") + b"\0\0\0\0\0" + text.encode())


def international_text_of(chunk: Chunk, keyword: str) -> str | None:
    """The text of an iTXt chunk with that keyword; None if it is another chunk.

    Raises:
        PngBroken: it has that keyword, but no readable text.

    """
    prefix = keyword.encode("latin-1") + b"\0"
    if chunk.kind != b"iTXt" or not chunk.data.startswith(prefix):
        return None
    flags, rest = chunk.data[len(prefix) :][:2], chunk.data[len(prefix) + 2 :]
    parts = rest.split(b"\0", 2)
    if len(flags) != 2 or len(parts) != 3:
        raise PngBroken("text chunk cut short")
    return _decoded(parts[2], compressed=flags[0] == 1)


def _chunks(png: memoryview, start: int) -> Iterator[Chunk]:
    while start < len(png):
        if len(png) - start < _FRAME_BYTES:
            raise PngBroken("cut short")
        (length,) = struct.unpack(">I", png[start : start + 4])
        end = start + _FRAME_BYTES + length
        if end > len(png):
            raise PngBroken("cut short")
        chunk = Chunk(bytes(png[start + 4 : start + 8]), bytes(png[start + 8 : end - 4]))
        if chunk.to_bytes()[-4:] != png[end - 4 : end]:
            raise PngBroken("checksum differs")
        yield chunk
        if chunk.kind == b"IEND" and end != len(png):
            raise PngBroken("bytes behind the end")
        start = end


def _decoded(text: bytes, *, compressed: bool) -> str:
    try:
        plain = zlib.decompressobj().decompress(text, TEXT_BYTES_MAX) if compressed else text
        return plain.decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise PngBroken("text not readable") from error
