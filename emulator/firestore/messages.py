"""The raw protobuf classes of google.firestore.v1, named and typed in one place.

The raw (upb) classes cost about a microsecond where the proto-plus wrappers of the client library cost
fifty, so the server uses nothing else. For the type checker each is a class whose attributes are ``Any``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.cloud.firestore_v1.types import common, document, firestore, query, query_profile, write
from google.protobuf import timestamp_pb2
from google.rpc import status_pb2

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
    Timestamp = timestamp_pb2.Timestamp
    Status = status_pb2.Status
    Document = document.Document.pb()
    Value = document.Value.pb()
    ArrayValue = document.ArrayValue.pb()
    MapValue = document.MapValue.pb()
    DocumentMask = common.DocumentMask.pb()
    Precondition = common.Precondition.pb()
    TransactionOptions = common.TransactionOptions.pb()
    Write = write.Write.pb()
    DocumentTransform = write.DocumentTransform.pb()
    WriteResult = write.WriteResult.pb()
    DocumentChange = write.DocumentChange.pb()
    DocumentDelete = write.DocumentDelete.pb()
    DocumentRemove = write.DocumentRemove.pb()
    ExistenceFilter = write.ExistenceFilter.pb()
    StructuredQuery = query.StructuredQuery.pb()
    StructuredAggregationQuery = query.StructuredAggregationQuery.pb()
    Cursor = query.Cursor.pb()
    ExplainMetrics = query_profile.ExplainMetrics.pb()
    GetDocumentRequest = firestore.GetDocumentRequest.pb()
    ListDocumentsRequest = firestore.ListDocumentsRequest.pb()
    ListDocumentsResponse = firestore.ListDocumentsResponse.pb()
    CreateDocumentRequest = firestore.CreateDocumentRequest.pb()
    UpdateDocumentRequest = firestore.UpdateDocumentRequest.pb()
    DeleteDocumentRequest = firestore.DeleteDocumentRequest.pb()
    BatchGetDocumentsRequest = firestore.BatchGetDocumentsRequest.pb()
    BatchGetDocumentsResponse = firestore.BatchGetDocumentsResponse.pb()
    BeginTransactionRequest = firestore.BeginTransactionRequest.pb()
    BeginTransactionResponse = firestore.BeginTransactionResponse.pb()
    CommitRequest = firestore.CommitRequest.pb()
    CommitResponse = firestore.CommitResponse.pb()
    RollbackRequest = firestore.RollbackRequest.pb()
    BatchWriteRequest = firestore.BatchWriteRequest.pb()
    BatchWriteResponse = firestore.BatchWriteResponse.pb()
    RunQueryRequest = firestore.RunQueryRequest.pb()
    RunQueryResponse = firestore.RunQueryResponse.pb()
    RunAggregationQueryRequest = firestore.RunAggregationQueryRequest.pb()
    RunAggregationQueryResponse = firestore.RunAggregationQueryResponse.pb()
    PartitionQueryRequest = firestore.PartitionQueryRequest.pb()
    PartitionQueryResponse = firestore.PartitionQueryResponse.pb()
    ListCollectionIdsRequest = firestore.ListCollectionIdsRequest.pb()
    ListCollectionIdsResponse = firestore.ListCollectionIdsResponse.pb()
    WriteRequest = firestore.WriteRequest.pb()
    WriteResponse = firestore.WriteResponse.pb()
    ListenRequest = firestore.ListenRequest.pb()
    ListenResponse = firestore.ListenResponse.pb()
    Target = firestore.Target.pb()
    TargetChange = firestore.TargetChange.pb()


def timestamp(micros: int) -> Timestamp:
    """A protobuf timestamp of `micros` microseconds since 1970 (UTC)."""
    seconds, rest = divmod(micros, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def micros_of(moment: Timestamp) -> int:
    """Whole microseconds since 1970 (UTC) of a protobuf timestamp; finer digits are cut off."""
    seconds: int = moment.seconds
    nanos: int = moment.nanos
    return seconds * 1_000_000 + nanos // 1000
