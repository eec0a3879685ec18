"""Turns Firestore's protobuf values and documents into values of the rules language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.rules.values import NANOSECONDS_PER_SECOND, LatLng, Path, Timestamp, Value

NAME_PREFIX_SEGMENTS = 2  # `projects/{project}` in front of what rules call a path


def document_path(name: str) -> Path:
    """The path that rules know a document by: its full name without the project."""
    return Path(tuple(name.split("/")[NAME_PREFIX_SEGMENTS:]))


def resource_of(document: Any) -> dict[str, Value]:
    """A `google.firestore.v1.Document` as the `resource` of rules: `data`, `id` and `__name__`."""
    path = document_path(document.name)
    return {"data": map_of(document.fields), "__name__": path, "id": path.segments[-1]}


def map_of(fields: Mapping[str, Any]) -> dict[str, Value]:
    """The fields of a document or map value."""
    return {name: value_of(fields[name]) for name in fields}


def value_of(message: Any) -> Value:
    """A `google.firestore.v1.Value` as a value of the language; references become paths."""
    kind = message.WhichOneof("value_type")
    convert = _CONVERTERS.get(kind)
    return convert(message) if convert is not None else None


def _timestamp(message: Any) -> Timestamp:
    moment = message.timestamp_value
    return Timestamp(moment.seconds * NANOSECONDS_PER_SECOND + moment.nanos)


def _place(message: Any) -> LatLng:
    return LatLng(message.geo_point_value.latitude, message.geo_point_value.longitude)


_CONVERTERS: dict[str, Any] = {
    "boolean_value": lambda message: message.boolean_value,
    "integer_value": lambda message: message.integer_value,
    "double_value": lambda message: message.double_value,
    "string_value": lambda message: message.string_value,
    "bytes_value": lambda message: message.bytes_value,
    "timestamp_value": _timestamp,
    "reference_value": lambda message: document_path(message.reference_value),
    "geo_point_value": _place,
    "array_value": lambda message: [value_of(item) for item in message.array_value.values],
    "map_value": lambda message: map_of(message.map_value.fields),
}
