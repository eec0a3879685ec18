"""A query made ready: checked, with its implicit orders, able to judge, sort and project documents.

Source: google.firestore.v1 StructuredQuery.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from emulator.firestore import fieldpaths, keys, limits
from emulator.firestore.errors import StatusError, invalid_argument
from emulator.firestore.fieldpaths import NAME_FIELD, FieldPath
from emulator.firestore.filter_compiler import compile_filter
from emulator.firestore.filters import INEQUALITIES, Disjunct, Filter, disjuncts, predicates
from emulator.firestore.keys import Cut
from emulator.firestore.messages import Cursor, Document, StructuredQuery, Value
from emulator.firestore.nearest import Nearest, compile_nearest
from emulator.firestore.paths import (
    DocumentPath,
    ParentPath,
    parse_document,
    parse_parent,
    path_key,
    validate_collection_id,
)

_DESCENDING = 2
_CACHE_SIZE = 1024
_NAME_END = b"\x00"


@dataclass(frozen=True, slots=True)
class Order:
    """One sort criterion."""

    path: FieldPath
    descending: bool

    @property
    def is_name(self) -> bool:
        """Whether it sorts by the document's name."""
        return self.path == (NAME_FIELD,)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a query looks.

    Attributes:
        parent: The database root or the document above the collections.
        collection_id: The collection's id; empty for every collection (a kindless query).
        all_descendants: Whether collections at any depth below the parent count.

    """

    parent: ParentPath
    collection_id: str
    all_descendants: bool

    @property
    def collection(self) -> str:
        """Path of the one collection a query without all_descendants looks in."""
        return self.parent.collection(self.collection_id)

    def contains(self, path: DocumentPath) -> bool:
        """Whether a document lies in the scope."""
        parent = self.parent
        if path.database != parent.database or (self.collection_id and path.collection_id != self.collection_id):
            return False
        if not self.all_descendants:
            return path.collection == self.collection
        return not parent.path or path.path.startswith(parent.path + "/")


@dataclass(frozen=True, slots=True)
class Bound:
    """One cursor: where results begin or end.

    Attributes:
        parts: Encodings of the cursor's values in ascending order, one per order; names as stored keys.
        after: Whether the bound lies behind the position instead of before it.
        position: The least sort key behind the bound; None when there is none.

    """

    parts: tuple[bytes, ...]
    after: bool
    position: bytes | None


@dataclass(frozen=True, eq=False)
class CompiledQuery:
    """A query that can be run and asked about single documents; hashed by identity.

    Attributes:
        scope: Where it looks.
        where: The filter tree, or None.
        orders: All orders, the implicit ones and ``__name__`` at the end included.
        start: The cursor at the start, or None.
        end: The cursor at the end, or None.
        limit: The most documents, or None.
        offset: Documents skipped first.
        projection: The selected fields, None for all; ``__name__`` alone selects nothing but the name.
        nearest: The nearest-neighbour search over the results, or None.
        structured: The message it was made from (to be left as it is).

    """

    scope: Scope
    where: Filter | None
    orders: tuple[Order, ...]
    start: Bound | None
    end: Bound | None
    limit: int | None
    offset: int
    projection: tuple[FieldPath, ...] | None
    nearest: Nearest | None
    structured: StructuredQuery

    @property
    def database(self) -> str:
        """``projects/p/databases/d``."""
        return self.scope.parent.database

    @cached_property
    def disjuncts(self) -> tuple[Disjunct, ...]:
        """The filters in disjunctive normal form: one must hold, each is a conjunction of predicates."""
        return tuple(disjuncts(self.where))

    @cached_property
    def has_inequality(self) -> bool:
        """Whether any filter is a range or a negation."""
        return any(predicate.operator in INEQUALITIES for predicate in predicates(self.where))

    def matches(self, document: Document) -> bool:
        """Whether a document is in scope, satisfies the filters and has every ordered field."""
        path = parse_document(document.name)
        if not self.scope.contains(path):
            return False
        if self.where is not None and not self.where.matches(document):
            return False
        return all(order.is_name or fieldpaths.lookup(document, order.path) is not None for order in self.orders)

    def within_cursors(self, document: Document) -> bool:
        """Whether a matching document lies between the cursors."""
        if self.start is None and self.end is None:
            return True
        key = self.sort_key(document)
        if self.start is not None and (self.start.position is None or key < self.start.position):
            return False
        return self.end is None or self.end.position is None or key < self.end.position

    def sort_key(self, document: Document) -> bytes:
        """Bytes that sort matching documents in the order of the query."""
        path = parse_document(document.name)
        parts = []
        for order in self.orders:
            if order.is_name:
                encoded = self.name_part(path) + _NAME_END
            else:
                value = fieldpaths.lookup(document, order.path)
                encoded = keys.NULL if value is None else keys.encode(value)
            parts.append(keys.invert(encoded) if order.descending else encoded)
        return b"".join(parts)

    def name_part(self, path: DocumentPath) -> bytes:
        """The key of a name among those the query can return."""
        return path.key if self.scope.all_descendants else path.id_key

    def project(self, document: Document) -> Document:
        """The document with the selected fields only; the same object when all are selected."""
        return document if self.projection is None else masked(document, self.projection)


def masked(document: Document, paths: Sequence[FieldPath]) -> Document:
    """A copy of a document with only the fields of a mask."""
    result = Document(name=document.name, create_time=document.create_time, update_time=document.update_time)
    for path in paths:
        if path != (NAME_FIELD,):
            value = fieldpaths.lookup(document, path)
            if value is not None:
                fieldpaths.assign(result, path, value)
    return result


_cache: OrderedDict[tuple[str, bytes], CompiledQuery] = OrderedDict()


def compile_query(parent: str, structured_query: StructuredQuery) -> CompiledQuery:
    """Check a query and make it ready; equal queries give the same object while it is remembered.

    Args:
        parent: ``projects/p/databases/d/documents`` or a document name.
        structured_query: The query.

    Raises:
        StatusError: INVALID_ARGUMENT as production answers.

    """
    key = (parent, structured_query.SerializeToString(deterministic=True))
    found = _cache.get(key)
    if found is None:
        found = _cache[key] = _compile(parent, StructuredQuery.FromString(key[1]))
        if len(_cache) > _CACHE_SIZE:
            _cache.popitem(last=False)
    else:
        _cache.move_to_end(key)
    return found


def _compile(parent: str, structured: StructuredQuery) -> CompiledQuery:
    scope = _scope(parse_parent(parent), structured)
    where = compile_filter(structured, lambda value: _name_operand(scope, value))
    orders = _orders(structured, where)
    _check_kindless(scope, where, orders)
    limit = structured.limit.value if structured.HasField("limit") else None
    if limit is not None and limit < 0:
        raise invalid_argument("limit is negative")
    if structured.offset < 0:
        raise invalid_argument("offset is negative")
    parts = sum(1 for _ in predicates(where)) + len(structured.order_by) + len(scope.parent.path.split("/"))
    if parts > limits.QUERY_PARTS_MAX:
        raise invalid_argument(
            f"A query can have at most {limits.QUERY_PARTS_MAX} filters, sort orders and parent path segments."
        )
    return CompiledQuery(
        scope=scope,
        where=where,
        orders=orders,
        start=_bound(scope, orders, structured.start_at) if structured.HasField("start_at") else None,
        end=_bound(scope, orders, structured.end_at) if structured.HasField("end_at") else None,
        limit=limit,
        offset=structured.offset,
        projection=_projection(structured),
        nearest=compile_nearest(structured),
        structured=structured,
    )


def _scope(parent: ParentPath, structured: StructuredQuery) -> Scope:
    selectors = structured.from_
    if len(selectors) != 1:
        raise invalid_argument("A query must have exactly one collection selector.")
    selector = selectors[0]
    if selector.collection_id:
        validate_collection_id(selector.collection_id)
    elif not selector.all_descendants:
        raise invalid_argument("A query without a collection id must select all descendants.")
    return Scope(parent, selector.collection_id, selector.all_descendants)


def _orders(structured: StructuredQuery, where: Filter | None) -> tuple[Order, ...]:
    orders = [
        Order(fieldpaths.parse(order.field.field_path), order.direction == _DESCENDING) for order in structured.order_by
    ]
    seen = {order.path for order in orders}
    if len(seen) != len(orders):
        raise invalid_argument("order by clause cannot contain duplicate fields")
    last_descending = bool(orders) and orders[-1].descending
    unordered = {
        predicate.path
        for predicate in predicates(where)
        if predicate.operator in INEQUALITIES and predicate.path not in seen
    }
    name_first = any(order.is_name for order in orders)
    if name_first and unordered:
        raise invalid_argument("__name__ may not precede another inequality field in the order by clause.")
    # __name__ sorts as text before lower-case names, but is always the last criterion.
    implicit = sorted(unordered - {(NAME_FIELD,)}, key=fieldpaths.text_of)
    orders += [Order(path, last_descending) for path in implicit]
    if not name_first:
        orders.append(Order((NAME_FIELD,), last_descending))
    return tuple(orders)


def _check_kindless(scope: Scope, where: Filter | None, orders: Sequence[Order]) -> None:
    if scope.collection_id:
        return
    if any(not predicate.is_name for predicate in predicates(where)) or not orders[0].is_name:
        raise invalid_argument("kind is required for all orders except __key__ ascending")


def _bound(scope: Scope, orders: Sequence[Order], cursor: Cursor) -> Bound | None:
    if not cursor.values:
        return None
    if len(cursor.values) > len(orders):
        raise invalid_argument("Cursor has too many values.")
    after = not cursor.before
    parts: list[bytes] = []
    sort_parts: list[bytes] = []
    for order, value in zip(orders, cursor.values, strict=False):
        part = _cursor_name(scope, value) if order.is_name else keys.encode(value)
        parts.append(part)
        full = part + _NAME_END if order.is_name else part
        sort_parts.append(keys.invert(full) if order.descending else full)
    return Bound(tuple(parts), after, Cut(b"".join(sort_parts), after).position())


def _cursor_name(scope: Scope, value: Value) -> bytes:
    key = _name_operand(scope, value)
    return key if scope.all_descendants else key[len(path_key(scope.collection)) :]


def _name_operand(scope: Scope, value: Value) -> bytes:
    if value.WhichOneof("value_type") != "reference_value":
        raise invalid_argument("__key__ filter value must be a Key")
    try:
        path = parse_document(value.reference_value)
    except StatusError as error:
        raise invalid_argument(f"__key__ filter value is no document name: {error.message}") from error
    parent = scope.parent
    if path.database != parent.database:
        raise invalid_argument("__key__ filter value belongs to another database.")
    if not scope.all_descendants and path.collection != scope.collection:
        raise invalid_argument(f'__key__ filter value is not a document of the collection "{scope.collection}".')
    return path.key


def _projection(structured: StructuredQuery) -> tuple[FieldPath, ...] | None:
    if not structured.HasField("select"):
        return None
    if not structured.select.fields:
        return ((NAME_FIELD,),)
    return tuple(fieldpaths.parse(field.field_path) for field in structured.select.fields)
