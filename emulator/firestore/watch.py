"""Hears every commit for all Listen streams of a server and marks the targets it may concern.

Streams pull: the hub only marks, and a stream's own task works out the difference when its client can take it. A slow
client therefore costs bounded memory and sees fewer, larger, still consistent snapshots.
"""

import os
import struct
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc

from emulator.firestore.errors import StatusError
from emulator.firestore.service import FirestoreService
from emulator.firestore.watch_stream import GuardFor, Send, WatchStream
from emulator.firestore.watch_targets import Target, change_interests

HEARTBEAT_SECONDS = 30.0
"""A silent stream says NO_CHANGE this often, which also moves the client's resume token on."""
TOKEN = struct.Struct(">2s8sQ")
TOKEN_MARK = b"if"

Bill = Callable[[str, int], None]
"""Takes a database and the number of document reads a delivery cost."""


class WatchHub:
    """All streams of one server, indexed by what they are interested in."""

    def __init__(self, service: FirestoreService, bill: Bill, heartbeat_seconds: float = HEARTBEAT_SECONDS) -> None:
        self.service = service
        self.bill = bill
        self.heartbeat_seconds = heartbeat_seconds
        self.incarnation = os.urandom(8)
        self._interested: defaultdict[str, set[tuple[WatchStream, Target]]] = defaultdict(set)
        self._streams: set[WatchStream] = set()
        self._commit_times: dict[str, int] = {}
        self._unsubscribe = service.subscribe(self._on_commit)

    @property
    def stream_count(self) -> int:
        """Open streams, for leak checks."""
        return len(self._streams)

    async def serve(self, requests: AsyncIterator[Any], send: Send, guard_for: GuardFor) -> None:
        """Serves one Listen stream until its requests end or the task is cancelled. Raises StatusError.

        `guard_for` gives the guard of the stream's caller for a database, or raises PERMISSION_DENIED.
        """
        stream = WatchStream(self, send, guard_for)
        self._streams.add(stream)
        try:
            await stream.run(requests)
        finally:
            self._streams.discard(stream)

    def recheck(self) -> None:
        """Asks the guards again about every target, because rules changed."""
        for stream in self._streams:
            stream.recheck()

    def close(self) -> None:
        """Stops hearing commits."""
        self._unsubscribe()

    def add(self, stream: WatchStream, target: Target) -> None:
        """From now on `target` hears of commits."""
        for interest in target.interests:
            self._interested[interest].add((stream, target))

    def discard(self, stream: WatchStream, target: Target) -> None:
        """Undoes `add`."""
        for interest in target.interests:
            listeners = self._interested[interest]
            listeners.discard((stream, target))
            if not listeners:
                del self._interested[interest]

    def token(self, database: str) -> bytes:
        """A resume token for now: valid for this process only, as the version numbers' history is."""
        return TOKEN.pack(TOKEN_MARK, self.incarnation, self.service.version(database))

    def version_in(self, token: bytes) -> int | None:
        """The version in a token of this process, None for another process's; raises INVALID_ARGUMENT."""
        if len(token) != TOKEN.size or token[:2] != TOKEN_MARK:
            raise StatusError(grpc.StatusCode.INVALID_ARGUMENT, "bad resume token")
        _, incarnation, version = TOKEN.unpack(token)
        return version if incarnation == self.incarnation else None

    def read_nanoseconds(self, database: str) -> int:
        """The time of a snapshot taken now: never before the last commit, in whole microseconds."""
        wall = time.time_ns() // 1000 * 1000
        return max(wall, self._commit_times.get(database, 0))

    def _on_commit(self, committed: Any) -> None:
        self._commit_times[committed.database] = committed.commit_time.ToNanoseconds()
        for change in committed.changes:
            for interest in change_interests(committed.database, change.name):
                for stream, target in self._interested.get(interest, ()):
                    target.pending[change.name] = change.after
                    stream.touch(target)
