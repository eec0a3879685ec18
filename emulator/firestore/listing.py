"""Listing what exists: pages of documents, collection ids, partitions, and the extent of a subtree."""

from __future__ import annotations

import base64
import secrets
import string
from collections.abc import Iterator

from google.protobuf.message import DecodeError

from emulator.firestore import fieldpaths, limits
from emulator.firestore.database import Database
from emulator.firestore.errors import invalid_argument
from emulator.firestore.keys import following
from emulator.firestore.messages import (
    CreateDocumentRequest,
    Cursor,
    Document,
    ListCollectionIdsRequest,
    ListCollectionIdsResponse,
    ListDocumentsRequest,
    ListDocumentsResponse,
    PartitionQueryRequest,
    PartitionQueryResponse,
    StructuredQuery,
    Value,
    Write,
)
from emulator.firestore.paths import (
    ParentPath,
    first_segment,
    path_key,
    segment_key,
    validate_collection_id,
)
from emulator.firestore.query import CompiledQuery, compile_query, masked
from emulator.firestore.sessions import View

_ID_CHARACTERS = string.ascii_letters + string.digits
_ID_LENGTH = 20
_DIRECTIONS = {"asc": 1, "desc": 2}


def create_write(request: CreateDocumentRequest) -> Write:
    """The write that a CreateDocument request stands for."""
    validate_collection_id(request.collection_id)
    identity = request.document_id or "".join(secrets.choice(_ID_CHARACTERS) for _ in range(_ID_LENGTH))
    write = Write(update=request.document)
    write.update.name = f"{request.parent}/{request.collection_id}/{identity}"
    write.current_document.exists = False
    return write


def list_query(request: ListDocumentsRequest) -> CompiledQuery:
    """The query that a page of a ListDocuments request is read with, without its page size.

    Raises:
        StatusError: INVALID_ARGUMENT for a malformed order, token or page size.

    """
    if request.page_size < 0:
        raise invalid_argument("page_size is negative")
    if request.show_missing and request.order_by:
        raise invalid_argument("show_missing cannot be combined with order_by.")
    structured = StructuredQuery()
    selector = structured.from_.add()
    selector.collection_id = request.collection_id
    if not request.collection_id:
        if request.order_by:
            raise invalid_argument("order_by requires a collection_id.")
        selector.all_descendants = True
    for part in filter(None, map(str.strip, request.order_by.split(","))):
        path, _, direction = part.partition(" ")
        if direction.strip().lower() not in {"", *_DIRECTIONS}:
            raise invalid_argument(f'order_by is malformed at "{part}".')
        order = structured.order_by.add(direction=_DIRECTIONS.get(direction.strip().lower(), 1))
        order.field.field_path = path
    return compile_query(request.parent, structured)


def list_page(view: View, query: CompiledQuery, request: ListDocumentsRequest) -> ListDocumentsResponse:
    """One page of documents."""
    size = min(request.page_size or limits.LIST_PAGE_DEFAULT, limits.LIST_PAGE_MAX)
    if request.show_missing:
        return _page_with_missing(view, query, request, size)
    found = view.run(_page_query(query, request.page_token, size + 1))
    response = ListDocumentsResponse(documents=[_shown(document, request) for document in found[:size]])
    if len(found) > size:
        response.next_page_token = _token(query, found[size - 1])
    return response


def collection_ids(
    database: Database, parent: ParentPath, request: ListCollectionIdsRequest
) -> ListCollectionIdsResponse:
    """The ids of the collections directly below a parent, in order, a page at a time."""
    size = min(request.page_size or limits.LIST_PAGE_DEFAULT, limits.LIST_PAGE_MAX)
    after = _after(request.page_token)
    response = ListCollectionIdsResponse()
    for identity in _children(database, parent.key, after):
        if len(response.collection_ids) == size:
            response.next_page_token = response.collection_ids[-1]
            break
        response.collection_ids.append(identity)
    return response


