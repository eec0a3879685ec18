"""Tells one Listen client what changed: takes its targets, and answers with consistent snapshots."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import grpc

from emulator.firestore import messages
from emulator.firestore.errors import StatusError
from emulator.firestore.guard import Guard
from emulator.firestore.query import compile_query
from emulator.firestore.watch_targets import DocumentsTarget, QueryTarget, Target, query_interest

if TYPE_CHECKING:
    from emulator.firestore.watch import WatchHub

TARGETS_MAX = 1000
"""Targets one stream may hold at once."""

Send = Callable[[Any], Awaitable[None]]
GuardFor = Callable[[str], Guard | None]
Change = messages.TargetChange.TargetChangeType


class WatchStream:
    """One client's stream and its targets."""

    def __init__(self, hub: WatchHub, send: Send, guard_for: GuardFor) -> None:
        self._hub = hub
        self._send = send
        self._guard_for = guard_for
        self._database = ""
        self._targets: dict[int, Target] = {}
        self._fresh: dict[int, Any] = {}
        self._touched: dict[int, Target] = {}
        self._notices: list[Any] = []
        self._wake = asyncio.Event()

    async def run(self, requests: AsyncIterator[Any]) -> None:
        """Reads requests and writes responses until the requests end; raises StatusError for a broken stream."""
        reader = asyncio.create_task(self._read(requests))
        reader.add_done_callback(lambda _: self._wake.set())
        try:
            ended = False
            while not ended:
                woken = await self._woken()
                ended = reader.done()
                for response in self._drain(beat=not woken):
                    await self._send(response)
            reader.result()
        finally:
            reader.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await reader
            for target_id in tuple(self._targets):
                self._drop(target_id)

    def touch(self, target: Target) -> None:
        """A commit may concern `target`: look at it soon."""
        self._touched[target.target_id] = target
        self._wake.set()

    def recheck(self) -> None:
        """Rules changed: ask them again about each target."""
        for target_id, target in tuple(self._targets.items()):
            try:
                target.guard = self._guard_for(self._database)
                target.authorize()
            except StatusError as error:
                self._end(target_id, error)
        self._wake.set()

    async def _woken(self) -> bool:
        try:
            await asyncio.wait_for(self._wake.wait(), self._hub.heartbeat_seconds)
        except TimeoutError:
            return False
        self._wake.clear()
        return True

    async def _read(self, requests: AsyncIterator[Any]) -> None:
        async for request in requests:
            self._choose_database(request.database)
            kind = request.WhichOneof("target_change")
            if kind == "add_target":
                self._add(request.add_target)
            elif kind == "remove_target":
                self._remove(request.remove_target)
            self._wake.set()

    def _choose_database(self, database: str) -> None:
        if not database and not self._database:
            raise StatusError(grpc.StatusCode.INVALID_ARGUMENT, "The first request must name the database.")
        if database and self._database and database != self._database:
            raise StatusError(grpc.StatusCode.INVALID_ARGUMENT, "A stream listens to one database only.")
        self._database = database or self._database

    def _add(self, request: Any) -> None:
        target_id = request.target_id or max(self._targets, default=0) + 1
        self._drop(target_id)
        try:
            if len(self._targets) >= TARGETS_MAX:
                raise StatusError(grpc.StatusCode.RESOURCE_EXHAUSTED, "Too many targets on one stream.")
            target = self._target(target_id, request)
            target.authorize()
        except StatusError as error:
            self._notices.append(_target_change(Change.ADD, target_id))
            self._end(target_id, error)
            return
        self._targets[target_id] = target
        self._fresh[target_id] = request
        self._hub.add(self, target)

    def _target(self, target_id: int, request: Any) -> Target:
        service, database = self._hub.service, self._database
        guard = self._guard_for(database)
        kind = request.WhichOneof("target_type")
        if kind == "documents":
            if any(not name.startswith(database + "/documents/") for name in request.documents.documents):
                raise StatusError(grpc.StatusCode.INVALID_ARGUMENT, "A document of another database was named.")
            return DocumentsTarget(service, database, target_id, guard, request.documents.documents)
        if kind == "query" and request.query.WhichOneof("query_type"):
            parent, structured = request.query.parent, request.query.structured_query
            query = compile_query(parent, structured)
            interest = query_interest(database, parent, structured)
            return QueryTarget(service, database, target_id, guard, query, interest)
        raise StatusError(grpc.StatusCode.INVALID_ARGUMENT, "The target has neither documents nor a query.")

    def _remove(self, target_id: int) -> None:
        if target_id in self._targets:
            self._drop(target_id)
            self._notices.append(_target_change(Change.REMOVE, target_id))

    def _drop(self, target_id: int) -> None:
        target = self._targets.pop(target_id, None)
        self._fresh.pop(target_id, None)
        self._touched.pop(target_id, None)
        if target:
            self._hub.discard(self, target)

    def _end(self, target_id: int, error: StatusError) -> None:
        self._drop(target_id)
        response = _target_change(Change.REMOVE, target_id)
        response.target_change.cause.code = error.code.value[0]
        response.target_change.cause.message = error.message
        self._notices.append(response)
        self._wake.set()

    def _drain(self, *, beat: bool) -> list[Any]:
        """Everything to say now. Runs without a pause, so all of it is one consistent snapshot."""
        responses, ended_once = self._changes()
        if self._targets and (responses or beat):
            snapshot = _target_change(Change.NO_CHANGE)
            self._mark(snapshot)
            responses.append(snapshot)
        notices, self._notices = self._notices, []
        for target_id in ended_once:
            self._drop(target_id)
            notices.append(_target_change(Change.REMOVE, target_id))
        return responses + notices

    def _changes(self) -> tuple[list[Any], list[int]]:
        responses: list[Any] = []
        ended_once: list[int] = []
        for target_id, request in tuple(self._fresh.items()):
            responses += self._looked_at(target_id, partial(self._begin, request))
            if request.once and target_id in self._targets:
                ended_once.append(target_id)
        self._fresh.clear()
        touched, self._touched = self._touched, {}
        for target_id in touched:
            if target_id in self._targets and target_id not in ended_once:
                responses += self._looked_at(target_id, lambda target: target.increment())
        return responses, ended_once

    def _looked_at(self, target_id: int, look: Callable[[Target], list[Any]]) -> list[Any]:
        target = self._targets[target_id]
        try:
            responses = look(target)
        except StatusError as error:
            self._end(target_id, error)
            return []
        if target.billed_reads:
            self._hub.bill(self._database, target.billed_reads)
            target.billed_reads = 0
        return responses

    def _begin(self, request: Any, target: Target) -> list[Any]:
        """The first responses of a target: its announcement, what its client lacks, and CURRENT."""
        target.pending.clear()
        responses = [_target_change(Change.ADD, target.target_id)]
        missed = self._missed(target, request)
        if missed is None:
            if request.WhichOneof("resume_type"):
                responses.append(_target_change(Change.RESET, target.target_id))
            missed = target.replay()
        current = _target_change(Change.CURRENT, target.target_id)
        self._mark(current)
        return [*responses, *missed, current]

    def _missed(self, target: Target, request: Any) -> list[Any] | None:
        if request.WhichOneof("resume_type") != "resume_token" or not request.resume_token:
            return None
        version = self._hub.version_in(request.resume_token)
        changes = None if version is None else self._hub.service.changes_since(self._database, version)
        if changes is None:
            return None
        expected = request.expected_count.value if request.HasField("expected_count") else None
        return target.catch_up(changes, expected)

    def _mark(self, response: Any) -> None:
        response.target_change.resume_token = self._hub.token(self._database)
        response.target_change.read_time.FromNanoseconds(self._hub.read_nanoseconds(self._database))


def _target_change(kind: Any, *target_ids: int) -> Any:
    response = messages.ListenResponse()
    response.target_change.target_change_type = kind
    response.target_change.target_ids.extend(target_ids)
    return response
