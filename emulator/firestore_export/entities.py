"""Turns documents into Datastore entities, as export files hold them, and back.

Meanings of properties: App Engine's entity.proto, and recordings of the official emulator for maps (an entity inside),
empty lists, and vectors (a map with the one list `__vector__`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.firestore.keys import VECTOR_TYPE, is_vector
from emulator.firestore.messages import Document, Value, micros_of, timestamp
from emulator.firestore.paths import numeric_id
from emulator.firestore_export.protocol import Entity, Property

DEFAULT_DATABASE = "(default)"
_APP_PREFIX = "dev~"
_TIMESTAMP, _POINT, _BLOB, _BYTES, _ENTITY, _EMPTY_LIST = 7, 9, 14, 16, 19, 24


class EntityUnreadable(Exception):
    """An entity is no document."""


def entity_of(document: Document) -> bytes:
    """The serialized entity of a document; create and update times have no place in it."""
    entity = Entity()
    _write_key(entity.key, entity.key.path.element, document.name)
    entity.entity_group.element.add().CopyFrom(entity.key.path.element[0])
    _write_fields(entity, document.fields)
    content: bytes = entity.SerializeToString()
    return content


def document_of(content: bytes, project: str | None) -> Document:
    """The document of a serialized entity, moved into `project` if given; references stay as they were exported.

    Raises:
        EntityUnreadable: When it is not the entity of a document.

    """
    entity = Entity.FromString(content)
    database = entity.key.database_id or DEFAULT_DATABASE
    path = "/".join(_segments(entity.key.path.element))
    if not path:
        raise EntityUnreadable("an entity has no path")
    home = project or _project(entity.key)
    document = Document(name=f"projects/{home}/databases/{database}/documents/{path}")
    _read_fields(entity, document.fields)
    return document


def _write_key(key: Any, elements: Any, name: str) -> None:
    _, project, _, database, _, *segments = name.split("/")
    key.app = _APP_PREFIX + project
    if database != DEFAULT_DATABASE:
        key.database_id = database
    for kind, identity in zip(segments[::2], segments[1::2], strict=True):
        element = elements.add(kind=kind)
        number = numeric_id(identity)
        if number is None:
            element.name = identity
        else:
            element.id = number


def _project(key: Any) -> str:
    """The project in an application id such as `dev~demo` or `s~demo`."""
    return str(key.app).rpartition("~")[2]


def _segments(elements: Any) -> list[str]:
    segments: list[str] = []
    for element in elements:
        segments += [element.kind, f"__id{element.id}__" if element.HasField("id") else element.name]
    return segments


def _write_fields(entity: Any, fields: Any) -> None:
    for name in sorted(fields):
        value = fields[name]
        if value.WhichOneof("value_type") != "array_value":
            _write_value(entity.raw_property.add(name=name, multiple=False), value)
        elif value.array_value.values:
            for element in value.array_value.values:
                _write_value(entity.raw_property.add(name=name, multiple=True), element)
        else:
            entity.property.add(name=name, multiple=False, meaning=_EMPTY_LIST).value.SetInParent()


def _write_value(target: Any, value: Value) -> None:
    target.value.SetInParent()
    kind = value.WhichOneof("value_type")
    plain = {"boolean_value": "boolean", "integer_value": "integer", "double_value": "number"}
    if kind in plain:
        setattr(target.value, plain[kind], getattr(value, kind))
    elif kind == "string_value":
        target.value.text = value.string_value.encode()
    elif kind == "bytes_value":
        target.meaning, target.value.text = _BLOB, value.bytes_value
    elif kind == "timestamp_value":
        target.meaning, target.value.integer = _TIMESTAMP, micros_of(value.timestamp_value)
    elif kind == "geo_point_value":
        target.meaning = _POINT
        target.value.point.x, target.value.point.y = value.geo_point_value.latitude, value.geo_point_value.longitude
    elif kind == "reference_value":
        reference = target.value.reference
        _write_key(reference, reference.element, value.reference_value)
    elif kind == "map_value":
        target.meaning, target.value.text = _ENTITY, _nested(value)


def _nested(value: Value) -> bytes:
    entity = Entity()
    entity.key.app = ""
    entity.key.path.SetInParent()
    entity.entity_group.SetInParent()
    if is_vector(value):
        _write_fields(entity, {VECTOR_TYPE: value.map_value.fields["value"]})
    else:
        _write_fields(entity, value.map_value.fields)
    content: bytes = entity.SerializeToString()
    return content


def _read_fields(entity: Any, fields: Any) -> None:
    for stored in (*entity.property, *entity.raw_property):
        value = fields[stored.name]
        if stored.meaning == _EMPTY_LIST:
            value.array_value.SetInParent()
        else:
            _read_value(value.array_value.values.add() if stored.multiple else value, stored)


def _read_value(target: Value, stored: Property) -> None:
    readers: dict[str, Callable[[Value, Property], None]] = {
        "integer": _read_integer,
        "text": _read_text,
        "point": _read_point,
        "reference": _read_reference,
    }
    found = [field.name for field, _ in stored.value.ListFields()]
    if not found:
        target.null_value = 0
    elif found[0] == "boolean":
        target.boolean_value = stored.value.boolean
    elif found[0] == "number":
        target.double_value = stored.value.number
    else:
        readers[found[0]](target, stored)


def _read_integer(target: Value, stored: Property) -> None:
    if stored.meaning == _TIMESTAMP:
        target.timestamp_value.CopyFrom(timestamp(stored.value.integer))
    else:
        target.integer_value = stored.value.integer


def _read_text(target: Value, stored: Property) -> None:
    if stored.meaning in {_BLOB, _BYTES}:
        target.bytes_value = stored.value.text
    elif stored.meaning == _ENTITY:
        _read_nested(target, Entity.FromString(stored.value.text))
    else:
        target.string_value = stored.value.text.decode()


def _read_nested(target: Value, entity: Any) -> None:
    target.map_value.SetInParent()
    fields = target.map_value.fields
    _read_fields(entity, fields)
    if set(fields) == {VECTOR_TYPE}:
        fields["value"].CopyFrom(fields[VECTOR_TYPE])
        fields["__type__"].string_value = VECTOR_TYPE
        del fields[VECTOR_TYPE]


def _read_point(target: Value, stored: Property) -> None:
    target.geo_point_value.latitude = stored.value.point.x
    target.geo_point_value.longitude = stored.value.point.y


def _read_reference(target: Value, stored: Property) -> None:
    key = stored.value.reference
    database = key.database_id or DEFAULT_DATABASE
    path = "/".join(_segments(key.element))
    target.reference_value = f"projects/{_project(key)}/databases/{database}/documents/{path}"
