"""The protobuf definitions of export files: entities as Datastore stores them, and the two kinds of metadata.

Sources: entity.proto of the App Engine SDK (its groups included) for the field numbers; recordings of the official
emulator for the metadata, which is not published.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

_PACKAGE = "imagesfactory.firestore_export"
_TYPES = {
    "int32": FieldDescriptorProto.TYPE_INT32,
    "int64": FieldDescriptorProto.TYPE_INT64,
    "bool": FieldDescriptorProto.TYPE_BOOL,
    "string": FieldDescriptorProto.TYPE_STRING,
    "bytes": FieldDescriptorProto.TYPE_BYTES,
    "double": FieldDescriptorProto.TYPE_DOUBLE,
}
# Message -> its fields as "[repeated] type name = number"; a type in capitals is a message, with "group" a group.
_MESSAGES = {
    "PathElement": ("string kind = 2", "int64 id = 3", "string name = 4"),
    "Path": ("repeated group PathElement element = 1",),
    "Key": ("string app = 13", "Path path = 14", "string name_space = 20", "string database_id = 23"),
    "Point": ("double x = 6", "double y = 7"),
    "ReferenceElement": ("string kind = 15", "int64 id = 16", "string name = 17"),
    "ReferenceKey": (
        "string app = 13",
        "repeated group ReferenceElement element = 14",
        "string name_space = 20",
        "string database_id = 23",
    ),
    "PropertyValue": (
        "int64 integer = 1",
        "bool boolean = 2",
        "bytes text = 3",
        "double number = 4",
        "group Point point = 5",
        "group ReferenceKey reference = 12",
    ),
    "Property": (
        "int32 meaning = 1",
        "string name = 3",
        "bool multiple = 4",
        "PropertyValue value = 5",
    ),
    "Entity": (
        "Key key = 13",
        "repeated Property property = 14",
        "repeated Property raw_property = 15",
        "Path entity_group = 16",
    ),
    "Version": ("int32 overall = 1", "int32 entity = 3"),
    "KindEntry": ("Version version = 1", "string file = 2", "int64 entities = 3", "int64 bytes = 4"),
    "Overall": ("repeated KindEntry kind = 1",),
    "Interval": ("string prefix = 1", "int64 start_micros = 2", "int64 end_micros = 3"),
    "Shard": ("string name_space = 1", "string file = 2"),
    "Kind": ("Interval interval = 1", "repeated Shard shard = 2"),
}


def _pool() -> DescriptorPool:
    file = FileDescriptorProto(name="firestore_export.proto", package=_PACKAGE, syntax="proto2")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field in fields:
            _add_field(message, field)
    pool = DescriptorPool()
    pool.Add(file)
    return pool


def _add_field(message: DescriptorProto, text: str) -> None:
    *flags, kind, name, _, number = text.split()
    field = message.field.add(name=name, number=int(number))
    repeated = "repeated" in flags
    field.label = FieldDescriptorProto.LABEL_REPEATED if repeated else FieldDescriptorProto.LABEL_OPTIONAL
    if kind in _TYPES:
        field.type = _TYPES[kind]
    else:
        field.type = FieldDescriptorProto.TYPE_GROUP if "group" in flags else FieldDescriptorProto.TYPE_MESSAGE
        field.type_name = f".{_PACKAGE}.{kind}"


_POOL = _pool()


def _message_class(name: str) -> Any:
    return GetMessageClass(_POOL.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


Entity = _message_class("Entity")
Property = _message_class("Property")
Key = _message_class("Key")
Overall = _message_class("Overall")
Kind = _message_class("Kind")
