"""Holds Firestore's two bidirectional calls, Listen and Write, for whatever transport carries their messages."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from emulator.firestore import messages
from emulator.firestore.errors import StatusError
from emulator.firestore.watch import WatchHub
from emulator.transport.callers import Caller
from emulator.transport.calls import Performer, internal
from emulator.transport.write_stream import WriteStream

Send = Callable[[Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Conversation:
    """One bidirectional call: the class of its requests, and how it is held until the requests end."""

    rpc: str
    request: Any
    hold: Callable[[AsyncIterator[Any], Caller, Send], Awaitable[None]]

    async def run(self, requests: AsyncIterator[Any], caller: Caller, send: Send) -> None:
        """Holds the call; raises StatusError only (and lets cancellation through)."""
        try:
            await self.hold(requests, caller, send)
        except StatusError:
            raise
        except Exception as error:
            raise internal(self.rpc, error) from None


def conversations(performer: Performer, hub: WatchHub) -> tuple[Conversation, Conversation]:
    """Listen and Write of one server."""

    async def listen(requests: AsyncIterator[Any], caller: Caller, send: Send) -> None:
        def guard_for(database: str) -> Any:
            performer.note_project(database)
            return performer.policy.guard(caller, database)

        await hub.serve(requests, send, guard_for)

    async def write(requests: AsyncIterator[Any], caller: Caller, send: Send) -> None:
        stream = WriteStream(performer, caller)
        async for request in requests:
            await send(await stream.answer(request))

    return (
        Conversation("Listen", messages.ListenRequest, listen),
        Conversation("Write", messages.WriteRequest, write),
    )
