"""Running a query: reading its streams, checking what they cannot promise, merging and sorting.

A query about a past version reads the present and puts the past states of changed documents over it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from emulator.firestore.keys import following
from emulator.firestore.messages import Document
from emulator.firestore.paths import path_key
from emulator.firestore.planner import Stream
from emulator.firestore.query import CompiledQuery
from emulator.firestore.storage import DatabaseNumber, Row, Storage

Overlay = Mapping[str, Document | None]


class Execution:
    """One run of a planned query.

    Args:
        storage: Where the entries are.
        number: The database.
        query: What is asked.
        streams: Its plan.
        overlay: Past states to see instead of the present ones; empty for the present.

    """

    def __init__(
        self,
        storage: Storage,
        number: DatabaseNumber,
        query: CompiledQuery,
        streams: tuple[Stream, ...],
        overlay: Overlay,
    ) -> None:
        self._storage = storage
        self._number = number
        self._query = query
        self._streams = streams
        self._overlay = overlay

    def results(self) -> list[Document]:
        """The documents of the query in its order, offset and limit applied, fields not yet projected."""
        offset, limit = self._query.offset, self._query.limit
        found = islice(self._in_order(), offset, None if limit is None else offset + limit)
        return list(found) if self._query.nearest is None else self._query.nearest.of(found)

    def count(self, most: int) -> int:
        """How many documents the query has (offset and limit applied), no more than `most`."""
        query = self._query
        if query.nearest is not None:
            return min(most, len(self.results()))
        if query.limit is not None:
            most = min(most, query.limit)
        stream = self._streams[0] if len(self._streams) == 1 else None
        if stream is None or not stream.exact or self._overlay or len(stream.prefixes) != 1:
            return sum(1 for _ in islice(self._in_order(), query.offset, query.offset + most))
        lower, upper = self._range(stream.prefixes[0], stream)
        return max(0, self._storage.count(lower, upper, query.offset + most) - query.offset)

    def skipped(self) -> int:
        """How many documents there are for the offset to pass over, at most the offset."""
        return sum(1 for _ in islice(self._in_order(), self._query.offset))

    def _in_order(self) -> Iterator[Document]:
        sorted_streams = [self._sorted(stream) for stream in self._streams]
        if self._overlay:
            sorted_streams.append(iter(self._past_documents()))
        if len(sorted_streams) == 1:
            return sorted_streams[0]
        return _without_repeats(heapq.merge(*sorted_streams, key=self._query.sort_key))

    def _sorted(self, stream: Stream) -> Iterator[Document]:
        documents: Iterable[Document] = self._read(stream)
        if self._overlay:
            documents = (document for document in documents if document.name not in self._overlay)
        if not stream.exact:
            documents = filter(self._is_result, documents)
        if stream.ordered:
            return iter(documents)
        if self._query.limit is None:
            return iter(sorted(documents, key=self._query.sort_key))
        most = self._query.offset + self._query.limit
        return iter(heapq.nsmallest(most, documents, key=self._query.sort_key))

    def _past_documents(self) -> list[Document]:
        past = (document for document in self._overlay.values() if document is not None)
        return sorted(filter(self._is_result, past), key=self._query.sort_key)

    def _is_result(self, document: Document) -> bool:
        return self._query.matches(document) and self._query.within_cursors(document)

    def _read(self, stream: Stream) -> Iterator[Document]:
        if not stream.prefixes:
            contents = self._read_documents(stream)
        elif len(stream.prefixes) == 1:
            lower, upper = self._range(stream.prefixes[0], stream)
            contents = self._storage.scan(lower, upper, self._document_prefix(), reverse=stream.reverse)
        else:
            contents = self._read_joined(stream)
        return map(Document.FromString, contents)

    def _read_documents(self, stream: Stream) -> Iterator[bytes]:
        lower = self._number + stream.lower[1]
        upper = _end(self._number) if stream.upper is None else self._number + stream.upper[1]
        for _, content in self._storage.documents(lower, upper, reverse=stream.reverse):
            yield content

    def _read_joined(self, stream: Stream) -> Iterator[bytes]:
        prefix = self._document_prefix()
        join = self._join_backwards if stream.reverse else self._join_forwards
        for document_key in join(stream):
            content = self._storage.get(prefix + document_key)
            if content is not None:
                yield content

    def _join_forwards(self, stream: Stream) -> Iterator[bytes]:
        """Document keys that all indexes share: each index in turn jumps to where the last one stopped."""
        position, candidate, agreeing, turn = stream.lower, None, 0, 0
        while True:
            index = self._number + stream.prefixes[turn]
            _, upper = self._range(stream.prefixes[turn], stream)
            entry = self._storage.next_entry((index + position[0], position[1]), upper, reverse=False)
            if entry is None:
                return
            found = entry[0][len(index) :], entry[1]
            agreeing = agreeing + 1 if found == candidate else 1
            position = candidate = found
            if agreeing == len(stream.prefixes):
                yield found[1]
                position, candidate, agreeing = (found[0], found[1] + b"\x00"), None, 0
            turn = (turn + 1) % len(stream.prefixes)

    def _join_backwards(self, stream: Stream) -> Iterator[bytes]:
        """The same from the end."""
        limit: Row | None = None
        candidate, agreeing, turn = None, 0, 0
        while True:
            index = self._number + stream.prefixes[turn]
            lower, upper = self._range(stream.prefixes[turn], stream)
            if limit is not None:
                upper = (index + limit[0], limit[1])
            entry = self._storage.next_entry(lower, upper, reverse=True)
            if entry is None:
                return
            found = entry[0][len(index) :], entry[1]
            agreeing = agreeing + 1 if found == candidate else 1
            candidate, limit = found, (found[0], found[1] + b"\x00")
            if agreeing == len(stream.prefixes):
                yield found[1]
                limit, candidate, agreeing = found, None, 0
            turn = (turn + 1) % len(stream.prefixes)

    def _range(self, prefix: bytes, stream: Stream) -> tuple[Row, Row]:
        start = self._number + prefix
        lower = (start + stream.lower[0], stream.lower[1])
        if stream.upper is None:
            return lower, (_end(start), b"")
        return lower, (start + stream.upper[0], stream.upper[1])

    def _document_prefix(self) -> bytes:
        scope = self._query.scope
        return self._number if scope.all_descendants else self._number + path_key(scope.collection)


def _end(prefix: bytes) -> bytes:
    end = following(prefix)
    if end is None:
        raise OverflowError("No key prefix of the server consists of 0xff bytes only.")
    return end


def _without_repeats(documents: Iterable[Document]) -> Iterator[Document]:
    last = None
    for document in documents:
        if document.name != last:
            last = document.name
            yield document
