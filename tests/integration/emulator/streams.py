"""Raw Listen and Write streams for tests that look at single messages."""

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from google.cloud.firestore_v1.types import firestore

ListenRequest: Any = firestore.ListenRequest.pb()
ListenResponse: Any = firestore.ListenResponse.pb()
WriteRequest: Any = firestore.WriteRequest.pb()
WriteResponse: Any = firestore.WriteResponse.pb()
OWNER = (("authorization", "Bearer owner"),)
ANSWER_SECONDS_MAX = 30.0


class Stream:
    """One open bidirectional call: `send` requests, iterate over the responses."""

    def __init__(self, channel: grpc.Channel, rpc: str, response_class: Any, metadata: Any) -> None:
        self._requests: queue.Queue[Any] = queue.Queue()
        method = channel.stream_stream(
            f"/google.firestore.v1.Firestore/{rpc}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=response_class.FromString,
        )
        self._call: Any = method(iter(self._requests.get, None), metadata=metadata, timeout=ANSWER_SECONDS_MAX)

    def send(self, request: Any) -> None:
        """Sends one request."""
        self._requests.put(request)

    def next(self) -> Any:
        """The next response; raises grpc.RpcError when the stream ended badly."""
        return next(self._call)

    def close(self) -> None:
        """Cancels the call."""
        self._requests.put(None)
        self._call.cancel()

    def until_snapshot(self) -> list[Any]:
        """The responses up to the next consistent snapshot (a NO_CHANGE without targets), that one included."""
        responses = []
        while True:
            response = self.next()
            responses.append(response)
            change = response.target_change
            if response.HasField("target_change") and not change.target_ids and not change.target_change_type:
                return responses


@contextmanager
def open_stream(address: str, rpc: str, metadata: Any = OWNER) -> Iterator[Stream]:
    """A Listen or Write stream, closed at the end of the block."""
    with grpc.insecure_channel(address) as channel:
        stream = Stream(channel, rpc, ListenResponse if rpc == "Listen" else WriteResponse, metadata)
        try:
            yield stream
        finally:
            stream.close()


def kinds(responses: list[Any]) -> list[str]:
    """Responses in short: target changes by their type's name, documents by kind and id."""
    return [_kind(response) for response in responses]


def _kind(response: Any) -> str:
    name = response.WhichOneof("response_type")
    part = getattr(response, name)
    if name == "target_change":
        return str(type(part).TargetChangeType.Name(part.target_change_type))
    if name == "document_change":
        return f"change {part.document.name.rpartition('/')[2]}"
    return f"{name.removeprefix('document_')} {part.document.rpartition('/')[2]}"