def partitions(view: View, query: CompiledQuery, request: PartitionQueryRequest) -> PartitionQueryResponse:
    """Evenly spaced cursors over a collection group query.

    Raises:
        StatusError: INVALID_ARGUMENT when the query is not a plain one over a collection group.

    """
    structured = query.structured
    plain = not structured.HasField("where") and not structured.HasField("limit") and not query.offset
    if not query.scope.all_descendants or not plain or len(query.orders) != 1 or query.orders[0].descending:
        raise invalid_argument(
            "Only collection group queries ordered by __name__ ascending, without filters, limit and offset, "
            "can be partitioned."
        )
    if request.partition_count <= 0:
        raise invalid_argument("partition_count must be greater than zero.")
    names = [document.name for document in view.run(query)]
    count = min(request.partition_count, len(names))
    response = PartitionQueryResponse()
    for number in range(1, count):
        cursor = response.partitions.add(before=True)
        cursor.values.add(reference_value=names[number * len(names) // count])
    return response


def subtree(path: str | None) -> tuple[bytes, bytes]:
    """The range of path keys of a document or collection with all below it; None for everything."""
    key = path_key(path.strip("/")) if path else b""
    return key, following(key) or b"\xff"


def _page_query(query: CompiledQuery, page_token: str, size: int) -> CompiledQuery:
    structured = StructuredQuery()
    structured.CopyFrom(query.structured)
    structured.limit.value = size
    if page_token:
        structured.start_at.CopyFrom(_cursor_of_token(page_token))
    parent = query.scope.parent
    name = f"{parent.database}/documents" + (f"/{parent.path}" if parent.path else "")
    return compile_query(name, structured)


def _token(query: CompiledQuery, last: Document) -> str:
    """A page token: the place behind the last document of the page, as a cursor."""
    cursor = Cursor(before=False)
    for order in query.orders:
        value = Value(reference_value=last.name) if order.is_name else fieldpaths.lookup(last, order.path)
        cursor.values.append(value)
    return base64.urlsafe_b64encode(cursor.SerializeToString()).decode()


def _cursor_of_token(token: str) -> Cursor:
    try:
        cursor: Cursor = Cursor.FromString(base64.urlsafe_b64decode(token))
    except (ValueError, DecodeError) as error:
        raise invalid_argument("The page token is not valid.") from error
    return cursor


def _page_with_missing(
    view: View, query: CompiledQuery, request: ListDocumentsRequest, size: int
) -> ListDocumentsResponse:
    """A page of one collection that also names documents which only have something below them."""
    if not request.collection_id:
        raise invalid_argument("show_missing requires a collection_id.")
    collection = query.scope.collection
    base = f"{view.database.name}/documents/{collection}/"
    response = ListDocumentsResponse()
    for identity in _children(view.database, path_key(collection), _after(request.page_token)):
        if len(response.documents) == size:
            last = response.documents[-1].name.rpartition("/")[2]
            response.next_page_token = last
            break
        found = view.document(base + identity)
        response.documents.append(Document(name=base + identity) if found is None else _shown(found, request))
    return response


def _after(page_token: str) -> bytes:
    return segment_key(page_token) if page_token else b""


def _children(database: Database, parent_key: bytes, after: bytes) -> Iterator[str]:
    """The ids directly below a path that lead to documents, in order: one seek each."""
    end = following(parent_key) or b"\xff"
    position = parent_key + b"\x00" if not after else _behind(parent_key + after, end)
    while (key := database.next_path_key(position, end)) is not None:
        identity, length = first_segment(key[len(parent_key) :])
        yield identity
        position = _behind(key[: len(parent_key) + length], end)


def _behind(key: bytes, end: bytes) -> bytes:
    return following(key) or end


def _shown(document: Document, request: ListDocumentsRequest) -> Document:
    if not request.HasField("mask"):
        return document
    return masked(document, [fieldpaths.parse(text) for text in request.mask.field_paths])
