"""The raw protobuf classes of google.firestore.v1, named and typed in one place.

The raw (upb) classes cost about a microsecond where the proto-plus wrappers of the client library cost
fifty, so the server uses nothing else. For the type checker each is a class whose attributes are ``Any``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.firestore.protocol import PACKAGE, message_class

if TYPE_CHECKING:

    class Message(Any):  # type: ignore[misc]
        """Any protobuf message."""

    class Timestamp(Message):
        """google.protobuf.Timestamp."""

    class Status(Message):
        """google.rpc.Status."""

    class Document(Message):
        """google.firestore.v1.Document."""

    class Value(Message):
        """google.firestore.v1.Value."""

    class ArrayValue(Message):
        """google.firestore.v1.ArrayValue."""

    class MapValue(Message):
        """google.firestore.v1.MapValue."""

    class DocumentMask(Message):
        """google.firestore.v1.DocumentMask."""

    class Precondition(Message):
        """google.firestore.v1.Precondition."""

    class TransactionOptions(Message):
        """google.firestore.v1.TransactionOptions."""

    class Write(Message):
        """google.firestore.v1.Write."""

    class DocumentTransform(Message):
        """google.firestore.v1.DocumentTransform."""

    class WriteResult(Message):
        """google.firestore.v1.WriteResult."""

    class StructuredQuery(Message):
        """google.firestore.v1.StructuredQuery."""

    class StructuredAggregationQuery(Message):
        """google.firestore.v1.StructuredAggregationQuery."""

    class Cursor(Message):
        """google.firestore.v1.Cursor."""

    class ExplainMetrics(Message):
        """google.firestore.v1.ExplainMetrics."""

    class GetDocumentRequest(Message):
        """google.firestore.v1.GetDocumentRequest."""

    class ListDocumentsRequest(Message):
        """google.firestore.v1.ListDocumentsRequest."""

    class ListDocumentsResponse(Message):
        """google.firestore.v1.ListDocumentsResponse."""

    class CreateDocumentRequest(Message):
        """google.firestore.v1.CreateDocumentRequest."""

    class UpdateDocumentRequest(Message):
        """google.firestore.v1.UpdateDocumentRequest."""

    class DeleteDocumentRequest(Message):
        """google.firestore.v1.DeleteDocumentRequest."""

    class BatchGetDocumentsRequest(Message):
        """google.firestore.v1.BatchGetDocumentsRequest."""

    class BatchGetDocumentsResponse(Message):
        """google.firestore.v1.BatchGetDocumentsResponse."""

    class BeginTransactionRequest(Message):
        """google.firestore.v1.BeginTransactionRequest."""

    class BeginTransactionResponse(Message):
        """google.firestore.v1.BeginTransactionResponse."""

    class CommitRequest(Message):
        """google.firestore.v1.CommitRequest."""

    class CommitResponse(Message):
        """google.firestore.v1.CommitResponse."""

    class RollbackRequest(Message):
        """google.firestore.v1.RollbackRequest."""

    class BatchWriteRequest(Message):
        """google.firestore.v1.BatchWriteRequest."""

    class BatchWriteResponse(Message):
        """google.firestore.v1.BatchWriteResponse."""

    class RunQueryRequest(Message):
        """google.firestore.v1.RunQueryRequest."""

    class RunQueryResponse(Message):
        """google.firestore.v1.RunQueryResponse."""

    class RunAggregationQueryRequest(Message):
        """google.firestore.v1.RunAggregationQueryRequest."""

    class RunAggregationQueryResponse(Message):
        """google.firestore.v1.RunAggregationQueryResponse."""

    class PartitionQueryRequest(Message):
        """google.firestore.v1.PartitionQueryRequest."""

    class PartitionQueryResponse(Message):
        """google.firestore.v1.PartitionQueryResponse."""

    class ListCollectionIdsRequest(Message):
        """google.firestore.v1.ListCollectionIdsRequest."""

    class ListCollectionIdsResponse(Message):
        """google.firestore.v1.ListCollectionIdsResponse."""

    class WriteRequest(Message):
        """google.firestore.v1.WriteRequest."""

    class WriteResponse(Message):
        """google.firestore.v1.WriteResponse."""

    class ListenRequest(Message):
        """google.firestore.v1.ListenRequest."""

    class ListenResponse(Message):
        """google.firestore.v1.ListenResponse."""

    class Target(Message):
        """google.firestore.v1.Target."""

    class TargetChange(Message):
        """google.firestore.v1.TargetChange."""

    class DocumentChange(Message):
        """google.firestore.v1.DocumentChange."""

    class DocumentDelete(Message):
        """google.firestore.v1.DocumentDelete."""

    class DocumentRemove(Message):
        """google.firestore.v1.DocumentRemove."""

    class ExistenceFilter(Message):
        """google.firestore.v1.ExistenceFilter."""

else:
    Message = object
    Timestamp = message_class("google.protobuf.Timestamp")
    Status = message_class("google.rpc.Status")
    Document = message_class(f"{PACKAGE}.Document")
    Value = message_class(f"{PACKAGE}.Value")
    ArrayValue = message_class(f"{PACKAGE}.ArrayValue")
    MapValue = message_class(f"{PACKAGE}.MapValue")
    DocumentMask = message_class(f"{PACKAGE}.DocumentMask")
    Precondition = message_class(f"{PACKAGE}.Precondition")
    TransactionOptions = message_class(f"{PACKAGE}.TransactionOptions")
    Write = message_class(f"{PACKAGE}.Write")
    DocumentTransform = message_class(f"{PACKAGE}.DocumentTransform")
    WriteResult = message_class(f"{PACKAGE}.WriteResult")
    DocumentChange = message_class(f"{PACKAGE}.DocumentChange")
    DocumentDelete = message_class(f"{PACKAGE}.DocumentDelete")
    DocumentRemove = message_class(f"{PACKAGE}.DocumentRemove")
    ExistenceFilter = message_class(f"{PACKAGE}.ExistenceFilter")
    StructuredQuery = message_class(f"{PACKAGE}.StructuredQuery")
    StructuredAggregationQuery = message_class(f"{PACKAGE}.StructuredAggregationQuery")
    Cursor = message_class(f"{PACKAGE}.Cursor")
    ExplainMetrics = message_class(f"{PACKAGE}.ExplainMetrics")
    GetDocumentRequest = message_class(f"{PACKAGE}.GetDocumentRequest")
    ListDocumentsRequest = message_class(f"{PACKAGE}.ListDocumentsRequest")
    ListDocumentsResponse = message_class(f"{PACKAGE}.ListDocumentsResponse")
    CreateDocumentRequest = message_class(f"{PACKAGE}.CreateDocumentRequest")
    UpdateDocumentRequest = message_class(f"{PACKAGE}.UpdateDocumentRequest")
    DeleteDocumentRequest = message_class(f"{PACKAGE}.DeleteDocumentRequest")
    BatchGetDocumentsRequest = message_class(f"{PACKAGE}.BatchGetDocumentsRequest")
    BatchGetDocumentsResponse = message_class(f"{PACKAGE}.BatchGetDocumentsResponse")
    BeginTransactionRequest = message_class(f"{PACKAGE}.BeginTransactionRequest")
    BeginTransactionResponse = message_class(f"{PACKAGE}.BeginTransactionResponse")
    CommitRequest = message_class(f"{PACKAGE}.CommitRequest")
    CommitResponse = message_class(f"{PACKAGE}.CommitResponse")
    RollbackRequest = message_class(f"{PACKAGE}.RollbackRequest")
    BatchWriteRequest = message_class(f"{PACKAGE}.BatchWriteRequest")
    BatchWriteResponse = message_class(f"{PACKAGE}.BatchWriteResponse")
    RunQueryRequest = message_class(f"{PACKAGE}.RunQueryRequest")
    RunQueryResponse = message_class(f"{PACKAGE}.RunQueryResponse")
    RunAggregationQueryRequest = message_class(f"{PACKAGE}.RunAggregationQueryRequest")
    RunAggregationQueryResponse = message_class(f"{PACKAGE}.RunAggregationQueryResponse")
    PartitionQueryRequest = message_class(f"{PACKAGE}.PartitionQueryRequest")
    PartitionQueryResponse = message_class(f"{PACKAGE}.PartitionQueryResponse")
    ListCollectionIdsRequest = message_class(f"{PACKAGE}.ListCollectionIdsRequest")
    ListCollectionIdsResponse = message_class(f"{PACKAGE}.ListCollectionIdsResponse")
    WriteRequest = message_class(f"{PACKAGE}.WriteRequest")
    WriteResponse = message_class(f"{PACKAGE}.WriteResponse")
    ListenRequest = message_class(f"{PACKAGE}.ListenRequest")
    ListenResponse = message_class(f"{PACKAGE}.ListenResponse")
    Target = message_class(f"{PACKAGE}.Target")
    TargetChange = message_class(f"{PACKAGE}.TargetChange")


def timestamp(micros: int) -> Timestamp:
    """A protobuf timestamp of `micros` microseconds since 1970 (UTC)."""
    seconds, rest = divmod(micros, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def micros_of(moment: Timestamp) -> int:
    """Whole microseconds since 1970 (UTC) of a protobuf timestamp; finer digits are cut off."""
    seconds: int = moment.seconds
    nanos: int = moment.nanos
    return seconds * 1_000_000 + nanos // 1000
