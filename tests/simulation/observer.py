"""Sees every document of both databases and every file of the bucket: what is there, and in which version."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from google.cloud import firestore
from google.cloud.firestore_v1.types import BatchGetDocumentsRequest, RunQueryRequest, StructuredQuery

DEFAULT, ARCHIVE, BUCKET = "default", "archive", "bucket"
_BATCH = 300


class Where(NamedTuple):
    """One record: its store and its path there."""

    store: str
    path: str

    def __str__(self) -> str:
        return f"{self.store} {self.path}"


@dataclass(frozen=True)
class Seen:
    """A record as it was seen. ``version`` changes with every change of its content."""

    version: str
    content: bytes
    fields: Any = None
    """The fields of a document, as the database sends them."""

    def says(self, word: str) -> bool:
        """Whether the word occurs anywhere in it."""
        return word.encode() in self.content

    def value(self, name: str) -> str:
        """A field of text; empty where there is none."""
        return str(self.fields[name].string_value) if self.fields is not None and name in self.fields else ""

    def instants(self) -> Iterator[datetime]:
        """Every instant that its fields name, however deep."""
        if self.fields is not None:
            for value in self.fields.values():
                yield from _instants(value)

    def without(self, *names: str) -> dict[str, bytes]:
        """Its fields, some left out, in a form that can be compared."""
        kept = {name: value for name, value in self.fields.items() if name not in names}
        return {name: value.SerializeToString(deterministic=True) for name, value in kept.items()}


Snapshot = dict[Where, Seen]


class Observer:
    """Looks again and again; what has not changed is not fetched again."""

    def __init__(self, client: firestore.Client, archive: firestore.Client, files: Mapping[str, bytes]) -> None:
        self._clients = {DEFAULT: client, ARCHIVE: archive}
        self._files = files
        self._last: Snapshot = {}

    def look(self) -> Snapshot:
        """Everything there is now."""
        now: Snapshot = {}
        for store, client in self._clients.items():
            versions = _versions(client)
            wheres = {Where(store, path): version for path, version in versions.items()}
            known = {where: self._last[where] for where in wheres if where in self._last}
            same = {where: seen for where, seen in known.items() if seen.version == wheres[where]}
            now |= same
            now |= _contents(client, store, [where.path for where in wheres if where not in same])
        for name, content in self._files.items():
            before = self._last.get(Where(BUCKET, name))
            now[Where(BUCKET, name)] = before if before and before.content is content else _file(content)
        self._last = now
        return now


def _file(content: bytes) -> Seen:
    return Seen(hashlib.sha256(content).hexdigest(), content)


def _parent(client: firestore.Client) -> str:
    return f"projects/{client.project}/databases/{client._database}/documents"


def _versions(client: firestore.Client) -> dict[str, str]:
    """The update time of every document, whatever its collection: one query without a kind."""
    parent = _parent(client)
    everything = StructuredQuery(
        from_=[StructuredQuery.CollectionSelector(all_descendants=True)],
        select=StructuredQuery.Projection(fields=[StructuredQuery.FieldReference(field_path="__name__")]),
    )
    request = RunQueryRequest(parent=parent, structured_query=everything)
    answers = client._firestore_api.run_query(request=request, metadata=client._rpc_metadata)
    found = (type(answer).pb(answer).document for answer in answers)
    return {document.name[len(parent) + 1 :]: _version(document) for document in found if document.name}


def _contents(client: firestore.Client, store: str, paths: list[str]) -> Snapshot:
    parent, found = _parent(client), {}
    for start in range(0, len(paths), _BATCH):
        names = [f"{parent}/{path}" for path in paths[start : start + _BATCH]]
        request = BatchGetDocumentsRequest(database=parent.removesuffix("/documents"), documents=names)
        for answer in client._firestore_api.batch_get_documents(request=request, metadata=client._rpc_metadata):
            document = type(answer).pb(answer).found
            if document.name:
                content = document.SerializeToString(deterministic=True)
                found[Where(store, document.name[len(parent) + 1 :])] = Seen(
                    _version(document), content, document.fields
                )
    return found


def _version(document: Any) -> str:
    return f"{document.update_time.seconds}.{document.update_time.nanos:09d}"


def _instants(value: Any) -> Iterator[datetime]:
    kind = value.WhichOneof("value_type")
    if kind == "timestamp_value":
        yield value.timestamp_value.ToDatetime(tzinfo=UTC)
    elif kind == "map_value":
        for part in value.map_value.fields.values():
            yield from _instants(part)
    elif kind == "array_value":
        for part in value.array_value.values:
            yield from _instants(part)
