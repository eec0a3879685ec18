"""Reads a whole collection page by page, so that memory stays flat however many documents there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google.cloud.firestore import CollectionReference, Query

    from imagesfactory.kit.unit_of_work import Snapshot

PAGE = 500


def paged(source: Query | CollectionReference, fields: Sequence[str], size: int = PAGE) -> Iterator[Snapshot]:
    """All documents of ``source`` in the order of their paths, only with ``fields``, at most ``size`` at a time."""
    query: Any = source
    query = query.select(fields).order_by("__name__").limit(size)
    page = list(query.stream())
    while page:
        yield from page
        page = list(query.start_after(page[-1]).stream()) if len(page) == size else []
