"""Performs one request against the engine, the same way for every transport: caller, guard, bill, log, errors."""

import logging
import traceback
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty

from emulator.firestore import messages
from emulator.firestore.errors import StatusError
from emulator.firestore.service import FirestoreService
from emulator.firestore.usage import Usage
from emulator.transport.callers import AccessPolicy, current_caller, identify, project_of
from emulator.transport.usage_log import UsageLog

EMPTY = Empty()
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """One RPC of google.firestore.v1.Firestore: where its request names the database, and who may call it."""

    rpc: str
    request: Any
    engine_method: str
    resource_field: str
    answers_many: bool = False
    admin_only: bool = False


def _calls() -> dict[str, Call]:
    m = messages
    table = (
        Call("GetDocument", m.GetDocumentRequest, "get_document", "name"),
        Call("ListDocuments", m.ListDocumentsRequest, "list_documents", "parent"),
        Call("CreateDocument", m.CreateDocumentRequest, "create_document", "parent"),
        Call("UpdateDocument", m.UpdateDocumentRequest, "update_document", "document"),
        Call("DeleteDocument", m.DeleteDocumentRequest, "delete_document", "name"),
        Call("BatchGetDocuments", m.BatchGetDocumentsRequest, "batch_get_documents", "database", answers_many=True),
        Call("BeginTransaction", m.BeginTransactionRequest, "begin_transaction", "database"),
        Call("Commit", m.CommitRequest, "commit", "database"),
        Call("Rollback", m.RollbackRequest, "rollback", "database"),
        Call("BatchWrite", m.BatchWriteRequest, "batch_write", "database"),
        Call("RunQuery", m.RunQueryRequest, "run_query", "parent", answers_many=True),
        Call(
            "RunAggregationQuery",
            m.RunAggregationQueryRequest,
            "run_aggregation_query",
            "parent",
            answers_many=True,
        ),
        Call("ListCollectionIds", m.ListCollectionIdsRequest, "list_collection_ids", "parent", admin_only=True),
        Call("PartitionQuery", m.PartitionQueryRequest, "partition_query", "parent", admin_only=True),
    )
    return {call.rpc: call for call in table}


CALLS = _calls()


class Performer:
    """Serves calls; owns the access policy and the bill."""

    def __init__(
        self, service: FirestoreService, policy: AccessPolicy, usage_log: UsageLog, only_project: str | None = None
    ) -> None:
        self.service = service
        self.policy = policy
        self.usage_log = usage_log
        self._only_project = only_project
        self._foreign_projects: set[str] = set()

    async def perform(self, call: Call, request: Any, authorization: str | None) -> list[Any]:
        """The response messages of one call (exactly one unless the RPC streams). Raises StatusError only."""
        usage, started, status, database = Usage(), perf_counter(), "OK", ""
        try:
            database = database_of(request, call.resource_field)
            caller = identify(authorization)
            current_caller.set(caller)
            guard = self.policy.guard(caller, database)
            if call.admin_only:
                self.policy.require_admin(caller)
            self.note_project(database)
            method = getattr(self.service, call.engine_method)
            answer = await method(request, usage=usage, guard=guard)
            return answer if call.answers_many else [EMPTY if answer is None else answer]
        except StatusError as error:
            status = error.code.name
            log.info("%s refused: %s", call.rpc, status)
            raise
        except Exception as error:
            status = "INTERNAL"
            raise internal(call.rpc, error) from None
        finally:
            self.usage_log.record(call.rpc, database, usage, (perf_counter() - started) * 1000, status)

    def note_project(self, database: str) -> None:
        """In single-project mode, says once per foreign project that it was used (it is served all the same)."""
        project = project_of(database)
        if self._only_project and project != self._only_project and project not in self._foreign_projects:
            self._foreign_projects.add(project)
            log.warning("Project %r was used, but this server was started for %r.", project, self._only_project)


def internal(what: str, error: BaseException) -> StatusError:
    """INTERNAL for the client; the log gets the code path but not the error's text, which could quote data."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s failed unexpectedly with %s at\n%s", what, type(error).__name__, frames)
    return StatusError(grpc.StatusCode.INTERNAL, "Internal error; the server's log has the code path.")


def database_of(request: Any, resource_field: str) -> str:
    """`projects/p/databases/d` out of the request's resource name; raises StatusError INVALID_ARGUMENT."""
    resource = request.document.name if resource_field == "document" else getattr(request, resource_field)
    return database_of_name(resource)


def database_of_name(resource: str) -> str:
    """The first four segments of a resource name; raises StatusError INVALID_ARGUMENT when they are not there."""
    parts = resource.split("/", 4)
    if len(parts) < 4 or parts[0] != "projects" or parts[2] != "databases" or not parts[1] or not parts[3]:
        raise StatusError(grpc.StatusCode.INVALID_ARGUMENT, f'Invalid resource name: "{resource}".')
    return "/".join(parts[:4])
