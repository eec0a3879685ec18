"""Tells a resuming client how many documents it should hold and, in a Bloom filter, which of its own are still right.

Source: google.firestore.v1 ExistenceFilter and BloomFilter. Hashing as in bloom_filter.ts of firebase-js-sdk: the MD5
of a full document name, read as two little-endian numbers h1 and h2 of 64 bits, gives bits (h1 + i * h2) mod size.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Collection

from emulator.firestore import messages

FALSE_POSITIVE_RATE = 0.01
"""A document wrongly taken for unchanged makes the client ask again without its token: right, only slower."""
_HALVES = struct.Struct("<QQ")


def existence_filter(target_id: int, count: int, unchanged: Collection[str]) -> messages.ExistenceFilter:
    """The filter for a target of `count` documents, of which those named in `unchanged` are as the token left them."""
    result = messages.ExistenceFilter(target_id=target_id, count=count)
    bitmap, padding, hash_count = bloom_filter(unchanged)
    bloom = result.unchanged_names
    bloom.bits.bitmap, bloom.bits.padding, bloom.hash_count = bitmap, padding, hash_count
    return result


def bloom_filter(names: Collection[str]) -> tuple[bytes, int, int]:
    """The bitmap (least bit first), the unused bits of its last byte, and the number of hashes."""
    if not names:
        return b"", 0, 0
    size = math.ceil(-len(names) * math.log(FALSE_POSITIVE_RATE) / math.log(2) ** 2)
    hash_count = max(1, round(size / len(names) * math.log(2)))
    bitmap = bytearray((size + 7) // 8)
    for name in names:
        for bit in bits_of(name, size, hash_count):
            bitmap[bit // 8] |= 1 << bit % 8
    return bytes(bitmap), -size % 8, hash_count


def bits_of(name: str, size: int, hash_count: int) -> list[int]:
    """The bits that stand for a name in a filter of `size` bits."""
    digest = hashlib.md5(name.encode(), usedforsecurity=False).digest()
    first, second = _HALVES.unpack(digest)
    # Clients add in 64 bits, where the sum may overflow.
    return [((first + index * second) & 0xFFFF_FFFF_FFFF_FFFF) % size for index in range(hash_count)]
