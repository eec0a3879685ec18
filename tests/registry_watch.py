"""Watches every write of the tests' process: what our code writes must have its place in policy/retention.yaml.

Whatever room, client or database: each commit passes the one client library, and each file the one bucket, so nothing
has to be remembered when a room is added. A write of our own code to a place without a row raises where it is made,
and fails its test even if somebody catches that. Tests may write what they like.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any
from unittest.mock import patch

from google.cloud import storage  # type: ignore[attr-defined] # it says nothing of its types
from google.cloud.firestore_v1.services.firestore import FirestoreAsyncClient, FirestoreClient
from imagesfactory.policy.retention import matching_template, place_of, retention

OURS = str(Path(__file__).parents[1] / "functions" / "imagesfactory")


class Unregistered(AssertionError):
    """Something of ours was written where the registry has no row."""


class RegistryWatch:
    """Knows what was written where."""

    def __init__(self) -> None:
        self.written: set[tuple[str, str]] = set()
        """(database or "bucket", place of the registry)"""
        self.strays: list[str] = []
        self._known: dict[tuple[str, ...], tuple[str, str]] = {}
        self._pretended = False

    def document(self, name: str) -> None:
        """Look at one written document, by its full resource name."""
        _, _, _, database, _, *path = name.split("/")
        shape = (database, *path[::2], str(len(path)))
        if shape not in self._known:
            place = place_of("/".join(path))
            if place is None or not may_hold(database, place):
                self._stray(f"database {database}: " + "/".join(path[::2]))
                return
            self._known[shape] = (database, place)
        if self._known[shape] not in self.written and self._is_ours():
            self.written.add(self._known[shape])

    def file(self, name: str) -> None:
        """Look at one named file of the bucket."""
        place = bucket_place_of(name)
        if place is None:
            self._stray(f"bucket: {name.partition('/')[0]}/")
        elif ("bucket", place) not in self.written and self._is_ours():
            self.written.add(("bucket", place))

    def unwritten(self) -> set[str]:
        """Places of the registry in which our code wrote nothing."""
        return {*retention().collections, *retention().buckets} - {place for _, place in self.written}

    @contextmanager
    def pretending(self) -> Iterator[list[str]]:
        """What a test writes itself counts as ours; its strays are handed out and forgotten."""
        self._pretended, before = True, len(self.strays)
        found: list[str] = []
        try:
            yield found
        finally:
            self._pretended = False
            found += self.strays[before:]
            del self.strays[before:]

    def _stray(self, what: str) -> None:
        if self._is_ours():
            self.strays.append(what)
            raise Unregistered(what)

    def _is_ours(self) -> bool:
        frame = inspect.currentframe()
        while frame is not None and not self._pretended:
            if frame.f_code.co_filename.startswith(OURS):
                return True
            frame = frame.f_back
        return self._pretended


WATCH = RegistryWatch()


def bucket_place_of(name: str) -> str | None:
    """The registered place of a file of this name, or None."""
    return matching_template(name, retention().buckets)


@contextmanager
def watching() -> Iterator[RegistryWatch]:
    """Every client made in this process is watched inside the block."""
    with (
        patch.object(FirestoreClient, "commit", _looking(FirestoreClient.commit)),
        patch.object(FirestoreClient, "batch_write", _looking(FirestoreClient.batch_write)),
        patch.object(FirestoreAsyncClient, "commit", _looking(FirestoreAsyncClient.commit)),
        patch.object(storage.Bucket, "blob", _naming(storage.Bucket.blob)),
    ):
        yield WATCH


def may_hold(database: str, place: str) -> bool:
    """The archive holds only what a law keeps."""
    return database == "(default)" or retention().classes[retention().collections[place].record_class].archived


def _looking(commit: Any) -> Any:
    @wraps(commit)
    def watched(client: Any, request: Any = None, **more: Any) -> Any:
        for name in _documents(request["writes"] if isinstance(request, dict) else request.writes):
            WATCH.document(name)
        return commit(client, request=request, **more)

    return watched


def _documents(writes: Iterable[Any]) -> Iterator[str]:
    for write in writes:
        message = getattr(write, "_pb", write)
        if not message.delete:
            yield message.update.name or message.transform.document


def _naming(blob: Any) -> Any:
    @wraps(blob)
    def watched(bucket: Any, name: str, *positional: Any, **more: Any) -> Any:
        WATCH.file(name)
        return blob(bucket, name, *positional, **more)

    return watched
