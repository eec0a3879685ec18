"""The values of the Storage emulator's protocol, and Firestore documents in their REST form, as rules values.

Protocol: `ExpressionValue` of google.firebase.rules.v1 with snake_case names, as firebase-tools writes it
(lib/emulator/storage/rules/runtime.js); documents: firebase.google.com/docs/firestore/reference/rest/v1/Value.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from emulator.rules.firestore_values import document_path
from emulator.rules.values import NANOSECONDS_PER_SECOND, Duration, LatLng, Path, RulesSet, Timestamp, Value

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)")
_LENGTH = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,9}))?s")


class MalformedValue(Exception):
    """A value that is not in the form of the protocol."""


def value_from_wire(message: Any) -> Value:
    """A value of the protocol, such as `{"string_value": "a"}`.

    Raises:
        MalformedValue: it has no known kind, or its content does not fit.

    """
    return _convert(message, _WIRE_KINDS)


def document_from_rest(name: str, fields: Any) -> dict[str, Value]:
    """A Firestore document in REST form as rules see it: `data`, `id`, `__name__`.

    Raises:
        MalformedValue: a field is not in REST form.

    """
    path = document_path(name)
    data = {key: _convert(value, _REST_KINDS) for key, value in _mapping(fields or {}).items()}
    return {"data": data, "__name__": path, "id": path.segments[-1] if path.segments else ""}


def _convert(message: Any, kinds: Mapping[str, Any]) -> Value:
    content = _mapping(message)
    kind = next((name for name in content if name in kinds), None)
    if kind is None:
        raise MalformedValue("A value has no known kind.")
    try:
        return kinds[kind](content[kind])
    except (TypeError, ValueError, KeyError, AttributeError, binascii.Error, OverflowError):
        raise MalformedValue(f"A {kind} has the wrong content.") from None


def _mapping(message: Any) -> dict[str, Any]:
    if not isinstance(message, dict):
        raise MalformedValue("A value is not an object.")
    return message


def _plain(kind: type) -> Any:
    def convert(content: Any) -> Value:
        if type(content) is not kind:
            raise TypeError
        return content

    return convert


def _integer(content: Any) -> int:
    if isinstance(content, bool):
        raise TypeError
    return int(content)


def _moment(text: str) -> Timestamp:
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise ValueError(text)
    moment = dt.datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00"))
    seconds = int((moment - _EPOCH).total_seconds())
    return Timestamp(seconds * NANOSECONDS_PER_SECOND + int((match[2] or "").ljust(9, "0")))


def _length(text: str) -> Duration:
    match = _LENGTH.fullmatch(text)
    if match is None:
        raise ValueError(text)
    nanoseconds = int(match[2]) * NANOSECONDS_PER_SECOND + int((match[3] or "").ljust(9, "0"))
    return Duration(-nanoseconds if match[1] else nanoseconds)


def _items(content: Any, kinds: Mapping[str, Any]) -> list[Value]:
    return [_convert(item, kinds) for item in content.get("values", [])]


def _fields(content: Any, kinds: Mapping[str, Any]) -> dict[str, Value]:
    return {name: _convert(value, kinds) for name, value in content.get("fields", {}).items()}


def _place(content: Any) -> LatLng:
    return LatLng(float(content.get("latitude", 0)), float(content.get("longitude", 0)))


_WIRE_KINDS: dict[str, Any] = {
    "null_value": lambda _: None,
    "bool_value": _plain(bool),
    "int_value": _integer,
    "float_value": float,
    "string_value": _plain(str),
    "bytes_value": base64.b64decode,
    "timestamp_value": _moment,
    "duration_value": _length,
    "latlng_value": _place,
    "path_value": lambda content: Path(tuple(str(segment["simple"]) for segment in content.get("segments", []))),
    "list_value": lambda content: _items(content, _WIRE_KINDS),
    "set_value": lambda content: RulesSet(_items(content, _WIRE_KINDS)),
    "map_value": lambda content: _fields(content, _WIRE_KINDS),
}

_REST_KINDS: dict[str, Any] = {
    "nullValue": lambda _: None,
    "booleanValue": _plain(bool),
    "integerValue": _integer,
    "doubleValue": float,
    "stringValue": _plain(str),
    "bytesValue": base64.b64decode,
    "timestampValue": _moment,
    "referenceValue": document_path,
    "geoPointValue": _place,
    "arrayValue": lambda content: _items(content, _REST_KINDS),
    "mapValue": lambda content: _fields(content, _REST_KINDS),
}
