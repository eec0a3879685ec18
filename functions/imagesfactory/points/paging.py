"""Reads a whole collection page by page, so that memory stays flat however many documents there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google.cloud.firestore import CollectionReference, DocumentReference, Query

    from imagesfactory.kit.unit_of_work import Snapshot

PAGE = 500


def paged(
    source: Query | CollectionReference,
    fields: Sequence[str],
    size: int = PAGE,
    after: DocumentReference | None = None,
) -> Iterator[Snapshot]:
    """All documents of ``source`` in the order of their paths, only with ``fields``, at most ``size`` at a time; those
    that follow ``after``, which need not be there.
    """
    query: Any = source
    query = query.select(fields).order_by("__name__").limit(size)
    first = query if after is None else query.start_after({"__name__": after})
    page = list(first.stream())
    while page:
        yield from page
        page = list(query.start_after(page[-1]).stream()) if len(page) == size else []
