"""Serves google.firestore.v1.Firestore over gRPC, with generic handlers on raw protobuf messages for speed."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from emulator.firestore import messages
from emulator.firestore.errors import StatusError
from emulator.firestore.watch import WatchHub
from emulator.transport.callers import Caller, identify
from emulator.transport.calls import CALLS, Call, Performer, internal
from emulator.transport.write_stream import WriteStream

SERVICE = "/google.firestore.v1.Firestore/"
MESSAGE_BYTES_MAX = 16 << 20
"""Above Firestore's own 10 MiB request limit, so that the engine can answer what is too large; gRPC's default is 4."""

log = logging.getLogger(__name__)
Context = Any  # grpc.aio.ServicerContext; its generic parameters differ between stub versions


class GrpcServer:
    """A grpc.aio server on a Unix socket."""

    def __init__(self, performer: Performer, hub: WatchHub) -> None:
        options = (
            ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
            ("grpc.max_send_message_length", -1),
            ("grpc.so_reuseport", 0),
        )
        self._server = grpc.aio.server(options=options)
        self._server.add_generic_rpc_handlers((_Router(performer, hub),))

    async def start(self, socket_path: Path) -> None:
        """Begins to serve."""
        self._server.add_insecure_port(f"unix:{socket_path}")
        await self._server.start()

    async def stop(self, grace_seconds: float) -> None:
        """Ends open calls after the grace."""
        await self._server.stop(grace_seconds)


class _Router(grpc.GenericRpcHandler):  # type: ignore[type-arg]
    """Finds the handler of a method; unknown ones become UNIMPLEMENTED by gRPC itself."""

    def __init__(self, performer: Performer, hub: WatchHub) -> None:
        self._handlers: dict[str, Any] = {SERVICE + call.rpc: _call_handler(performer, call) for call in CALLS.values()}
        self._handlers[SERVICE + "Write"] = _stream_handler(_write(performer))
        self._handlers[SERVICE + "Listen"] = _stream_handler(_listen(performer, hub))
        self._handlers[SERVICE + "ExecutePipeline"] = grpc.unary_stream_rpc_method_handler(_refuse_pipeline)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        return self._handlers.get(handler_call_details.method)


def _call_handler(performer: Performer, call: Call) -> Any:
    async def answer(request_bytes: bytes, context: Context) -> list[Any]:
        try:
            request = _parse(call.request, request_bytes)
            return await performer.perform(call, request, _authorization(context))
        except StatusError as error:
            await context.abort(error.code, error.message)
            raise

    async def unary(request_bytes: bytes, context: Context) -> bytes:
        response: bytes = (await answer(request_bytes, context))[0].SerializeToString()
        return response

    async def streaming(request_bytes: bytes, context: Context) -> None:
        for response in await answer(request_bytes, context):
            await context.write(response.SerializeToString())

    if call.answers_many:
        return grpc.unary_stream_rpc_method_handler(streaming)
    return grpc.unary_unary_rpc_method_handler(unary)


Conversation = Callable[[AsyncIterator[bytes], Caller, Callable[[Any], Awaitable[None]]], Awaitable[None]]


def _stream_handler(converse: Conversation) -> Any:
    async def handle(requests: AsyncIterator[bytes], context: Context) -> None:
        async def send(response: Any) -> None:
            await context.write(response.SerializeToString())

        try:
            try:
                await converse(requests, identify(_authorization(context)), send)
            except StatusError:
                raise
            except Exception as error:
                raise internal("stream", error) from None
        except StatusError as error:
            log.info("Stream ended: %s", error.code.name)
            await context.abort(error.code, error.message)

    return grpc.stream_stream_rpc_method_handler(handle)


def _write(performer: Performer) -> Conversation:
    async def converse(requests: AsyncIterator[bytes], caller: Caller, send: Callable[[Any], Awaitable[None]]) -> None:
        stream = WriteStream(performer, caller)
        async for request_bytes in requests:
            await send(await stream.answer(_parse(messages.WriteRequest, request_bytes)))

    return converse


def _listen(performer: Performer, hub: WatchHub) -> Conversation:
    async def converse(requests: AsyncIterator[bytes], caller: Caller, send: Callable[[Any], Awaitable[None]]) -> None:
        def guard_for(database: str) -> Any:
            performer.note_project(database)
            return performer.policy.guard(caller, database)

        async def parsed() -> AsyncIterator[Any]:
            async for request_bytes in requests:
                yield _parse(messages.ListenRequest, request_bytes)

        await hub.serve(parsed(), send, guard_for)

    return converse


async def _refuse_pipeline(_request: bytes, context: Context) -> None:
    await context.abort(
        grpc.StatusCode.FAILED_PRECONDITION,
        "Pipeline queries need an enterprise edition database; this server keeps the standard edition.",
    )


def _parse(message_class: Any, data: bytes) -> Any:
    try:
        return message_class.FromString(data)
    except DecodeError:
        message = f"The request is not a {message_class.DESCRIPTOR.name}."
        raise StatusError(grpc.StatusCode.INVALID_ARGUMENT, message) from None


def _authorization(context: Context) -> str | None:
    for key, value in context.invocation_metadata() or ():
        if key == "authorization":
            return value if isinstance(value, str) else value.decode("ascii", "replace")
    return None
