"""Reads the next page of due records while the present one is destroyed: the one waits for the database, so the other
may as well. Two pages are in memory, however many records are due.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, Self

from imagesfactory.privacy.purge.model import Position
from imagesfactory.privacy.purge.store import DuePlace

if TYPE_CHECKING:
    from datetime import datetime

    from imagesfactory.kit.lean_query import AnyRecord


class PagesAhead:
    """Hands out page after page. A record that changes between its reading and its turn is judged again by whoever
    destroys it, since it is deleted only as it was read.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="purge-ahead")
        self._promised: tuple[tuple[datetime, Position], Future[list[AnyRecord]]] | None = None

    def take(self, place: DuePlace, due_before: datetime, after: Position) -> tuple[list[AnyRecord], Position | None]:
        """The page of ``place`` that follows ``after``, and where the one after it begins; None if this is the last.

        Raises:
            google.api_core.exceptions.GoogleAPICallError: the place cannot be read.

        """
        promised, self._promised = self._promised, None
        if promised is not None and promised[0] == (due_before, after):
            page = promised[1].result()
        else:
            page = place.page(due_before, after, self._size)
        if len(page) < self._size:
            return page, None
        last = page[-1]
        follows = Position(after.step, last.get("destroy_at"), last.reference.path)
        self._promised = (due_before, follows), self._reader.submit(place.page, due_before, follows, self._size)
        return page, follows

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.shutdown(cancel_futures=True)
