"""What a stored value may look like: one walk that validates a document's fields and brings them in form.

Rules: firebase.google.com/docs/firestore/manage-data/data-types and cloud.google.com/firestore/quotas.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from emulator.firestore import fieldpaths, keys, limits
from emulator.firestore.errors import invalid_argument

if TYPE_CHECKING:
    from emulator.firestore.messages import Value

_SECONDS_MIN = -62_135_596_800  # 0001-01-01
_SECONDS_MAX = 253_402_300_799  # 9999-12-31
_PLAIN = {"null_value", "boolean_value", "integer_value", "double_value"}


def normalise_fields(fields: Any) -> None:
    """Validate a map of fields in place and cut timestamps to whole microseconds.

    Args:
        fields: The ``fields`` of a Document or MapValue.

    Raises:
        StatusError: INVALID_ARGUMENT naming what cannot be stored.

    """
    _walk_fields(fields, 0)


def normalise(value: Value) -> None:
    """The same for one value, such as the operand of a transform."""
    _walk(value, 0, in_array=False)


def is_number(value: Value) -> bool:
    """Whether a value is an integer or a double."""
    return value.WhichOneof("value_type") in {"integer_value", "double_value"}


def number_of(value: Value) -> float:
    """The Python number of an integer or double value."""
    if value.WhichOneof("value_type") == "integer_value":
        return int(value.integer_value)
    return float(value.double_value)


def _walk_fields(fields: Any, depth: int) -> None:
    for name, value in fields.items():
        fieldpaths.check_field_name(name)
        if value.WhichOneof("value_type") not in _PLAIN:
            _walk(value, depth, in_array=False)


def _walk(value: Value, depth: int, *, in_array: bool) -> None:
    kind = value.WhichOneof("value_type")
    if kind in _PLAIN:
        return
    check = _CHECKS.get(kind)
    if check is not None:
        check(value)
    elif kind == "array_value":
        if in_array:
            raise invalid_argument("Cannot store an array value inside an array value.")
        _check_depth(depth)
        for element in value.array_value.values:
            _walk(element, depth + 1, in_array=True)
    elif kind == "map_value":
        _check_depth(depth)
        _walk_map(value, depth)
    else:
        raise invalid_argument("A value has no type, or one that documents cannot hold.")


def _walk_map(value: Value, depth: int) -> None:
    if keys.is_vector(value):
        _check_vector(value)
    else:
        _walk_fields(value.map_value.fields, depth + 1)


def _check_depth(depth: int) -> None:
    if depth >= limits.NESTING_MAX:
        raise invalid_argument(f"Maps and arrays nest more than {limits.NESTING_MAX} levels deep.")


def _check_vector(value: Value) -> None:
    fields = value.map_value.fields
    if len(fields) != 2 or "value" not in fields:
        raise invalid_argument('A vector must have the fields "__type__" and "value" only.')
    elements = fields["value"].array_value.values
    if not 0 < len(elements) <= 2048:
        raise invalid_argument("A vector must have between 1 and 2048 dimensions.")
    if not all(map(is_number, elements)):
        raise invalid_argument("A vector may hold numbers only.")


def _check_timestamp(value: Value) -> None:
    moment = value.timestamp_value
    if not (_SECONDS_MIN <= moment.seconds <= _SECONDS_MAX and 0 <= moment.nanos < 1_000_000_000):
        raise invalid_argument("A timestamp lies outside the years 1 to 9999.")
    if moment.nanos % 1000:
        moment.nanos -= moment.nanos % 1000


def _check_string(value: Value) -> None:
    if len(value.string_value) * 4 > limits.FIELD_VALUE_BYTES_MAX:
        _check_bytes_length(len(value.string_value.encode()))


def _check_bytes(value: Value) -> None:
    _check_bytes_length(len(value.bytes_value))


def _check_bytes_length(length: int) -> None:
    if length > limits.FIELD_VALUE_BYTES_MAX:
        raise invalid_argument(f"The value of a property is longer than {limits.FIELD_VALUE_BYTES_MAX} bytes.")


def _check_reference(value: Value) -> None:
    parts = value.reference_value.split("/")
    if len(parts) < 7 or len(parts) % 2 == 0 or parts[0] != "projects" or parts[4] != "documents":
        raise invalid_argument(f'Reference value "{value.reference_value}" is not a document name.')


def _check_geo_point(value: Value) -> None:
    point = value.geo_point_value
    if not (-90.0 <= point.latitude <= 90.0 and -180.0 <= point.longitude <= 180.0):
        raise invalid_argument("A geo point must have a latitude in [-90, 90] and a longitude in [-180, 180].")


_CHECKS: dict[str | None, Callable[[Value], None]] = {
    "timestamp_value": _check_timestamp,
    "string_value": _check_string,
    "bytes_value": _check_bytes,
    "reference_value": _check_reference,
    "geo_point_value": _check_geo_point,
}
