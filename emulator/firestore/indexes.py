"""Which indexes exist, and which entries a document has in them.

An entry is a pair of byte strings: the index key (kind, collection, field and value) and the document key.
Within one index key prefix, entries lie in the order of values, then of document names. Single-field entries
exist for every field without being asked for; the rest comes from firestore.indexes.json
(firebase.google.com/docs/reference/firestore/indexes).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.firestore import fieldpaths, keys, limits
from emulator.firestore.errors import invalid_argument
from emulator.firestore.fieldpaths import NAME_FIELD, FieldPath
from emulator.firestore.paths import DocumentPath, escape, path_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emulator.firestore.messages import Document, Value

Entry = tuple[bytes, bytes]

_NAME, _GROUP_NAME = b"\x01", b"\x02"
_FIELD, _CONTAINS = b"\x03", b"\x04"
_GROUP_FIELD, _GROUP_CONTAINS = b"\x05", b"\x06"
_COMPOSITE, _GROUP_COMPOSITE = b"\x07", b"\x08"
_END = b"\x00"
_NAME_ENTRIES = 2
"""Entries that list a document in its collection and its group; production counts none for them."""


@dataclass(frozen=True, slots=True)
class IndexedField:
    """One column of a composite index.

    Attributes:
        path: The field.
        contains: Whether it indexes the elements of an array instead of the value.
        inverted: Whether values are stored in descending order (after normalising, see CompositeIndex).

    """

    path: FieldPath
    contains: bool
    inverted: bool


@dataclass(frozen=True, slots=True)
class CompositeIndex:
    """An index over several fields, turned so that names always ascend; it can be read both ways.

    Attributes:
        collection_id: The collection group.
        group_scope: Whether it serves collection group queries instead of single collections.
        fields: The columns without ``__name__``.
        turned: Whether it was declared the other way round. Production reads an index forwards only.

    """

    collection_id: str
    group_scope: bool
    fields: tuple[IndexedField, ...]
    turned: bool

    @property
    def identity(self) -> bytes:
        """Eight bytes that name the definition inside index keys."""
        return _identity(self)


@dataclass(frozen=True, slots=True)
class FieldOverride:
    """Which single-field indexes one field has instead of the automatic ones."""

    ordered: bool = True
    contains: bool = True
    group_ordered: bool = False
    group_contains: bool = False


AUTOMATIC = FieldOverride()


@dataclass(frozen=True)
class CompositeIndexes:
    """The content of a firestore.indexes.json.

    Attributes:
        composites: All composite indexes.
        overrides: Single-field settings by collection group and field path; the path ``("*",)`` is for all.

    """

    composites: tuple[CompositeIndex, ...] = ()
    overrides: dict[tuple[str, FieldPath], FieldOverride] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> CompositeIndexes:
        """Read a firestore.indexes.json.

        Raises:
            ValueError: When the file does not describe indexes.

        """
        try:
            return cls.parse(json.loads(path.read_text(encoding="utf-8")))
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise ValueError(f"{path.name} does not describe Firestore indexes: {error!r}") from error

    @classmethod
    def parse(cls, content: dict[str, Any]) -> CompositeIndexes:
        """The same from parsed JSON."""
        overrides = {
            (item["collectionGroup"], _override_path(item["fieldPath"])): _override(item.get("indexes", []))
            for item in content.get("fieldOverrides", [])
        }
        return cls(tuple(map(_composite, content.get("indexes", []))), overrides)

    def for_group(self, collection_id: str) -> tuple[CompositeIndex, ...]:
        """The composite indexes of one collection group."""
        return tuple(index for index in self.composites if index.collection_id == collection_id)

    def override(self, collection_id: str, path: FieldPath) -> FieldOverride:
        """The single-field settings of a field; a map's settings reach the fields inside it."""
        if not self.overrides:
            return AUTOMATIC
        for length in range(len(path), 0, -1):
            found = self.overrides.get((collection_id, path[:length]))
            if found is not None:
                return found
        return self.overrides.get((collection_id, ("*",)), AUTOMATIC)

    def fingerprint(self) -> str:
        """A text that changes when any entry of any document could change."""
        overrides = sorted((repr(key), repr(value)) for key, value in self.overrides.items())
        content = repr((sorted(map(repr, self.composites)), overrides))
        return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()


@lru_cache(maxsize=65_536)
def name_prefix(collection: str) -> bytes:
    """Key of all documents of one collection, in name order."""
    return _NAME + path_key(collection) + _END


@lru_cache(maxsize=4096)
def group_name_prefix(collection_id: str) -> bytes:
    """Key of all documents of a collection group, in name order."""
    return _GROUP_NAME + escape(collection_id.encode())


def field_prefix(collection: str, path: FieldPath, *, contains: bool) -> bytes:
    """Key prefix of a single-field index of one collection; the value follows."""
    return (_CONTAINS if contains else _FIELD) + path_key(collection) + _END + _field_key(path)


def group_field_prefix(collection_id: str, path: FieldPath, *, contains: bool) -> bytes:
    """Key prefix of a single-field index of a collection group; the value follows."""
    kind = _GROUP_CONTAINS if contains else _GROUP_FIELD
    return kind + escape(collection_id.encode()) + _field_key(path)


