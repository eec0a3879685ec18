"""The documented size of documents and values, in bytes.

Source: cloud.google.com/firestore/docs/storage-size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.firestore import limits
from emulator.firestore.errors import invalid_argument

if TYPE_CHECKING:
    from emulator.firestore.messages import Document, Value

_FIXED = {
    "null_value": 1,
    "boolean_value": 1,
    "integer_value": 8,
    "double_value": 8,
    "timestamp_value": 8,
    "geo_point_value": 16,
}
_MESSAGE_OVERHEAD_FACTOR = 4


def check_document(document: Document) -> None:
    """Refuse a document that is larger than allowed.

    Raises:
        StatusError: INVALID_ARGUMENT with the size found and the bound.

    """
    # The exact walk is slow; no value takes more than four times its wire size by the formula.
    if document.ByteSize() * _MESSAGE_OVERHEAD_FACTOR < limits.DOCUMENT_BYTES_MAX:
        return
    size = document_size(document)
    if size > limits.DOCUMENT_BYTES_MAX:
        raise invalid_argument(
            f"Document '{document.name}' cannot be written because its size ({size:,} bytes) exceeds the "
            f"maximum allowed size of {limits.DOCUMENT_BYTES_MAX + 4:,} bytes."
        )


def document_size(document: Document) -> int:
    """The size of a document: its name, its fields and 32 bytes."""
    return name_size(document.name) + _fields_size(document.fields) + 32


def name_size(name: str) -> int:
    """The size of a document name: each id and one byte, and 16 bytes."""
    return sum(len(segment.encode()) + 1 for segment in name.split("/")[5:]) + 16


def value_size(value: Value) -> int:
    """The size of one value."""
    kind = value.WhichOneof("value_type")
    if kind == "string_value":
        return len(value.string_value.encode()) + 1
    if kind == "map_value":
        return _fields_size(value.map_value.fields)
    if kind == "array_value":
        return sum(map(value_size, value.array_value.values))
    if kind == "bytes_value":
        return len(value.bytes_value)
    if kind == "reference_value":
        return name_size(value.reference_value)
    return _FIXED.get(kind, 0)


def _fields_size(fields: Any) -> int:
    return sum(len(name.encode()) + 1 + value_size(value) for name, value in fields.items())
