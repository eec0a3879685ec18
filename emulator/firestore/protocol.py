"""The protobuf definitions of google.firestore.v1, with the one field the published files leave out.

Web SDKs send `verify` (a write that only checks its precondition) as field 5 of Write; the definitions inside
google-cloud-firestore do not have it, so the definitions are copied into a pool of our own and completed there.
Source of the number: firebase/firebase-js-sdk packages/firestore/src/protos/google/firestore/v1/write.proto.
"""

from __future__ import annotations

from typing import Any

from google.cloud.firestore_v1.types import firestore
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

PACKAGE = "google.firestore.v1"
_VERIFY_NUMBER = 5


def message_class(full_name: str) -> Any:
    """The raw protobuf class of a message by its full name."""
    return GetMessageClass(_POOL.FindMessageTypeByName(full_name))


def _completed_pool() -> DescriptorPool:
    pool = DescriptorPool()
    _copy(firestore.CommitRequest.pb().DESCRIPTOR.file, pool, set())
    return pool


def _copy(file: Any, pool: DescriptorPool, done: set[str]) -> None:
    if file.name in done:
        return
    done.add(file.name)
    for dependency in file.dependencies:
        _copy(dependency, pool, done)
    content = FileDescriptorProto()
    file.CopyToProto(content)
    for message in content.message_type:
        if content.package == PACKAGE and message.name == "Write":
            _add_verify(message)
    pool.Add(content)


def _add_verify(message: Any) -> None:
    if any(field.number == _VERIFY_NUMBER for field in message.field):
        return
    operation = next(index for index, oneof in enumerate(message.oneof_decl) if oneof.name == "operation")
    message.field.add(
        name="verify",
        json_name="verify",
        number=_VERIFY_NUMBER,
        type=FieldDescriptorProto.TYPE_STRING,
        label=FieldDescriptorProto.LABEL_OPTIONAL,
        oneof_index=operation,
    )


_POOL = _completed_pool()
