"""Reads a whole collection in pages, so that memory stays flat and no query has to live for hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from imagesfactory.kit.unit_of_work import Snapshot

PAGE = 300


def pages(query: Any, size: int = PAGE) -> Iterator[list[Snapshot]]:
    """What an ordered query finds, ``size`` records at a time, each page read when it is asked for."""
    start = query.limit(size)
    while page := list(start.stream()):
        yield page
        if len(page) < size:
            return
        start = query.start_after(page[-1]).limit(size)


def between(query: Any, instant: str, start: datetime, end: datetime) -> Any:
    """``query`` for records whose ``instant`` is from ``start`` up to, and without, ``end``, in its order."""
    return (
        query.where(filter=matching(instant, ">=", start)).where(filter=matching(instant, "<", end)).order_by(instant)
    )


def matching(path: str, operator: str, value: object) -> Any:
    """A condition on one field."""
    from google.cloud.firestore import FieldFilter

    return FieldFilter(path, operator, value)


def is_leaving(client: Client, uid: str) -> bool:
    """Whether a withdrawal of this member is under way."""
    return bool(client.collection("withdrawals").document(uid).get(()).exists)


def fields_of(snapshot: Snapshot, name: str) -> dict[str, Any]:
    """A field that is a map; empty where there is none."""
    return dict((snapshot.to_dict() or {}).get(name) or {})
