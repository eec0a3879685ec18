"""Serves google.firestore.v1.Firestore over gRPC, with generic handlers on raw protobuf messages for speed."""

import logging
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from emulator.firestore.errors import StatusError
from emulator.transport.callers import identify
from emulator.transport.calls import CALLS, Call, Performer
from emulator.transport.conversations import Conversation

SERVICE = "/google.firestore.v1.Firestore/"
MESSAGE_BYTES_MAX = 16 << 20
"""Above Firestore's own 10 MiB request limit, so that the engine can answer what is too large; gRPC's default is 4."""

log = logging.getLogger(__name__)
Context = Any  # grpc.aio.ServicerContext; its generic parameters differ between stub versions


class GrpcServer:
    """A grpc.aio server on a Unix socket."""

    def __init__(self, performer: Performer, streams: Iterable[Conversation]) -> None:
        options = (
            ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
            ("grpc.max_send_message_length", -1),
            ("grpc.so_reuseport", 0),
        )
        self._server = grpc.aio.server(options=options)
        self._server.add_generic_rpc_handlers((_Router(performer, streams),))

    async def start(self, socket_path: Path) -> None:
        """Begins to serve."""
        self._server.add_insecure_port(f"unix:{socket_path}")
        await self._server.start()

    async def stop(self, grace_seconds: float) -> None:
        """Ends open calls after the grace."""
        await self._server.stop(grace_seconds)


class _Router(grpc.GenericRpcHandler):  # type: ignore[type-arg]
    """Finds the handler of a method; unknown ones become UNIMPLEMENTED by gRPC itself."""

    def __init__(self, performer: Performer, streams: Iterable[Conversation]) -> None:
        self._handlers: dict[str, Any] = {SERVICE + call.rpc: _call_handler(performer, call) for call in CALLS.values()}
        for conversation in streams:
            self._handlers[SERVICE + conversation.rpc] = _stream_handler(conversation)
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


def _stream_handler(conversation: Conversation) -> Any:
    async def handle(requests: AsyncIterator[bytes], context: Context) -> None:
        async def parsed() -> AsyncIterator[Any]:
            async for request_bytes in requests:
                yield _parse(conversation.request, request_bytes)

        async def send(response: Any) -> None:
            await context.write(response.SerializeToString())

        try:
            await conversation.run(parsed(), identify(_authorization(context)), send)
        except StatusError as error:
            log.info("%s stream ended: %s", conversation.rpc, error.code.name)
            await context.abort(error.code, error.message)

    return grpc.stream_stream_rpc_method_handler(handle)


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
