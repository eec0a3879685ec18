"""Keeps one WebChannel session: numbered messages both ways over HTTP requests that come and go.

The protocol is Closure's (google/closure-library, goog/labs/net/webchannel), version 8. It knows nothing of Firestore.
"""

import asyncio
import contextlib
import json
import uuid
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

VERSION = 8
SERVER_VERSION = 14
KEEP_ALIVE_SECONDS = 30.0
"""A silent back channel gets a noop this often; the client gives up after one and a half times this."""
ORPHAN_SECONDS = 60.0
"""A session without a back channel for so long is over."""
BACK_CHANNEL_CHARACTERS_MAX = 4 << 20
"""After so much one back channel ends; the next one's request acknowledges what arrived."""
UNSENT_ARRAYS_MAX = 256
"""What may wait for a slow client before the sender is asked to wait."""
MAPS_AHEAD_MAX = 1000
"""How far ahead of its turn a client's message may arrive."""

Converse = Callable[["Session"], Awaitable[None]]


class Session:
    """One client's channel. `incoming` yields its messages in order; `send` queues one for it."""

    def __init__(self, on_end: Callable[["Session"], None]) -> None:
        self.id = uuid.uuid4().hex
        self.is_over = False
        self._on_end = on_end
        self._arrays: deque[tuple[int, str]] = deque()
        self._last_id = 0
        self._sent_id = 0
        self._changed = asyncio.Event()
        self._roomy = asyncio.Event()
        self._roomy.set()
        self._maps: asyncio.Queue[Any] = asyncio.Queue()
        self._early_maps: dict[int, Any] = {}
        self._next_map = 0
        self._back_channel = 0
        self._back_channel_count = 0
        self._talk: asyncio.Task[None] | None = None
        self._orphan: asyncio.TimerHandle | None = None

    def start(self, converse: Converse) -> None:
        """Begins the conversation that answers this client."""
        self._talk = asyncio.create_task(self._hold(converse))
        self._await_back_channel()

    def hello(self) -> str:
        """The answer to the opening request."""
        keep_alive_milliseconds = int(KEEP_ALIVE_SECONDS * 1000)
        return frame(json.dumps([[0, ["c", self.id, None, VERSION, SERVER_VERSION, keep_alive_milliseconds]]]))

    def receive(self, first: int, maps: list[Any]) -> None:
        """Takes a client's messages numbered from `first`; repeated ones are ignored, early ones wait their turn."""
        for number, content in enumerate(maps, first):
            if self._next_map <= number < self._next_map + MAPS_AHEAD_MAX:
                self._early_maps[number] = content
        while self._next_map in self._early_maps:
            self._maps.put_nowait(self._early_maps.pop(self._next_map))
            self._next_map += 1

    async def incoming(self) -> AsyncIterator[Any]:
        """The client's messages, for as long as the session lasts."""
        while True:
            yield await self._maps.get()

    async def send(self, message: Any) -> None:
        """Queues one message; waits while too many are unsent."""
        await self._roomy.wait()
        self._push(message)

    def acknowledge(self, array_id: int) -> None:
        """Forgets what the client has received."""
        while self._arrays and self._arrays[0][0] <= array_id:
            self._arrays.popleft()

    def status(self) -> str:
        """The answer to a forward request: is a back channel open, the last array sent, how much is unacknowledged."""
        outstanding = sum(len(text) for array_id, text in self._arrays if array_id <= self._sent_id)
        return frame(json.dumps([int(self._back_channel_count > 0), self._sent_id, outstanding]))

    async def back_channel(self, acknowledged: int, *, is_buffered: bool) -> AsyncIterator[str]:
        """What to write to a back channel: unacknowledged arrays again, then new ones.

        A buffered one (CI=1) ends with its first chunk. A newer back channel ends an older one.
        """
        self.acknowledge(acknowledged)
        self._back_channel += 1
        self._back_channel_count += 1
        if self._orphan:
            self._orphan.cancel()
        mine, written = self._back_channel, 0
        self._sent_id = acknowledged
        self._changed.set()
        try:
            if not is_buffered and not self._arrays:
                self._push(["noop"])
            while written < BACK_CHANNEL_CHARACTERS_MAX:
                chunk = await self._next_chunk(mine)
                if chunk is None:
                    return
                written += len(chunk)
                yield chunk
                if is_buffered or (self.is_over and self._sent_id == self._last_id):
                    return
        finally:
            self._back_channel_count -= 1
            self._await_back_channel()

    def end(self) -> None:
        """Ends the session now, as the client or the server wishes."""
        self.is_over = True
        self._changed.set()
        if self._orphan:
            self._orphan.cancel()
        if self._talk:
            self._talk.cancel()
        self._on_end(self)

    async def _next_chunk(self, mine: int) -> str | None:
        while mine == self._back_channel:
            fresh = [(array_id, text) for array_id, text in self._arrays if array_id > self._sent_id]
            if fresh:
                self._sent_id = fresh[-1][0]
                self._roomy.set()
                return frame("[" + ",".join(f"[{array_id},{text}]" for array_id, text in fresh) + "]")
            if self.is_over:
                return None
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), KEEP_ALIVE_SECONDS)
            except TimeoutError:
                self._push(["noop"])
        return None

    def _push(self, content: Any) -> None:
        self._last_id += 1
        self._arrays.append((self._last_id, json.dumps(content, ensure_ascii=False, separators=(",", ":"))))
        if self._last_id - self._sent_id >= UNSENT_ARRAYS_MAX:
            self._roomy.clear()
        self._changed.set()

    async def _hold(self, converse: Converse) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await converse(self)
        self._push(["stop"])
        self.is_over = True
        self._changed.set()

    def _await_back_channel(self) -> None:
        if self._back_channel_count == 0:
            if self.is_over:
                self._on_end(self)
            else:
                self._orphan = asyncio.get_running_loop().call_later(ORPHAN_SECONDS, self.end)


def frame(text: str) -> str:
    """A chunk as the client parses it: its length in UTF-16 code units, a line end, the text."""
    return f"{len(text.encode('utf-16-le', 'surrogatepass')) // 2}\n{text}"
