"""The namespaces `math`, `hashing` and `latlng`, and the methods of places.

Sources: firebase.google.com/docs/reference/rules/rules.math, rules.hashing, rules.latlng_, rules.LatLng.
"""

from __future__ import annotations

import functools
import hashlib
import math
import zlib
from collections.abc import Callable
from typing import Any

from emulator.rules import limits
from emulator.rules.errors import EvaluationError
from emulator.rules.method import Builtin, require, takes
from emulator.rules.values import LatLng

EARTH_RADIUS_METRES = 6_371_008.8  # mean radius, IUGG
_CRC32C_POLYNOMIAL = 0x82F63B78  # Castagnoli, reversed (RFC 3720 appendix B.4)


def _number(value: Any) -> float:
    number: float = require(value, int, float)
    return number


def _whole(rounding: Callable[[float], int]) -> Builtin:
    return takes(1, lambda value: _rounded(rounding, _number(value)))


def _rounded(rounding: Callable[[float], int], number: float) -> int:
    if not math.isfinite(number):
        raise EvaluationError("Number is not finite.")
    result = rounding(number)
    if not limits.INTEGER_MINIMUM <= result <= limits.INTEGER_MAXIMUM:
        raise EvaluationError("Integer overflow.")
    return result


def _absolute(value: Any) -> float:
    number = _number(value)
    if number == limits.INTEGER_MINIMUM and type(number) is int:
        raise EvaluationError("Integer overflow.")
    return abs(number)


def _square_root(value: Any) -> float:
    number = _number(value)
    return math.sqrt(number) if number >= 0 else math.nan


def _power(base: Any, exponent: Any) -> float:
    left, right = float(_number(base)), float(_number(exponent))
    try:
        return math.pow(left, right)
    except OverflowError:
        return -math.inf if left < 0 and right % 2 == 1 else math.inf
    except ValueError:
        return math.nan if left else math.inf


def _data(value: Any) -> bytes:
    content: bytes | str = require(value, bytes, str)
    return content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content


def _crc32(value: Any) -> bytes:
    return zlib.crc32(_data(value)).to_bytes(4, "big")


@functools.cache
def _crc32c_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        remainder = byte
        for _ in range(8):
            remainder = (remainder >> 1) ^ (_CRC32C_POLYNOMIAL if remainder & 1 else 0)
        table.append(remainder)
    return tuple(table)


def _crc32c(value: Any) -> bytes:
    table, checksum = _crc32c_table(), 0xFFFFFFFF
    for byte in _data(value):
        checksum = table[(checksum ^ byte) & 0xFF] ^ (checksum >> 8)
    return (checksum ^ 0xFFFFFFFF).to_bytes(4, "big")


def _place(latitude: Any, longitude: Any) -> LatLng:
    degrees = float(_number(latitude)), float(_number(longitude))
    if not (-90 <= degrees[0] <= 90 and -180 <= degrees[1] <= 180):
        raise EvaluationError("Latitude or longitude is out of range.")
    return LatLng(*degrees)


def _distance(start: LatLng, end: Any) -> float:
    """Great-circle distance in metres (haversine)."""
    other: LatLng = require(end, LatLng)
    first, second = math.radians(start.latitude), math.radians(other.latitude)
    across = math.radians(other.longitude - start.longitude)
    half_chord = math.sin((second - first) / 2) ** 2
    half_chord += math.cos(first) * math.cos(second) * math.sin(across / 2) ** 2
    return 2 * EARTH_RADIUS_METRES * math.asin(math.sqrt(min(1.0, half_chord)))


MATH_FUNCTIONS: dict[str, Builtin] = {
    "abs": takes(1, _absolute),
    "ceil": _whole(math.ceil),
    "floor": _whole(math.floor),
    "round": _whole(lambda number: math.floor(number + 0.5) if type(number) is float else math.floor(number)),
    "sqrt": takes(1, _square_root),
    "pow": takes(2, _power),
    "isInfinite": takes(1, lambda value: math.isinf(_number(value))),
    "isNaN": takes(1, lambda value: math.isnan(_number(value))),
}

HASHING_FUNCTIONS: dict[str, Builtin] = {
    "md5": takes(1, lambda value: hashlib.md5(_data(value), usedforsecurity=False).digest()),
    "sha256": takes(1, lambda value: hashlib.sha256(_data(value)).digest()),
    "crc32": takes(1, _crc32),
    "crc32c": takes(1, _crc32c),
}

LATLNG_FUNCTIONS: dict[str, Builtin] = {"value": takes(2, _place)}

LATLNG_METHODS: dict[str, Builtin] = {
    "latitude": takes(0, lambda place: place.latitude),
    "longitude": takes(0, lambda place: place.longitude),
    "distance": takes(1, _distance),
}
