"""Nearest-neighbour search over a vector field: exact, by measuring every candidate.

Source: google.firestore.v1 StructuredQuery.FindNearest; cloud.google.com/firestore/docs/vector-search.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from emulator.firestore import fieldpaths, keys, limits, values
from emulator.firestore.errors import invalid_argument
from emulator.firestore.messages import Document, StructuredQuery, Value

_EUCLIDEAN, _COSINE, _DOT_PRODUCT = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Nearest:
    """A checked nearest-neighbour search.

    Attributes:
        path: The vector field.
        target: The vector to be near to.
        measure: Number of the DistanceMeasure.
        limit: The most documents.
        threshold: The worst distance allowed, or None.
        result_path: Where the distance is put into a result, empty for nowhere.

    """

    path: fieldpaths.FieldPath
    target: tuple[float, ...]
    measure: int
    limit: int
    threshold: float | None
    result_path: fieldpaths.FieldPath

    def of(self, documents: Iterable[Document]) -> list[Document]:
        """The nearest documents, best first; those without a vector of the same dimension are left out."""
        ranked = []
        for document in documents:
            vector = _vector(fieldpaths.lookup(document, self.path))
            if vector is not None and len(vector) == len(self.target):
                distance = _MEASURES[self.measure](self.target, vector)
                if self._is_near_enough(distance):
                    ranked.append((self._rank(distance), document.name, distance, document))
        ranked.sort(key=lambda item: item[:2])
        return [self._with_distance(document, distance) for _, _, distance, document in ranked[: self.limit]]

    def _rank(self, distance: float) -> float:
        # A greater dot product means nearer; the other measures are true distances.
        return -distance if self.measure == _DOT_PRODUCT else distance

    def _is_near_enough(self, distance: float) -> bool:
        if math.isnan(distance):
            return False
        return self.threshold is None or self._rank(distance) <= self._rank(self.threshold)

    def _with_distance(self, document: Document, distance: float) -> Document:
        if not self.result_path:
            return document
        result = Document()
        result.CopyFrom(document)
        fieldpaths.assign(result, self.result_path, Value(double_value=distance))
        return result


def compile_nearest(structured: StructuredQuery) -> Nearest | None:
    """The nearest-neighbour search of a query, or None when it has none.

    Raises:
        StatusError: INVALID_ARGUMENT for a malformed search.

    """
    if not structured.HasField("find_nearest"):
        return None
    message = structured.find_nearest
    target = _vector(message.query_vector)
    if target is None:
        raise invalid_argument("query_vector must be a vector.")
    if message.distance_measure not in _MEASURES:
        raise invalid_argument("find_nearest must have a distance_measure.")
    if not 0 < message.limit.value <= limits.NEAREST_RESULTS_MAX:
        raise invalid_argument(f"find_nearest must have a limit between 1 and {limits.NEAREST_RESULTS_MAX}.")
    return Nearest(
        path=fieldpaths.parse(message.vector_field.field_path),
        target=target,
        measure=message.distance_measure,
        limit=message.limit.value,
        threshold=message.distance_threshold.value if message.HasField("distance_threshold") else None,
        result_path=fieldpaths.parse(message.distance_result_field) if message.distance_result_field else (),
    )


def _vector(value: Value | None) -> tuple[float, ...] | None:
    if value is None or value.WhichOneof("value_type") != "map_value" or not keys.is_vector(value):
        return None
    return tuple(values.number_of(element) for element in value.map_value.fields["value"].array_value.values)


def _euclidean(left: Sequence[float], right: Sequence[float]) -> float:
    return math.dist(left, right)


def _dot_product(left: Sequence[float], right: Sequence[float]) -> float:
    return sum(mine * theirs for mine, theirs in zip(left, right, strict=True))


def _cosine(left: Sequence[float], right: Sequence[float]) -> float:
    lengths = math.hypot(*left) * math.hypot(*right)
    return 1 - _dot_product(left, right) / lengths if lengths else math.nan


_MEASURES: dict[int, Callable[[Sequence[float], Sequence[float]], float]] = {
    _EUCLIDEAN: _euclidean,
    _COSINE: _cosine,
    _DOT_PRODUCT: _dot_product,
}
