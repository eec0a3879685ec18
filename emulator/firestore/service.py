"""The Firestore service as calls: every operation of google.firestore.v1.Firestore that is not a stream.

Requests and responses are raw protobuf messages. All methods run on one event loop; each reads or commits in one
step that nothing can interleave with, and only waiting for other transactions awaits.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from emulator.firestore import fieldpaths, limits, listing, sessions
from emulator.firestore import messages as m
from emulator.firestore.aggregations import Aggregation, billed_reads, compile_aggregations
from emulator.firestore.database import Database
from emulator.firestore.errors import StatusError, invalid_argument, not_found, permission_denied
from emulator.firestore.explain import add_metrics
from emulator.firestore.guard import Guard
from emulator.firestore.history import Committed
from emulator.firestore.indexes import CompositeIndexes
from emulator.firestore.messages import Document, Timestamp, Write, WriteResult
from emulator.firestore.paths import parse_database, parse_document, parse_parent
from emulator.firestore.query import CompiledQuery, compile_query, masked
from emulator.firestore.recent import RecentDocuments
from emulator.firestore.sessions import Session, View
from emulator.firestore.storage import Storage
from emulator.firestore.transactions import Transaction, Transactions
from emulator.firestore.usage import Usage
from emulator.firestore.writes import Change, check_database, target_of

Listener = Callable[[Committed], None]

_log = logging.getLogger(__name__)
_INDEXES_SETTING = "indexes"
_COUNT_MAX = (1 << 31) - 1


class FirestoreService:
    """All databases of one data folder.

    Build it with `open`. Methods add what a request would be billed to the `usage` they are given, and ask
    `guard` (None for the project's own servers) before anything is shown or changed.
    """

    def __init__(self, storage: Storage, indexes: CompositeIndexes, *, require_indexes: bool) -> None:
        self._storage = storage
        self._indexes = indexes
        self._require_indexes = require_indexes
        self._recent = RecentDocuments()
        self._sessions: dict[str, Session] = {}
        self._listeners: list[Listener] = []
        self._companions: list[Listener] = []

    @classmethod
    def open(
        cls, location: Path | None, indexes: CompositeIndexes | None = None, require_indexes: bool = False
    ) -> FirestoreService:
        """Open a data folder, or an empty memory when `location` is None.

        Args:
            location: Folder of the data, made when missing.
            indexes: The content of firestore.indexes.json.
            require_indexes: Refuse queries that production refuses for lack of an index.

        Raises:
            StorageFormatError: When the folder was written by another version.

        """
        chosen = indexes or CompositeIndexes()
        service = cls(Storage(location), chosen, require_indexes=require_indexes)
        service._adopt_indexes()
        return service

    def close(self) -> None:
        """Close the data folder; the service cannot be used any more."""
        self._storage.close()

    # --- documents -----------------------------------------------------------------------------------------

    async def get_document(
        self, request: m.GetDocumentRequest, *, usage: Usage, guard: Guard | None = None
    ) -> Document:
        """Firestore.GetDocument."""
        path = parse_document(request.name)
        view = await sessions.view(self._session(path.database), request)
        document = view.document(path.name)
        usage.reads += 1
        if guard is not None:
            guard.check_get(path.name, document)
        if document is None:
            raise not_found(f'Document "{path.name}" not found.')
        return _masked(document, request)

    async def batch_get_documents(
        self, request: m.BatchGetDocumentsRequest, *, usage: Usage, guard: Guard | None = None
    ) -> list[m.BatchGetDocumentsResponse]:
        """Firestore.BatchGetDocuments; one response per distinct document, in the order asked."""
        session = self._session(request.database)
        names = [_name_in(request.database, name) for name in dict.fromkeys(request.documents)]
        view = await sessions.view(session, request)
        responses = []
        for name in names:
            document = view.document(name)
            usage.reads += 1
            if guard is not None:
                guard.check_get(name, document)
            if document is None:
                responses.append(m.BatchGetDocumentsResponse(missing=name, read_time=view.read_time))
            else:
                found = _masked(document, request)
                responses.append(m.BatchGetDocumentsResponse(found=found, read_time=view.read_time))
        if view.begun:
            if responses:
                responses[0].transaction = view.begun
            else:
                responses.append(m.BatchGetDocumentsResponse(transaction=view.begun))
        return responses

    async def list_documents(
        self, request: m.ListDocumentsRequest, *, usage: Usage, guard: Guard | None = None
    ) -> m.ListDocumentsResponse:
        """Firestore.ListDocuments."""
        query = listing.list_query(request)
        if guard is not None:
            guard.check_query(query)
        view = await sessions.view(self._session(query.database), request)
        response = listing.list_page(view, query, request)
        usage.reads += max(1, len(response.documents))
        return response

    async def create_document(
        self, request: m.CreateDocumentRequest, *, usage: Usage, guard: Guard | None = None
    ) -> Document:
        """Firestore.CreateDocument; an empty document_id is replaced by a random one."""
        write = listing.create_write(request)
        return _masked(await self._write_one(write, usage, guard), request)

    async def update_document(
        self, request: m.UpdateDocumentRequest, *, usage: Usage, guard: Guard | None = None
    ) -> Document:
        """Firestore.UpdateDocument."""
        write = Write(update=request.document)
        if request.HasField("update_mask"):
            write.update_mask.CopyFrom(request.update_mask)
        if request.HasField("current_document"):
            write.current_document.CopyFrom(request.current_document)
        return _masked(await self._write_one(write, usage, guard), request)

    async def delete_document(
        self, request: m.DeleteDocumentRequest, *, usage: Usage, guard: Guard | None = None
    ) -> None:
        """Firestore.DeleteDocument."""
        write = Write(delete=request.name)
        if request.HasField("current_document"):
            write.current_document.CopyFrom(request.current_document)
        database = parse_document(request.name).database
        await self.write_once(database, [write], usage=usage, guard=guard)

    # --- commits and transactions --------------------------------------------------------------------------

    async def begin_transaction(
        self, request: m.BeginTransactionRequest, *, usage: Usage, guard: Guard | None = None
    ) -> m.BeginTransactionResponse:
        """Firestore.BeginTransaction; a retry waits here until it may hold what it lost."""
        del usage, guard
        transaction = await sessions.begin(self._session(request.database), request.options)
        return m.BeginTransactionResponse(transaction=transaction.id)

    async def commit(self, request: m.CommitRequest, *, usage: Usage, guard: Guard | None = None) -> m.CommitResponse:
        """Firestore.Commit."""
        if not request.transaction:
            results, commit_time = await self.write_once(request.database, request.writes, usage=usage, guard=guard)
            return m.CommitResponse(write_results=results, commit_time=commit_time)
        session = self._session(request.database)
        transaction = session.transactions.use(request.transaction)
        check_database(request.writes, request.database)
        if transaction.read_only and request.writes:
            raise invalid_argument("Cannot modify entities in a read-only transaction.")
        results, commit_time = await self._commit_in(session, transaction, request, usage, guard)
        return m.CommitResponse(write_results=results, commit_time=commit_time)

    async def rollback(self, request: m.RollbackRequest, *, usage: Usage, guard: Guard | None = None) -> None:
        """Firestore.Rollback."""
        del usage, guard
        self._session(request.database).transactions.rollback(request.transaction)

    async def write_once(
        self,
        database: str,
        writes: Sequence[Write],
        *,
        usage: Usage,
        guard: Guard | None = None,
    ) -> tuple[list[WriteResult], Timestamp]:
        """Commit writes outside a transaction, waiting shortly for claims of retried transactions.

        Returns:
            One result per write and the commit time.

        """
        session = self._session(database)
        check_database(writes, database)
        claims = session.transactions.claims
        names = [target_of(write) for write in writes]
        if claims.blocks(names):
            try:
                await asyncio.wait_for(claims.pass_by(names, None), limits.PLAIN_WRITE_WAIT_SECONDS_MAX)
            except TimeoutError:
                _log.debug("plain_write.passed_a_claim documents=%d", len(names))
        return self._apply(session.database, writes, usage, guard)

    async def batch_write(
        self, request: m.BatchWriteRequest, *, usage: Usage, guard: Guard | None = None
    ) -> m.BatchWriteResponse:
        """Firestore.BatchWrite: every write on its own, each with its status."""
        if len(request.writes) > limits.BATCH_WRITES_MAX:
            raise invalid_argument(f"cannot write more than {limits.BATCH_WRITES_MAX} entities in a single call")
        check_database(request.writes, request.database)
        names = [target_of(write) for write in request.writes]
        if len(set(names)) != len(names):
            raise invalid_argument("A document cannot be written more than once in one BatchWrite.")
        response = m.BatchWriteResponse()
        for write in request.writes:
            try:
                results, _ = await self.write_once(request.database, [write], usage=usage, guard=guard)
            except StatusError as error:
                response.write_results.add()
                response.status.add(code=error.number, message=error.message)
            else:
                response.write_results.append(results[0])
                response.status.add()
        return response

    # --- queries -------------------------------------------------------------------------------------------

    async def run_query(
        self, request: m.RunQueryRequest, *, usage: Usage, guard: Guard | None = None
    ) -> list[m.RunQueryResponse]:
        """Firestore.RunQuery."""
        query = compile_query(request.parent, request.structured_query)
        if guard is not None:
            guard.check_query(query)
        view = await sessions.view(self._session(query.database), request)
        if request.HasField("explain_options"):
            analyze = request.explain_options.analyze
            found = view.run(query) if analyze else []
            responses = _query_responses(view, query, found) if analyze else [m.RunQueryResponse()]
            add_metrics(view, query, responses[-1], len(found), analyze=analyze)
        else:
            responses = _query_responses(view, query, view.run(query))
        usage.reads += len(responses)
        return responses

    async def run_aggregation_query(
        self, request: m.RunAggregationQueryRequest, *, usage: Usage, guard: Guard | None = None
    ) -> list[m.RunAggregationQueryResponse]:
        """Firestore.RunAggregationQuery."""
        message = request.structured_aggregation_query
        query = compile_query(request.parent, message.structured_query)
        aggregations = compile_aggregations(message)
        if guard is not None:
            guard.check_query(query)
        view = await sessions.view(self._session(query.database), request)
        response = m.RunAggregationQueryResponse(read_time=view.read_time, transaction=view.begun)
        if request.HasField("explain_options") and not request.explain_options.analyze:
            add_metrics(view, query, response, 0, analyze=False)
            usage.reads += 1
            return [response]
        count, documents = _aggregated(view, query, aggregations)
        usage.reads += billed_reads(count)
        for aggregation in aggregations:
            result = aggregation.over(count, documents)
            response.result.aggregate_fields[aggregation.alias].CopyFrom(result)
        if request.HasField("explain_options"):
            add_metrics(view, query, response, count, analyze=True)
        return [response]

    async def partition_query(
        self, request: m.PartitionQueryRequest, *, usage: Usage, guard: Guard | None = None
    ) -> m.PartitionQueryResponse:
        """Firestore.PartitionQuery."""
        query = compile_query(request.parent, request.structured_query)
        if guard is not None:
            guard.check_query(query)
        view = await sessions.view(self._session(query.database), request)
        usage.reads += 1
        return listing.partitions(view, query, request)

    async def list_collection_ids(
        self, request: m.ListCollectionIdsRequest, *, usage: Usage, guard: Guard | None = None
    ) -> m.ListCollectionIdsResponse:
        """Firestore.ListCollectionIds; end users never may."""
        if guard is not None:
            raise permission_denied("Listing collections is not allowed by security rules.")
        parent = parse_parent(request.parent)
        usage.reads += 1
        return listing.collection_ids(self._session(parent.database).database, parent, request)

    # --- for watchers and tools ----------------------------------------------------------------------------

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` after every durable commit, in commit order; returns how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def connection(self) -> sqlite3.Connection:
        """The open data file, for what `store_with` companions keep beside the documents."""
        return self._storage.connection

    def store_with(self, companion: Listener) -> Callable[[], None]:
        """Call `companion` within every commit: what it stores in `connection` stands or falls with the commit.

        A companion must not raise, for that would refuse the commit. Returns how to stop it.
        """
        self._companions.append(companion)
        return lambda: self._companions.remove(companion)

    def snapshot(self, query: CompiledQuery) -> list[Document]:
        """The present results of a query, offset and limit applied, fields not projected."""
        database = self._session(query.database).database
        return database.execution(query, database.version).results()

    def read(self, names: Sequence[str]) -> list[Document | None]:
        """The present documents of full names, None where missing."""
        return [self._session(parse_document(name).database).database.read(name) for name in names]

    def version(self, database: str) -> int:
        """The number of the newest commit that changed a database; survives restarts."""
        return self._session(database).database.version

    def changes_since(self, database: str, version: int) -> list[Change] | None:
        """One net change per document changed after a version; None when that is not known any more."""
        return self._session(database).database.history.changes_since(version)

    def databases(self) -> list[str]:
        """Names of all databases ever used."""
        return self._storage.databases()

    def documents(self, database: str) -> Iterator[Document]:
        """All present documents of a database; read them to the end before anything else is asked."""
        return self._session(parse_database(database)).database.documents()

    async def load(self, documents: Iterable[Document]) -> int:
        """Set documents, each in the database its name says, as an import does; returns how many there were."""
        count = 0
        for database, group in itertools.groupby(documents, lambda document: parse_document(document.name).database):
            while batch := [Write(update=document) for document in itertools.islice(group, limits.BATCH_WRITES_MAX)]:
                await self.write_once(database, batch, usage=Usage())
                count += len(batch)
        return count

    async def clear(self, database: str, path: str | None = None) -> None:
        """Delete a whole database, or the document or collection at a relative path with all below it.

        Args:
            database: ``projects/p/databases/d``.
            path: ``users`` or ``users/ada``; None for everything.

        """
        session = self._session(parse_database(database))
        self._publish(session.database.clear(*listing.subtree(path)))

    # --- inside --------------------------------------------------------------------------------------------

    def _session(self, name: str) -> Session:
        session = self._sessions.get(name)
        if session is None:
            database = Database(
                parse_database(name),
                self._storage,
                self._indexes,
                recent=self._recent,
                require_indexes=self._require_indexes,
                companions=self._companions,
            )
            session = self._sessions[name] = Session(database, Transactions(name))
        return session

    def _adopt_indexes(self) -> None:
        wanted = self._indexes.fingerprint()
        if self._storage.setting(_INDEXES_SETTING) == wanted:
            return
        with self._storage.transaction():
            for name in self._storage.databases():
                self._session(name).database.rebuild_entries()
            self._storage.set_setting(_INDEXES_SETTING, wanted)

    async def _commit_in(
        self, session: Session, transaction: Transaction, request: m.CommitRequest, usage: Usage, guard: Guard | None
    ) -> tuple[list[WriteResult], Timestamp]:
        names = [target_of(write) for write in request.writes]
        if names:
            # A transaction that has lost already need not wait to learn it: its retry can queue at once.
            sessions.check_conflicts(session, transaction)
            await sessions.await_claims(session, names, transaction)
            session.transactions.use(transaction.id)
        if not transaction.read_only:
            sessions.check_conflicts(session, transaction)
        answer = self._apply(session.database, request.writes, usage, guard)
        session.transactions.finish(transaction)
        return answer

    async def _write_one(self, write: Write, usage: Usage, guard: Guard | None) -> Document:
        name = parse_document(target_of(write))
        await self.write_once(name.database, [write], usage=usage, guard=guard)
        document = self._session(name.database).database.read(name.name)
        if document is None:
            raise not_found(f'Document "{name.name}" not found.')
        return document

    def _apply(
        self, database: Database, writes: Sequence[Write], usage: Usage, guard: Guard | None
    ) -> tuple[list[WriteResult], Timestamp]:
        results, committed = database.apply(writes, guard)
        for write in writes:
            kind = write.WhichOneof("operation")
            usage.deletes += kind == "delete"
            usage.writes += kind in {"update", "transform"}
            usage.reads += kind == "verify"
        self._publish(committed)
        return results, committed.commit_time

    def _publish(self, committed: Committed) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(committed)
            except Exception:
                # The commit is durable: one failing listener must not make it look refused.
                _log.exception("commit.listener_failed version=%d", committed.version)


def _name_in(database: str, name: str) -> str:
    path = parse_document(name)
    if path.database != database:
        raise invalid_argument(f'Document "{name}" does not belong to the database "{database}".')
    return path.name


def _masked(document: Document, request: Any) -> Document:
    if not request.HasField("mask"):
        return document
    return masked(document, [fieldpaths.parse(text) for text in request.mask.field_paths])


def _query_responses(view: View, query: CompiledQuery, documents: list[Document]) -> list[m.RunQueryResponse]:
    read_time = view.read_time
    responses = [m.RunQueryResponse(document=query.project(document), read_time=read_time) for document in documents]
    if not responses:
        responses.append(m.RunQueryResponse(read_time=read_time))
    if view.begun:
        responses[0].transaction = view.begun
    if query.offset:
        responses[0].skipped_results = query.offset if documents else view.skipped(query)
    return responses


def _aggregated(view: View, query: CompiledQuery, aggregations: Sequence[Aggregation]) -> tuple[int, list[Document]]:
    """How many entries the aggregations look at, and the documents if more than their number matters."""
    if any(aggregation.kind != "count" for aggregation in aggregations):
        documents = view.run(query)
        return len(documents), documents
    bounds = [aggregation.most for aggregation in aggregations if aggregation.most is not None]
    most = max(bounds) if len(bounds) == len(aggregations) else _COUNT_MAX
    return view.count(query, most), []
