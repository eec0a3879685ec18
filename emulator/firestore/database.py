"""One database: its documents, its clock and its recent past, behind atomic reads and commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from emulator.firestore import messages
from emulator.firestore.clock import CommitClock
from emulator.firestore.errors import failed_precondition
from emulator.firestore.execution import Execution, Overlay
from emulator.firestore.guard import Guard
from emulator.firestore.history import Committed, History
from emulator.firestore.indexes import CompositeIndexes, entries_of
from emulator.firestore.messages import Document, Write, WriteResult
from emulator.firestore.paths import parse_document
from emulator.firestore.planner import Stream, plan
from emulator.firestore.query import CompiledQuery
from emulator.firestore.recent import RecentDocuments
from emulator.firestore.storage import DatabaseNumber, Row, Storage
from emulator.firestore.writes import Change, Staging

_PLANS = 1024
_NO_ROWS: frozenset[Row] = frozenset()


class Database:
    """The state of one database; nothing in here awaits, so every method is atomic on the event loop.

    Args:
        name: ``projects/p/databases/d``.
        storage: The open storage.
        indexes: The indexes to keep and use.
        recent: The documents of the storage written last.
        require_indexes: Whether queries without a composite index are refused as in production.
        companions: Called inside the storage transaction of every commit that changes something.

    """

    def __init__(
        self,
        name: str,
        storage: Storage,
        indexes: CompositeIndexes,
        *,
        recent: RecentDocuments,
        require_indexes: bool,
        companions: Sequence[Callable[[Committed], None]] = (),
    ) -> None:
        self.name = name
        self.number, self.version, commit_micros = storage.open_database(name)
        self.clock = CommitClock(commit_micros)
        self.history = History(self.version, commit_micros)
        self._storage = storage
        self._indexes = indexes
        self._recent = recent
        self._require_indexes = require_indexes
        self._companions = companions
        self._plan = lru_cache(maxsize=_PLANS)(lambda query: plan(query, indexes))

    def read(self, name: str) -> Document | None:
        """The present document of a validated name."""
        content = self._storage.get(self.number + parse_document(name).key)
        return None if content is None else Document.FromString(content)

    def read_at(self, name: str, version: int) -> Document | None:
        """The document as of a version the history holds."""
        current = self.read(name)
        return current if version == self.version else self.history.document_at(name, version, current)

    def execution(self, query: CompiledQuery, version: int) -> Execution:
        """A run of a query against the state of a version the history holds.

        Raises:
            StatusError: FAILED_PRECONDITION when an index is required and missing.

        """
        streams = self.streams(query)
        overlay: Overlay = {} if version == self.version else self.history.overlay(version)
        return Execution(self._storage, self.number, query, streams, overlay)

    def streams(self, query: CompiledQuery) -> tuple[Stream, ...]:
        """The plan of a query.

        Raises:
            StatusError: FAILED_PRECONDITION when an index is required and missing.

        """
        streams: tuple[Stream, ...] = self._plan(query)
        if self._require_indexes:
            for stream in streams:
                if stream.missing_index:
                    raise failed_precondition(_index_wanted(query, stream))
        return streams

    def apply(self, writes: Sequence[Write], guard: Guard | None) -> tuple[list[WriteResult], Committed]:
        """Commit writes atomically and durably.

        Returns:
            One result per write, and the commit as listeners are to hear of it.

        Raises:
            StatusError: When a write is refused; nothing is changed then.

        """
        commit_micros = self.clock.next_commit_micros()
        if guard is not None:
            # First, and whether or not preconditions hold: their failure would tell a stranger what exists.
            imagined = Staging(self._before, commit_micros, heeds_preconditions=False)
            for write in writes:
                imagined.apply(write)
            imagined.ask(guard)
        staging = Staging(self._before, commit_micros)
        results = [staging.apply(write) for write in writes]
        return results, self._store(tuple(staging.changes()), commit_micros)

    def clear(self, lower: bytes, upper: bytes) -> Committed:
        """Delete all documents with lower <= path key < upper in one commit."""
        found = self._storage.documents(self.number + lower, self.number + upper)
        documents = [Document.FromString(content) for _, content in found]
        changes = tuple(Change(document.name, document, None) for document in documents)
        return self._store(changes, self.clock.next_commit_micros())

    def documents(self) -> Iterator[Document]:
        """All present documents, in the order of their names."""
        for _, content in self._storage.documents(self.number, _behind(self.number)):
            yield Document.FromString(content)

    def next_path_key(self, lower: bytes, upper: bytes) -> bytes | None:
        """The least path key of a present document with lower <= key < upper."""
        key = self._storage.next_document_key(self.number + lower, self.number + upper)
        return None if key is None else key[len(self.number) :]

    def rebuild_entries(self) -> None:
        """Write all index entries anew, after the wanted indexes have changed."""
        self._storage.remove_database_entries(self.number)
        for document in self.documents():
            self._storage.add_entries(self._rows(document.name, document))

    def _before(self, name: str) -> Document | None:
        """What a commit finds: mostly what an earlier one has left not long ago."""
        return self._recent.document(name) or self.read(name)

    def _store(self, changes: tuple[Change, ...], commit_micros: int) -> Committed:
        version = self.version + 1 if changes else self.version
        committed = Committed(self.name, version, messages.timestamp(commit_micros), changes)
        if changes:
            self._persist(committed, commit_micros)
            self.version = version
            self.history.add(committed)
        return committed

    def _persist(self, committed: Committed, commit_micros: int) -> None:
        documents: list[Row] = []
        deleted: list[bytes] = []
        added: list[Row] = []
        removed: list[Row] = []
        rows_after: list[frozenset[Row]] = []
        for change in committed.changes:
            key = self.number + parse_document(change.name).key
            old, new = self._rows(change.name, change.before), self._rows(change.name, change.after)
            removed += old - new
            added += new - old
            rows_after.append(new)
            if change.after is None:
                deleted.append(key)
            else:
                documents.append((key, change.after.SerializeToString(deterministic=True)))
        with self._storage.transaction():
            self._storage.remove_entries(removed)
            self._storage.add_entries(added)
            self._storage.delete(deleted)
            self._storage.put(documents)
            self._storage.stamp(self.number, committed.version, commit_micros)
            for companion in self._companions:
                companion(committed)
        self._remember(committed, [len(content) for _, content in documents], rows_after)

    def _remember(self, committed: Committed, sizes: list[int], rows_after: list[frozenset[Row]]) -> None:
        """Know what was just stored; `sizes` are those of the documents that are there after it, in order."""
        size = iter(sizes)
        for change, rows in zip(committed.changes, rows_after, strict=True):
            if change.after is None:
                self._recent.forget(change.name)
            else:
                self._recent.keep(change.name, change.after, next(size), rows)

    def _rows(self, name: str, document: Document | None) -> frozenset[Row]:
        """The index entries of a version of a document as they are stored."""
        if document is None:
            return _NO_ROWS
        known = self._recent.rows(name, document)
        if known is not None:
            return known
        number = self.number
        entries = entries_of(parse_document(name), document, self._indexes)
        return frozenset([(number + index_key, key) for index_key, key in entries])


def _behind(number: DatabaseNumber) -> bytes:
    return (int.from_bytes(number, "big") + 1).to_bytes(len(number), "big")


def _index_wanted(query: CompiledQuery, stream: Stream) -> str:
    columns = ", ".join(
        f"{'.'.join(order.path)} {'DESCENDING' if order.descending else 'ASCENDING'}" for order in stream.missing_index
    )
    scope = "COLLECTION_GROUP" if query.scope.all_descendants else "COLLECTION"
    return (
        f"The query requires an index. Add it to firestore.indexes.json: collectionGroup "
        f'"{query.scope.collection_id}", queryScope {scope}, fields {columns}.'
    )
