"""Choosing how to read a query's documents from the indexes.

Each disjunct becomes one stream. Equality filters fix a prefix of an index; several indexes with the same rest
are intersected (a zig-zag join); what no index covers is filtered on the documents, and what no index sorts is
sorted in memory. Source of the strategy: cloud.google.com/firestore/docs/query-data/index-overview.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from emulator.firestore import indexes as indexing
from emulator.firestore import limits
from emulator.firestore.fieldpaths import FieldPath
from emulator.firestore.filters import NEGATIONS, RANGES, Disjunct, Operator, Predicate
from emulator.firestore.indexes import CompositeIndex, CompositeIndexes
from emulator.firestore.keys import Cut, following, invert
from emulator.firestore.paths import path_key
from emulator.firestore.query import Bound, CompiledQuery, Order
from emulator.firestore.storage import Row

_MOST = limits.INDEXED_VALUE_BYTES_MAX


@dataclass(frozen=True, slots=True)
class Stream:
    """How to read the documents of one disjunct.

    Attributes:
        prefixes: Index key prefixes to intersect; none stands for the documents of all collections.
        lower: Where the rest of the index key, and the document key, begin.
        upper: Where they end (not reached); None for the end of the prefix.
        reverse: Whether the indexes are read from their end.
        ordered: Whether documents come in the order of the query.
        exact: Whether every document read is a result, so that none needs checking.
        missing_index: Why production would refuse, as index fields; empty when it would not.

    """

    prefixes: tuple[bytes, ...]
    lower: Row
    upper: Row | None
    reverse: bool
    ordered: bool
    exact: bool
    missing_index: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True)
class _Shape:
    """A disjunct sorted by what an index can do with it."""

    equalities: dict[FieldPath, bytes]
    contains: dict[FieldPath, bytes]
    ranges: tuple[Predicate, ...]
    name_predicates: tuple[Predicate, ...]
    residual: bool
    orders: tuple[Order, ...]
    name_descending: bool

    @property
    def fixed(self) -> int:
        """How many filters fix a value."""
        return len(self.equalities) + len(self.contains)


def plan(query: CompiledQuery, indexes: CompositeIndexes) -> tuple[Stream, ...]:
    """The streams of a query, one per disjunct; those without prefixes read the documents themselves."""
    return tuple(_plan_disjunct(query, disjunct, indexes) for disjunct in query.disjuncts)


def _plan_disjunct(query: CompiledQuery, disjunct: Disjunct, indexes: CompositeIndexes) -> Stream:
    shape = _shape(query, disjunct)
    chooser = _Chooser(query, shape, indexes)
    orders = shape.orders
    if not query.scope.collection_id:
        return _stream(query, shape, (), (), covered=0)
    if not orders and not shape.fixed:
        return _stream(query, shape, (chooser.name_prefix(),), (), covered=0)
    prefixes, covered = chooser.participants(orders)
    if prefixes:
        served = covered == shape.fixed and not chooser.backwards and not _needs_name_index(shape)
        missing = () if served else _required(query, shape)
        inverted = _inverted_columns(orders, shape)
        return _stream(query, shape, prefixes, inverted, covered=covered, missing=missing)
    return chooser.unsorted()


class _Chooser:
    """Looks for indexes that serve one disjunct."""

    def __init__(self, query: CompiledQuery, shape: _Shape, indexes: CompositeIndexes) -> None:
        self._query = query
        self._shape = shape
        self._indexes = indexes
        self._scope = query.scope
        self.backwards = False
        """Whether a composite index was chosen that production would have to read from its end."""

    def name_prefix(self) -> bytes:
        """The index of all documents in scope by name."""
        if self._scope.all_descendants:
            return indexing.group_name_prefix(self._scope.collection_id)
        return indexing.name_prefix(self._scope.collection)

    def participants(self, orders: tuple[Order, ...]) -> tuple[tuple[bytes, ...], int]:
        """Prefixes of indexes that end in exactly these orders, and how many fixed filters they cover."""
        open_fields = {*self._shape.equalities, *self._shape.contains}
        total = len(open_fields)
        prefixes: list[bytes] = []
        for index, count in self._fitting_composites(orders):
            covered = {column.path for column in index.fields[:count]}
            if (covered & open_fields) or (not prefixes and not open_fields and not covered):
                prefixes.append(self._composite_prefix(index, count))
                open_fields -= covered
                self.backwards |= bool(orders) and index.turned != self._shape.name_descending
        for path in tuple(open_fields) if not orders else ():
            single = self._fixed_prefix(path)
            if single is not None:
                prefixes.append(single)
                open_fields.discard(path)
        if not prefixes and len(orders) == 1 and total == 0 and not _inverted_columns(orders, self._shape)[0]:
            prefixes += self._order_prefix(orders[0])
        return tuple(prefixes), total - len(open_fields)

    def unsorted(self) -> Stream:
        """The best reading when nothing gives the order: equalities, else the first ordered field, else all."""
        shape = self._shape
        missing = _required(self._query, shape)
        prefixes, covered = self.participants(())
        if prefixes:
            return _unsorted_stream(self._query, shape, prefixes, None, covered, missing)
        first = shape.orders[0] if shape.orders else None
        found = self._order_prefix(first) if first is not None else ()
        if found:
            return _unsorted_stream(self._query, shape, found, first, 0, missing)
        return _unsorted_stream(self._query, shape, (self.name_prefix(),), None, 0, missing)

    def _fitting_composites(self, orders: tuple[Order, ...]) -> Iterable[tuple[CompositeIndex, int]]:
        shape = self._shape
        candidates = self._indexes.for_group(self._scope.collection_id)
        for index in sorted(candidates, key=lambda other: other.turned != shape.name_descending):
            count = len(index.fields) - len(orders)
            if index.group_scope != self._scope.all_descendants or count < 0:
                continue
            head, tail = index.fields[:count], index.fields[count:]
            fixes = all(column.path in (shape.contains if column.contains else shape.equalities) for column in head)
            sorts = all(
                column.path == order.path
                and not column.contains
                and column.inverted == (order.descending != shape.name_descending)
                for column, order in zip(tail, orders, strict=True)
            )
            if fixes and sorts and (head or tail):
                yield index, count

    def _composite_prefix(self, index: CompositeIndex, count: int) -> bytes:
        parts = [indexing.composite_prefix(index, self._scope.collection)]
        for column in index.fields[:count]:
            if column.contains:
                parts.append(self._shape.contains[column.path][:_MOST])
            else:
                encoded = self._shape.equalities[column.path][:_MOST]
                parts.append(invert(encoded) if column.inverted else encoded)
        return b"".join(parts)

    def _fixed_prefix(self, path: FieldPath) -> bytes | None:
        contains = path not in self._shape.equalities
        encoded = self._shape.contains[path] if contains else self._shape.equalities[path]
        prefix = self._single_prefix(path, contains=contains)
        return None if prefix is None else prefix + encoded[:_MOST]

    def _order_prefix(self, order: Order) -> tuple[bytes, ...]:
        prefix = self._single_prefix(order.path, contains=False)
        return () if prefix is None else (prefix,)

    def _single_prefix(self, path: FieldPath, *, contains: bool) -> bytes | None:
        setting = self._indexes.override(self._scope.collection_id, path)
        if self._scope.all_descendants:
            exists = setting.group_contains if contains else setting.group_ordered
            return indexing.group_field_prefix(self._scope.collection_id, path, contains=contains) if exists else None
        exists = setting.contains if contains else setting.ordered
        return indexing.field_prefix(self._scope.collection, path, contains=contains) if exists else None


def _shape(query: CompiledQuery, disjunct: Disjunct) -> _Shape:
    equalities: dict[FieldPath, bytes] = {}
    contains: dict[FieldPath, bytes] = {}
    ranges: list[Predicate] = []
    names: list[Predicate] = []
    residual = False
    for predicate in disjunct:
        if predicate.is_name:
            names.append(predicate)
            residual = residual or predicate.operator in NEGATIONS
        elif predicate.operator is Operator.EQUAL and predicate.path not in {*equalities, *contains}:
            equalities[predicate.path] = predicate.encoded[0]
        elif predicate.operator is Operator.ARRAY_CONTAINS and predicate.path not in {*equalities, *contains}:
            contains[predicate.path] = predicate.encoded[0]
        else:
            ranges.append(predicate)
            residual = residual or predicate.operator not in RANGES
    fixed_long = any(len(code) > _MOST for code in (*equalities.values(), *contains.values()))
    orders = tuple(order for order in query.orders if not order.is_name and order.path not in equalities)
    name = next(order for order in query.orders if order.is_name)
    return _Shape(equalities, contains, tuple(ranges), tuple(names), residual or fixed_long, orders, name.descending)


def _inverted_columns(orders: tuple[Order, ...], shape: _Shape) -> tuple[bool, ...]:
    return tuple(order.descending != shape.name_descending for order in orders)


def _stream(
    query: CompiledQuery,
    shape: _Shape,
    prefixes: tuple[bytes, ...],
    inverted: tuple[bool, ...],
    *,
    covered: int,
    missing: tuple[Order, ...] = (),
) -> Stream:
    """A stream in query order over indexes that end in `shape.orders`, with all bounds pushed into it."""
    window = _Window(inverted, shape.name_descending)
    ordered = query.orders[-1].is_name
    first = shape.orders[0] if shape.orders else None
    whole = covered == shape.fixed and not shape.residual and ordered
    for predicate in shape.ranges:
        if first is not None and predicate.path == first.path:
            whole = window.narrow_first(*predicate.bounds()) and whole
        else:
            whole = False
    whole = _narrow_names(query, shape, window) and whole
    if ordered and len(shape.orders) + 1 == len(query.orders):
        whole = window.narrow_cursors(query.start, query.end) and whole
    elif query.start is not None or query.end is not None:
        whole = False
    return Stream(prefixes, window.lower, window.upper, shape.name_descending, ordered, whole and ordered, missing)


def _unsorted_stream(
    query: CompiledQuery,
    shape: _Shape,
    prefixes: tuple[bytes, ...],
    ranged: Order | None,
    covered: int,
    missing: tuple[Order, ...],
) -> Stream:
    """A stream whose documents must be sorted afterwards; only filters on the ranged field bound it."""
    window = _Window((False,) if ranged is not None else (), reverse=False)
    whole = covered == shape.fixed and not shape.residual and query.start is None and query.end is None
    for predicate in shape.ranges:
        if ranged is not None and predicate.path == ranged.path:
            whole = window.narrow_first(*predicate.bounds()) and whole
        else:
            whole = False
    whole = whole and not shape.name_predicates and not query.scope.parent.path and len(shape.orders) <= 1
    whole = whole and not (shape.orders and ranged is None)
    return Stream(
        prefixes, window.lower, window.upper, reverse=False, ordered=False, exact=whole, missing_index=missing
    )


def _narrow_names(query: CompiledQuery, shape: _Shape, window: _Window) -> bool:
    """Push bounds on names into a window that is sorted by name alone; says whether nothing is left."""
    scope = query.scope
    below_parent = scope.all_descendants and bool(scope.parent.path)
    if shape.orders:
        return not shape.name_predicates and not below_parent
    if below_parent:
        # The parent itself is not below itself, even when its collection has the queried id.
        window.narrow_names(scope.parent.key + b"\x00", following(scope.parent.key))
    for predicate in shape.name_predicates:
        low, high = predicate.bounds()
        window.narrow_names(
            _name_position(query, low) if low is not None else b"",
            _name_position(query, high) if high is not None else None,
        )
    return True


def _name_position(query: CompiledQuery, cut: Cut) -> bytes:
    cut_off = 0 if query.scope.all_descendants else len(path_key(query.scope.collection))
    # A name is a prefix of the names below it, so "behind" is the next longer string, not the next prefix.
    return cut.prefix[cut_off:] + (b"\x00" if cut.after else b"")


class _Window:
    """The part of the rest of an index that a stream reads; it only ever gets narrower."""

    def __init__(self, inverted: tuple[bool, ...], reverse: bool) -> None:
        self._inverted = inverted
        self._reverse = reverse
        self.lower: Row = (b"", b"")
        self.upper: Row | None = None

    def narrow_first(self, low: Cut | None, high: Cut | None) -> bool:
        """Keep values of the first column between two cuts; says whether cut-off values cannot blur them."""
        exact = all(cut is None or len(cut.prefix) <= _MOST for cut in (low, high))
        low, high = low and _enclosing(low, after=False), high and _enclosing(high, after=True)
        if self._inverted[0]:
            low, high = high and high.inverted(), low and low.inverted()
        if low is not None:
            self._raise_lower(_row(low.position()))
        if high is not None:
            self._drop_upper(_row(high.position()))
        return exact

    def narrow_names(self, low: bytes, high: bytes | None) -> None:
        """Keep document keys in [low, high); only for windows without columns."""
        self._raise_lower((b"", low))
        if high is not None:
            self._drop_upper((b"", high))

    def narrow_cursors(self, start: Bound | None, end: Bound | None) -> bool:
        """Keep what lies between two cursors; says whether cut-off values cannot blur them."""
        if self._reverse:
            start, end = end, start
        if start is not None:
            self._raise_lower(self._cursor_position(start, blurred_after=False))
        if end is not None:
            self._drop_upper(self._cursor_position(end, blurred_after=True))
        bounds = [bound for bound in (start, end) if bound is not None]
        return all(len(part) <= _MOST for bound in bounds for part in bound.parts[: len(self._inverted)])

    def _cursor_position(self, bound: Bound, *, blurred_after: bool) -> Row | None:
        encoded = b""
        for part, inverted in zip(bound.parts, self._inverted, strict=False):
            encoded += invert(part[:_MOST]) if inverted else part[:_MOST]
            if len(part) > _MOST:
                return _row(Cut(encoded, blurred_after).position())
        # Read backwards, the place behind a position is the place before it.
        after = bound.after != self._reverse
        if len(bound.parts) > len(self._inverted):
            return encoded, bound.parts[-1] + (b"\x00" if after else b"")
        return _row(Cut(encoded, after).position())

    def _raise_lower(self, position: Row | None) -> None:
        if position is None:
            self.upper = (b"", b"")
        else:
            self.lower = max(self.lower, position)

    def _drop_upper(self, position: Row | None) -> None:
        if position is not None:
            self.upper = position if self.upper is None else min(self.upper, position)


def _enclosing(cut: Cut, *, after: bool) -> Cut:
    """The cut among cut-off values that leaves out nothing."""
    return cut if len(cut.prefix) <= _MOST else Cut(cut.prefix[:_MOST], after)


def _row(position: bytes | None) -> Row | None:
    return None if position is None else (position, b"")


def _needs_name_index(shape: _Shape) -> bool:
    return shape.name_descending and not shape.orders and shape.fixed > 0


def _required(query: CompiledQuery, shape: _Shape) -> tuple[Order, ...]:
    fixed = [Order(path, descending=False) for path in (*shape.equalities, *shape.contains)]
    orders: Sequence[Order] = shape.orders
    name = [order for order in query.orders if order.is_name]
    return (*fixed, *orders, *name)
