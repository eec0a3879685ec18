"""Reads and writes files of records in LevelDB's log format.

Source: github.com/google/leveldb, doc/log_format.md: blocks of 32 KiB; a record is cut where a block ends; before each
piece stand a masked CRC-32C of its type and content, its length and its type.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

import google_crc32c

BLOCK_BYTES = 32 * 1024
_HEADER = struct.Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_MASK_DELTA = 0xA282EAD8
_UINT32 = 0xFFFF_FFFF


class LogDamaged(Exception):
    """The file is not a whole log of records."""


class RecordWriter:
    """Appends records to a file; `written` is the number of bytes so far."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.written = 0

    def write(self, record: bytes) -> None:
        """Append one record."""
        rest, is_first = memoryview(record), True
        while rest or is_first:
            room = BLOCK_BYTES - self.written % BLOCK_BYTES - _HEADER.size
            if room < 0:
                self._put(b"\x00" * (room + _HEADER.size))
                continue
            piece, rest = bytes(rest[:room]), rest[room:]
            kind = (_LAST if not rest else _MIDDLE) if not is_first else (_FULL if not rest else _FIRST)
            self._put(_HEADER.pack(_checksum(kind, piece), len(piece), kind) + piece)
            is_first = False

    def _put(self, content: bytes) -> None:
        self._file.write(content)
        self.written += len(content)


def read_records(file: BinaryIO) -> Iterator[bytes]:
    """The records of a file in order.

    Raises:
        LogDamaged: When a checksum is wrong or a piece is missing.

    """
    pieces: list[bytes] | None = None
    while block := file.read(BLOCK_BYTES):
        for kind, piece in _pieces(block):
            if (kind in {_FULL, _FIRST}) != (pieces is None):
                raise LogDamaged("a record ends too early")
            pieces = [*(pieces or ()), piece]
            if kind in {_FULL, _LAST}:
                yield b"".join(pieces)
                pieces = None
    if pieces is not None:
        raise LogDamaged("the last record is not whole")


def _pieces(block: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + _HEADER.size <= len(block):
        checksum, length, kind = _HEADER.unpack_from(block, position)
        if kind == 0 and length == 0:
            return
        position += _HEADER.size
        piece = block[position : position + length]
        if len(piece) != length or kind > _LAST or _checksum(kind, piece) != checksum:
            raise LogDamaged("a record is cut off or its checksum is wrong")
        yield kind, piece
        position += length


def _checksum(kind: int, piece: bytes) -> int:
    plain: int = google_crc32c.extend(google_crc32c.value(bytes([kind])), piece)
    return (((plain >> 15) | (plain << 17)) + _MASK_DELTA) & _UINT32
