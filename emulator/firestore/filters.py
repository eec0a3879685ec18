"""The filters of a query: a tree of predicates that documents are tested against.

Source: google.firestore.v1 StructuredQuery.Filter. Every comparison is one of encoded bytes (see keys).
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.firestore import fieldpaths, keys
from emulator.firestore.fieldpaths import NAME_FIELD, FieldPath
from emulator.firestore.keys import Cut
from emulator.firestore.paths import parse_document

if TYPE_CHECKING:
    from emulator.firestore.messages import Document, Value


class Operator(enum.Enum):
    """What a predicate asks of a field; unary filters are comparisons with null or NaN."""

    LESS_THAN = 1
    LESS_THAN_OR_EQUAL = 2
    GREATER_THAN = 3
    GREATER_THAN_OR_EQUAL = 4
    EQUAL = 5
    NOT_EQUAL = 6
    ARRAY_CONTAINS = 7
    IN = 8
    ARRAY_CONTAINS_ANY = 9
    NOT_IN = 10


RANGES = frozenset(
    {
        Operator.LESS_THAN,
        Operator.LESS_THAN_OR_EQUAL,
        Operator.GREATER_THAN,
        Operator.GREATER_THAN_OR_EQUAL,
    }
)
NEGATIONS = frozenset({Operator.NOT_EQUAL, Operator.NOT_IN})
INEQUALITIES = RANGES | NEGATIONS


@dataclass(frozen=True, slots=True)
class Predicate:
    """One comparison.

    Attributes:
        path: The field; ``("__name__",)`` is the document's name.
        operator: The comparison.
        operands: The values compared with, more than one for IN, NOT_IN and ARRAY_CONTAINS_ANY.
        encoded: Their encodings in the same order; names as path keys.

    """

    path: FieldPath
    operator: Operator
    operands: tuple[Value, ...]
    encoded: tuple[bytes, ...]

    @property
    def is_name(self) -> bool:
        """Whether the predicate is about the document's name."""
        return self.path == (NAME_FIELD,)

    def matches(self, document: Document) -> bool:
        """Whether a document satisfies the comparison."""
        if not self.encoded:
            return False
        if self.is_name:
            return self._accepts(parse_document(document.name).key)
        value = fieldpaths.lookup(document, self.path)
        if value is None:
            return False
        if self.operator in {Operator.ARRAY_CONTAINS, Operator.ARRAY_CONTAINS_ANY}:
            return any(keys.encode(element) in self.encoded for element in value.array_value.values)
        return self._accepts(keys.encode(value))

    def bounds(self) -> tuple[Cut | None, Cut | None]:
        """The range of encodings the comparison accepts; for `!=` and `not-in` what encloses it."""
        operand = self.encoded[0]
        if self.operator is Operator.EQUAL:
            return Cut(operand, after=False), Cut(operand, after=True)
        if self.operator in NEGATIONS:
            return (None if self.is_name else Cut(keys.NULL, after=True)), None
        if self.is_name:
            lowest, highest = None, None
        else:
            lowest, highest = Cut(operand[:1], after=False), Cut(operand[:1], after=True)
        if self.operator in {Operator.LESS_THAN, Operator.LESS_THAN_OR_EQUAL}:
            return lowest, Cut(operand, after=self.operator is Operator.LESS_THAN_OR_EQUAL)
        return Cut(operand, after=self.operator is Operator.GREATER_THAN), highest

    def _accepts(self, encoded: bytes) -> bool:
        operator, operand = self.operator, self.encoded[0]
        if operator in {Operator.EQUAL, Operator.IN}:
            return encoded in self.encoded
        if operator in NEGATIONS:
            return encoded != keys.NULL and encoded not in self.encoded and keys.NULL not in self._null_in_list()
        if not self.is_name and encoded[:1] != operand[:1]:
            return False
        if operator is Operator.LESS_THAN:
            return encoded < operand
        if operator is Operator.LESS_THAN_OR_EQUAL:
            return encoded <= operand
        if operator is Operator.GREATER_THAN:
            return encoded > operand
        return encoded >= operand

    def _null_in_list(self) -> tuple[bytes, ...]:
        return self.encoded if self.operator is Operator.NOT_IN else ()


@dataclass(frozen=True, slots=True)
class Conjunction:
    """All parts must hold."""

    parts: tuple[Filter, ...]

    def matches(self, document: Document) -> bool:
        """Whether a document satisfies every part."""
        return all(part.matches(document) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Disjunction:
    """One part must hold."""

    parts: tuple[Filter, ...]

    def matches(self, document: Document) -> bool:
        """Whether a document satisfies a part."""
        return any(part.matches(document) for part in self.parts)


Filter = Predicate | Conjunction | Disjunction
Disjunct = tuple[Predicate, ...]


def predicates(node: Filter | None) -> Iterator[Predicate]:
    """Every predicate of a tree, left to right."""
    if isinstance(node, Predicate):
        yield node
    elif node is not None:
        for part in node.parts:
            yield from predicates(part)


def disjuncts(node: Filter | None) -> Iterator[Disjunct]:
    """The disjunctive normal form, lazily; `in` and `array-contains-any` are split into their values."""
    if node is None:
        yield ()
    elif isinstance(node, Predicate):
        yield from ((part,) for part in _split(node))
    elif isinstance(node, Disjunction):
        for part in node.parts:
            yield from disjuncts(part)
    else:
        for combination in itertools.product(*(tuple(disjuncts(part)) for part in node.parts)):
            yield _joined(combination)


def disjunct_count(node: Filter | None) -> int:
    """How many disjuncts the normal form has, without building it."""
    if node is None:
        return 1
    if isinstance(node, Predicate):
        return len(_split(node))
    counts = [disjunct_count(part) for part in node.parts]
    if isinstance(node, Disjunction):
        return sum(counts)
    product = 1
    for count in counts:
        product *= count
    return product


_SPLIT = {Operator.IN: Operator.EQUAL, Operator.ARRAY_CONTAINS_ANY: Operator.ARRAY_CONTAINS}


def _split(predicate: Predicate) -> Sequence[Predicate]:
    single = _SPLIT.get(predicate.operator)
    if single is None:
        return (predicate,)
    # Values that are equal (1 and 1.0) ask for the same documents.
    pairs = dict(zip(predicate.encoded, predicate.operands, strict=True))
    return [Predicate(predicate.path, single, (operand,), (code,)) for code, operand in pairs.items()]


def _joined(parts: Sequence[Disjunct]) -> Disjunct:
    unique = {(part.path, part.operator, part.encoded): part for disjunct in parts for part in disjunct}
    return tuple(unique.values())
