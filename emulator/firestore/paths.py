"""Resource names: parsing, validating, and their order-preserving byte keys.

Rules: cloud.google.com/firestore/quotas#collections_documents_and_fields. Ids of the form ``__id<int64>__``
are numeric (they come from Datastore) and sort by number before all strings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from emulator.firestore import limits
from emulator.firestore.errors import StatusError, invalid_argument

NUMERIC_ID = re.compile(r"__id(-?\d{1,19})__", re.ASCII)
NUMBER_TAG = b"\x01"
STRING_TAG = b"\x02"
_RESERVED_ID = re.compile(r"__.*__", re.DOTALL)
_INT64_BIAS = 1 << 63


@dataclass(frozen=True, slots=True)
class DocumentPath:
    """A parsed document name.

    Attributes:
        name: The full name, ``projects/p/databases/d/documents/users/ada``.
        database: ``projects/p/databases/d``.
        path: The part after ``documents/``.
        collection: The path of the containing collection, ``users``.
        collection_id: Its last segment.
        id: The document's own id.
        key: Bytes whose order is the order of names within a database.
        id_key: The same for the last segment alone.

    """

    name: str
    database: str
    path: str
    collection: str
    collection_id: str
    id: str
    key: bytes
    id_key: bytes


@dataclass(frozen=True, slots=True)
class ParentPath:
    """A parsed parent: the root of a database's documents, or one document.

    Attributes:
        database: ``projects/p/databases/d``.
        path: Path of the parent document, empty for the root.
        key: Byte key of that path, empty for the root.

    """

    database: str
    path: str
    key: bytes

    def collection(self, collection_id: str) -> str:
        """The path of a collection directly under this parent."""
        return f"{self.path}/{collection_id}" if self.path else collection_id


@lru_cache(maxsize=131_072)
def parse_document(name: str) -> DocumentPath:
    """Parse and validate a full document name.

    Raises:
        StatusError: INVALID_ARGUMENT for a name that is malformed, too long, too deep or reserved.

    """
    database, segments = _split(name)
    if not segments or len(segments) % 2:
        raise invalid_argument(
            f'Document name "{name}" is invalid: it must have an even number of segments after "documents".'
        )
    _check_name(name, segments)
    id_key = segment_key(segments[-1])
    collection = "/".join(segments[:-1])
    return DocumentPath(
        name=name,
        database=database,
        path="/".join(segments),
        collection=collection,
        collection_id=segments[-2],
        id=segments[-1],
        key=path_key(collection) + id_key,
        id_key=id_key,
    )


@lru_cache(maxsize=16_384)
def parse_parent(name: str) -> ParentPath:
    """Parse ``.../documents`` or a document name used as the parent of collections."""
    database, segments = _split(name)
    if len(segments) % 2:
        raise invalid_argument(f'Parent "{name}" is invalid: it must name a document or the database root.')
    _check_name(name, segments)
    path = "/".join(segments)
    return ParentPath(database, path, path_key(path))


@lru_cache(maxsize=1024)
def parse_database(name: str) -> str:
    """Validate ``projects/p/databases/d`` and return it unchanged."""
    parts = name.split("/")
    if len(parts) != 4 or parts[0] != "projects" or parts[2] != "databases" or not (parts[1] and parts[3]):
        raise invalid_argument(
            f'Invalid database name "{name}": it must look like "projects/{{project}}/databases/{{database}}".'
        )
    return name


@lru_cache(maxsize=65_536)
def path_key(path: str) -> bytes:
    """The order-preserving key of a relative path; a path sorts before everything below it."""
    return b"".join(map(segment_key, path.split("/"))) if path else b""


def segment_key(segment: str) -> bytes:
    """The order-preserving, prefix-free key of one id."""
    number = numeric_id(segment)
    if number is not None:
        return NUMBER_TAG + (number + _INT64_BIAS).to_bytes(8, "big")
    return STRING_TAG + escape(segment.encode())


def escape(data: bytes) -> bytes:
    """Bytes that keep the order of `data` and are never a prefix of one another."""
    return data.replace(b"\x00", b"\x00\xff") + b"\x00\x01"


def numeric_id(segment: str) -> int | None:
    """The number in ``__id123__``, or None for an ordinary id."""
    match = NUMERIC_ID.fullmatch(segment)
    if match is None:
        return None
    number = int(match[1])
    return number if -_INT64_BIAS <= number < _INT64_BIAS else None


def first_segment(key: bytes) -> tuple[str, int]:
    """The first id inside a path key, and the number of bytes it takes."""
    if key[:1] == NUMBER_TAG:
        return f"__id{int.from_bytes(key[1:9], 'big') - _INT64_BIAS}__", 9
    end = key.index(b"\x00\x01", 1)
    return key[1:end].replace(b"\x00\xff", b"\x00").decode(), end + 2


def validate_collection_id(collection_id: str) -> None:
    """Refuse an id that cannot name a collection."""
    if "/" in collection_id:
        raise invalid_argument(f'Collection id "{collection_id}" is invalid: it contains "/".')
    _check_segment(collection_id)


def _split(name: str) -> tuple[str, list[str]]:
    parts = name.split("/")
    if len(parts) < 5 or parts[4] != "documents":
        raise _malformed(name)
    try:
        database = parse_database("/".join(parts[:4]))
    except StatusError as error:
        raise _malformed(name) from error
    return database, parts[5:]


def _malformed(name: str) -> StatusError:
    return invalid_argument(
        f'Resource name "{name}" is invalid: it must begin with '
        '"projects/{project}/databases/{database}/documents".'
    )


def _check_name(name: str, segments: list[str]) -> None:
    if len(name.encode()) > limits.NAME_BYTES_MAX:
        raise invalid_argument(f"Document name is longer than {limits.NAME_BYTES_MAX} bytes.")
    if len(segments) > 2 * limits.SUBCOLLECTION_DEPTH_MAX:
        raise invalid_argument(f"Document name has more than {limits.SUBCOLLECTION_DEPTH_MAX} nested collections.")
    for segment in segments:
        _check_segment(segment)


def _check_segment(segment: str) -> None:
    if segment in {"", ".", ".."}:
        raise invalid_argument(f'Resource id "{segment}" is invalid.')
    if len(segment.encode()) > limits.ID_BYTES_MAX:
        raise invalid_argument(f"Resource id is longer than {limits.ID_BYTES_MAX} bytes.")
    if _RESERVED_ID.fullmatch(segment) and numeric_id(segment) is None:
        raise invalid_argument(f'Resource id "{segment}" is invalid because it is reserved.')
