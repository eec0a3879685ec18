"""Keeps one Write stream: hands out its id and tokens and answers each batch of writes in order."""

import uuid
from time import perf_counter
from typing import Any

import grpc

from emulator.firestore import messages
from emulator.firestore.errors import StatusError
from emulator.firestore.usage import Usage
from emulator.transport.callers import Caller, current_caller
from emulator.transport.calls import Performer, database_of_name, internal


class WriteStream:
    """The server's side of one Write stream, whatever carries it. Feed it requests one after the other."""

    def __init__(self, performer: Performer, caller: Caller) -> None:
        self._performer = performer
        self._caller = caller
        self._database = ""
        self._id = uuid.uuid4().hex
        self._answered = 0

    async def answer(self, request: Any) -> Any:
        """The response to one request; raises StatusError, which ends the stream.

        The first request opens the stream and carries only the database; later ones carry writes (maybe none) and the
        last token. Resuming an older stream is refused with ABORTED, on which clients open a new one.
        """
        if self._database:
            return await self._write(request)
        if request.stream_id or request.stream_token:
            raise StatusError(grpc.StatusCode.ABORTED, "resuming a stream not supported")
        if request.writes:
            raise StatusError(grpc.StatusCode.INVALID_ARGUMENT, "The first request of a stream must not have writes.")
        self._database = database_of_name(request.database)
        self._performer.policy.guard(self._caller, self._database)
        self._performer.note_project(self._database)
        return self._response()

    async def _write(self, request: Any) -> Any:
        if request.database and request.database != self._database:
            raise StatusError(grpc.StatusCode.INVALID_ARGUMENT, "A stream keeps the database it was opened with.")
        usage, started, status = Usage(), perf_counter(), "OK"
        try:
            current_caller.set(self._caller)
            guard = self._performer.policy.guard(self._caller, self._database)
            results, commit_time = await self._performer.service.write_once(
                self._database, list(request.writes), usage=usage, guard=guard
            )
        except StatusError as error:
            status = error.code.name
            raise
        except Exception as error:
            status = "INTERNAL"
            raise internal("Write", error) from None
        finally:
            milliseconds = (perf_counter() - started) * 1000
            self._performer.usage_log.record("Write", self._database, usage, milliseconds, status)
        response = self._response()
        response.write_results.extend(results)
        response.commit_time.CopyFrom(commit_time)
        return response

    def _response(self) -> Any:
        self._answered += 1
        return messages.WriteResponse(stream_id=self._id, stream_token=str(self._answered).encode())
