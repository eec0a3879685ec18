"""The total order of Firestore values, as an order-preserving byte encoding.

Two values compare as their encodings compare, bytewise; equal values (1 and 1.0, -0.0 and 0) have equal
encodings. No encoding is a prefix of another, so encodings can be joined, and inverting every byte reverses
the order. Order of types: firebase.google.com/docs/firestore/manage-data/data-types#value_type_ordering.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.firestore import limits
from emulator.firestore.errors import invalid_argument
from emulator.firestore.paths import escape, segment_key

if TYPE_CHECKING:
    from emulator.firestore.messages import Value

NULL = b"\x10"
BOOLEAN = b"\x18"
NUMBER = b"\x20"
TIMESTAMP = b"\x28"
STRING = b"\x30"
BYTES = b"\x38"
REFERENCE = b"\x40"
GEO_POINT = b"\x48"
ARRAY = b"\x50"
VECTOR = b"\x58"
MAP = b"\x60"
NOT_A_NUMBER = NUMBER + bytes(10)

VECTOR_TYPE = "__vector__"
_END = b"\x00"
_MORE = b"\x01"
_INVERSE = bytes(255 - byte for byte in range(256))
_EXACT_INT = 1 << 53
_SIGN = 1 << 63
_EXACT_END = b"\x00\x00"
"""What is missing to a number that is a double: nothing."""
_DOUBLE = struct.Struct(">d")
_UINT64 = struct.Struct(">Q")


def encode(value: Value) -> bytes:
    """The order-preserving bytes of a value.

    Raises:
        StatusError: INVALID_ARGUMENT for a value without a type or of a type only pipelines have.

    """
    kind = value.WhichOneof("value_type")
    encoder = _ENCODERS.get(kind)
    if encoder is None:
        raise invalid_argument("A value has no type, or one that documents and queries cannot hold.")
    return encoder(value)


def indexed(value: Value, kind: str | None = None) -> bytes:
    """The encoding as an index keeps it: cut off after the documented number of bytes. Who knows the kind says it."""
    encoder = _ENCODERS.get(kind)
    return (encode(value) if encoder is None else encoder(value))[: limits.INDEXED_VALUE_BYTES_MAX]


def invert(encoding: bytes) -> bytes:
    """The encoding for descending order."""
    return encoding.translate(_INVERSE)


def encode_number(number: float) -> bytes:
    """Integers and doubles by mathematical value: the next lower double, then what is missing to it."""
    if isinstance(number, int):
        if -_EXACT_INT <= number <= _EXACT_INT:
            return NUMBER + _sortable(float(number)) + _EXACT_END
        floor = float(number)
        if floor > number:
            floor = math.nextafter(floor, -math.inf)
        return NUMBER + _sortable(floor) + (number - int(floor)).to_bytes(2, "big")
    if math.isnan(number):
        return NOT_A_NUMBER
    return NUMBER + _sortable(number or 0.0) + _EXACT_END


def is_vector(value: Value) -> bool:
    """Whether a map value is the stored form of a vector."""
    fields = value.map_value.fields
    return "__type__" in fields and fields["__type__"].string_value == VECTOR_TYPE


@dataclass(frozen=True, slots=True)
class Cut:
    """A place in the order of keys: just before, or just after, everything that begins with `prefix`."""

    prefix: bytes
    after: bool

    def position(self) -> bytes | None:
        """The least bytes behind the cut; None when there are none (the cut is the end of everything)."""
        return following(self.prefix) if self.after else self.prefix

    def inverted(self) -> Cut:
        """The same place seen in descending order."""
        return Cut(invert(self.prefix), not self.after)


def following(prefix: bytes) -> bytes | None:
    """The least bytes greater than everything that begins with `prefix`; None when there are none."""
    stripped = prefix.rstrip(b"\xff")
    return stripped[:-1] + bytes([stripped[-1] + 1]) if stripped else None


def reference_key(name: str) -> bytes:
    """The key of a reference: its segments, compared one by one."""
    return b"".join(map(segment_key, name.split("/"))) + _END


def _sortable(number: float) -> bytes:
    """The bits of a double in the order of numbers: sign turned, and below zero all others too. Not for -0.0."""
    return _DOUBLE.pack(-number) if number >= 0.0 else invert(_DOUBLE.pack(number))


def _null(_: Value) -> bytes:
    return NULL


def _boolean(value: Value) -> bytes:
    return b"\x18\x01" if value.boolean_value else b"\x18\x00"


def _integer(value: Value) -> bytes:
    return encode_number(value.integer_value)


def _double(value: Value) -> bytes:
    return encode_number(value.double_value)


def _timestamp(value: Value) -> bytes:
    moment = value.timestamp_value
    return TIMESTAMP + _UINT64.pack(moment.seconds + _SIGN) + moment.nanos.to_bytes(4, "big")  # type: ignore[no-any-return]


def _string(value: Value) -> bytes:
    return STRING + value.string_value.encode().replace(b"\x00", b"\x00\xff") + b"\x00\x01"  # type: ignore[no-any-return]


def _bytes(value: Value) -> bytes:
    return BYTES + escape(value.bytes_value)


def _reference(value: Value) -> bytes:
    return REFERENCE + reference_key(value.reference_value)


def _geo_point(value: Value) -> bytes:
    point = value.geo_point_value
    return GEO_POINT + _sortable(point.latitude or 0.0) + _sortable(point.longitude or 0.0)


def _array(value: Value) -> bytes:
    return ARRAY + b"".join(map(encode, value.array_value.values)) + _END


def _map(value: Value) -> bytes:
    fields = value.map_value.fields
    if is_vector(value):
        return _vector(value)
    parts = [MAP]
    for name in sorted(fields, key=str.encode):
        parts += (_MORE, escape(name.encode()), encode(fields[name]))
    return b"".join(parts) + _END


def _vector(value: Value) -> bytes:
    elements = value.map_value.fields["value"].array_value.values
    return VECTOR + len(elements).to_bytes(4, "big") + b"".join(map(encode, elements))


_ENCODERS: dict[str | None, Callable[[Value], bytes]] = {
    "null_value": _null,
    "boolean_value": _boolean,
    "integer_value": _integer,
    "double_value": _double,
    "timestamp_value": _timestamp,
    "string_value": _string,
    "bytes_value": _bytes,
    "reference_value": _reference,
    "geo_point_value": _geo_point,
    "array_value": _array,
    "map_value": _map,
}