def composite_prefix(index: CompositeIndex, collection: str) -> bytes:
    """Key prefix of a composite index (for one collection, unless it has group scope)."""
    if index.group_scope:
        return _GROUP_COMPOSITE + index.identity
    return _COMPOSITE + index.identity + path_key(collection) + _END


def entries_of(path: DocumentPath, document: Document, indexes: CompositeIndexes) -> set[Entry]:
    """Every index entry of a document.

    Raises:
        StatusError: INVALID_ARGUMENT when the document has too many.

    """
    entries: set[Entry] = {
        (name_prefix(path.collection), path.id_key),
        (group_name_prefix(path.collection_id), path.key),
    }
    writer = _SingleFields(path, indexes, entries)
    writer.add_fields((), document.fields)
    for index in indexes.for_group(path.collection_id):
        document_key = path.key if index.group_scope else path.id_key
        prefix = composite_prefix(index, path.collection)
        entries.update((prefix + row, document_key) for row in _composite_rows(index, document))
    # Production keeps an ascending and a descending entry of each field; ours serves both directions.
    billed = len(entries) + writer.ordered - _NAME_ENTRIES
    if billed > limits.INDEX_ENTRIES_MAX:
        raise invalid_argument(
            f"too many index entries for entity {path.name}: {billed}, at most {limits.INDEX_ENTRIES_MAX}"
        )
    return entries


class _SingleFields:
    """Collects the single-field entries of one document; `ordered` counts those of whole values."""

    def __init__(self, path: DocumentPath, indexes: CompositeIndexes, entries: set[Entry]) -> None:
        self._path = path
        self._indexes = indexes
        self._entries = entries
        self.ordered = 0
        key = path_key(path.collection) + _END
        self._field = _FIELD + key
        self._contains = _CONTAINS + key

    def add_fields(self, outer: FieldPath, fields: Any) -> None:
        """Add the entries of a map of fields, and of the maps inside it."""
        id_key, add = self._path.id_key, self._entries.add
        for name, value in fields.items():
            path = (*outer, name)
            setting = self._indexes.override(self._path.collection_id, path) if self._indexes.overrides else AUTOMATIC
            kind = value.WhichOneof("value_type")
            if setting is AUTOMATIC:
                self.ordered += 1
                add((self._field + _field_key(path) + keys.indexed(value, kind), id_key))
            else:
                self._add_overridden(path, value, setting)
            if kind == "array_value" and setting.contains:
                start = self._contains + _field_key(path)
                for element in value.array_value.values:
                    self._entries.add((start + keys.indexed(element), self._path.id_key))
            elif kind == "map_value" and not keys.is_vector(value):
                self.add_fields(path, value.map_value.fields)

    def _add_overridden(self, path: FieldPath, value: Value, setting: FieldOverride) -> None:
        self.ordered += setting.ordered + setting.group_ordered
        if setting.ordered:
            self._entries.add((self._field + _field_key(path) + keys.indexed(value), self._path.id_key))
        collection_id = self._path.collection_id
        if setting.group_ordered:
            start = group_field_prefix(collection_id, path, contains=False)
            self._entries.add((start + keys.indexed(value), self._path.key))
        if setting.group_contains:
            start = group_field_prefix(collection_id, path, contains=True)
            for element in value.array_value.values:
                self._entries.add((start + keys.indexed(element), self._path.key))


def _composite_rows(index: CompositeIndex, document: Document) -> Iterable[bytes]:
    rows = [b""]
    for column in index.fields:
        value = fieldpaths.lookup(document, column.path)
        if value is None:
            return ()
        if column.contains:
            parts = [keys.indexed(element) for element in value.array_value.values]
        else:
            encoded = keys.indexed(value)
            parts = [keys.invert(encoded) if column.inverted else encoded]
        rows = [row + part for row in rows for part in parts]
    return rows


@lru_cache(maxsize=16_384)
def _field_key(path: FieldPath) -> bytes:
    return escape(fieldpaths.text_of(path).encode())


@lru_cache(maxsize=1024)
def _identity(index: CompositeIndex) -> bytes:
    return hashlib.blake2b(repr(index).encode(), digest_size=8).digest()


def _composite(item: dict[str, Any]) -> CompositeIndex:
    columns = [
        (fieldpaths.parse(column["fieldPath"]), column.get("arrayConfig"), column.get("order", "ASCENDING"))
        for column in item["fields"]
    ]
    last_order = next((order for _, array, order in reversed(columns) if not array), "ASCENDING")
    turned = last_order == "DESCENDING"
    fields = tuple(
        IndexedField(path, bool(array), not array and (order == "DESCENDING") != turned)
        for path, array, order in columns
        if path != (NAME_FIELD,)
    )
    scope = item.get("queryScope", "COLLECTION")
    return CompositeIndex(item["collectionGroup"], scope == "COLLECTION_GROUP", fields, turned)


def _override_path(text: str) -> FieldPath:
    return ("*",) if text == "*" else fieldpaths.parse(text)


def _override(items: list[dict[str, Any]]) -> FieldOverride:
    def has(kind: str, scope: str) -> bool:
        return any(kind in item and item.get("queryScope", "COLLECTION") == scope for item in items)

    return FieldOverride(
        ordered=has("order", "COLLECTION"),
        contains=has("arrayConfig", "COLLECTION"),
        group_ordered=has("order", "COLLECTION_GROUP"),
        group_contains=has("arrayConfig", "COLLECTION_GROUP"),
    )
