"""Posts a payment provider's webhooks, as well or as badly as it is told: twice, late, out of order, forged, never.

Order of one message's life: it is made, dropped or kept back or put in the queue, then posted one after another.
What is kept back waits until `release`, which also says in which order it leaves. A failed post is tried again after
each of the pauses in the settings; any message, even a dropped one, can be posted once more by hand.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

POST_TIMEOUT_SECONDS = 60.0


class SettingsInvalid(ValueError):
    """The webhook settings say something that the postman does not understand."""


class MessageUnknown(LookupError):
    """No message has that id."""


@dataclass(frozen=True, kw_only=True)
class PostSettings:
    """Where messages go (None: nowhere) and how they travel.

    `copies` of each message are posted. Those whose type is in `drop` are never posted ("*" is every type), those in
    `keep_back` wait for `release`, those in `forge` arrive changed after signing. `retry_pauses_seconds` are the
    pauses before each new attempt after a post that was not answered 2xx. `age_seconds` makes the post look that
    old (its signature's time); negative, it comes from the future.
    """

    url: str | None = None
    copies: int = 1
    drop: tuple[str, ...] = ()
    keep_back: tuple[str, ...] = ()
    forge: tuple[str, ...] = ()
    retry_pauses_seconds: tuple[float, ...] = ()
    age_seconds: int = 0

    @classmethod
    def from_json(cls, document: Any) -> PostSettings:
        """Read settings sent to the control API. Raises SettingsInvalid."""
        known = {one.name for one in dataclasses.fields(cls)}
        if not isinstance(document, dict) or set(document) - known:
            raise SettingsInvalid(f"webhook settings are an object with some of: {', '.join(sorted(known))}")
        lists = {name: tuple(document.get(name) or ()) for name in ("drop", "keep_back", "forge")}
        if not all(isinstance(one, str) for names in lists.values() for one in names):
            raise SettingsInvalid("drop, keep_back and forge are lists of event types")
        return cls(
            url=_address(document.get("url")),
            copies=_copies(document.get("copies", 1)),
            age_seconds=int(document.get("age_seconds") or 0),
            retry_pauses_seconds=tuple(float(one) for one in document.get("retry_pauses_seconds") or ()),
            **lists,
        )

    def to_json(self) -> dict[str, Any]:
        """The settings as the control API shows them."""
        return dataclasses.asdict(self)


def _address(url: object) -> str | None:
    if url is None or (isinstance(url, str) and url.startswith(("http://", "https://"))):
        return url
    raise SettingsInvalid("url must be an http address or null")


def _copies(number: object) -> int:
    if isinstance(number, int) and 1 <= number <= 20:
        return number
    raise SettingsInvalid("copies must be a number from 1 to 20")


@dataclass
class Message:
    """One webhook message and every attempt to post it: the status answered, or the kind of error as text."""

    id: str
    type: str
    body: dict[str, Any]
    state: str = "queued"
    attempts: list[int | str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The message as the control API shows it."""
        return dict(vars(self))


Envelope = Callable[[Message, bytes, int], dict[str, str]]
"""Makes a post's headers (signature, transmission id) for a message, its true payload and an age in seconds."""
Forger = Callable[[dict[str, Any]], dict[str, Any]]
"""Makes the body that a forger would send instead."""


class Postman:
    """Posts the messages of one provider in a task of its own. Used from the doubles' event loop only."""

    def __init__(self, settings: PostSettings, envelope: Envelope, forger: Forger) -> None:
        self.settings = settings
        self.messages: dict[str, Message] = {}
        self._envelope, self._forger = envelope, forger
        self._queue: asyncio.Queue[tuple[Message, int]] = asyncio.Queue()
        self._unfinished = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._poster: asyncio.Task[None] | None = None

    def accept(self, message: Message) -> None:
        """Take over a message just made; what becomes of it is in the settings."""
        self.messages[message.id] = message
        if self.settings.url is None or _listed(message, self.settings.drop):
            message.state = "dropped"
        elif _listed(message, self.settings.keep_back):
            message.state = "kept back"
        else:
            self._queue_up(message)

    def kept_back(self) -> list[Message]:
        """The messages waiting for release, oldest first."""
        return [one for one in self.messages.values() if one.state == "kept back"]

    def release(self, ids: Sequence[str] | None = None, *, backwards: bool = False) -> int:
        """Post what is kept back: all of it (latest first if `backwards`), or these ids in this order; the number.

        Raises:
            MessageUnknown: an id is not that of a message kept back.

        """
        waiting = {one.id: one for one in self.kept_back()}
        if ids is not None and not set(ids) <= set(waiting):
            raise MessageUnknown(", ".join(sorted(set(ids) - set(waiting))))
        chosen = [waiting[one] for one in ids] if ids is not None else list(waiting.values())
        for message in reversed(chosen) if backwards else chosen:
            self._queue_up(message)
        return len(chosen)

    def post_again(self, message_id: str) -> None:
        """Post a message once more, whatever became of it before. Raises MessageUnknown."""
        if message_id not in self.messages:
            raise MessageUnknown(message_id)
        self._enqueue(self.messages[message_id], 0)

    async def drain(self, timeout_seconds: float) -> bool:
        """Wait until nothing is queued or waiting for its next attempt; False when the time is over."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    def clear(self, settings: PostSettings) -> None:
        """Forget every message, what is queued and what waits for its next attempt; go on with these settings."""
        for task in list(self._tasks):
            task.cancel()
        self.settings = settings
        self.messages.clear()
        while not self._queue.empty():
            self._queue.get_nowait()
            self._finish_one()

    async def close(self) -> None:
        """Stop posting; what is still waiting is given up."""
        tasks = [*self._tasks, *([self._poster] if self._poster else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _queue_up(self, message: Message) -> None:
        message.state = "queued"
        for _ in range(self.settings.copies):
            self._enqueue(message, 0)

    def _enqueue(self, message: Message, attempt: int) -> None:
        self._unfinished += 1
        self._idle.clear()
        self._queue.put_nowait((message, attempt))
        if self._poster is None:
            self._poster = asyncio.create_task(self._post_all())

    def _finish_one(self) -> None:
        self._unfinished -= 1
        if self._unfinished == 0:
            self._idle.set()

    async def _post_all(self) -> None:
        async with httpx.AsyncClient(timeout=POST_TIMEOUT_SECONDS, trust_env=False) as client:
            while True:
                message, attempt = await self._queue.get()
                try:
                    await self._post(client, message, attempt)
                finally:
                    self._finish_one()

    async def _post(self, client: httpx.AsyncClient, message: Message, attempt: int) -> None:
        if self.settings.url is None:
            return
        payload = _payload(message.body)
        headers = {
            "content-type": "application/json; charset=utf-8",
            **self._envelope(message, payload, self.settings.age_seconds),
        }
        if _listed(message, self.settings.forge):
            payload = _payload(self._forger(message.body))
        outcome: int | str
        try:
            outcome = (await client.post(self.settings.url, content=payload, headers=headers)).status_code
        except httpx.HTTPError as error:
            outcome = type(error).__name__
        message.attempts.append(outcome)
        delivered = isinstance(outcome, int) and 200 <= outcome < 300
        message.state = "delivered" if delivered or message.state == "delivered" else "failed"
        if not delivered and attempt < len(self.settings.retry_pauses_seconds):
            self._try_later(message, attempt)

    def _try_later(self, message: Message, attempt: int) -> None:
        self._unfinished += 1
        pause_seconds = self.settings.retry_pauses_seconds[attempt]
        task = asyncio.create_task(self._wait_and_enqueue(message, attempt, pause_seconds))
        self._tasks.add(task)
        task.add_done_callback(self._end_wait)  # called even for a task that never ran

    async def _wait_and_enqueue(self, message: Message, attempt: int, pause_seconds: float) -> None:
        await asyncio.sleep(pause_seconds)
        self._enqueue(message, attempt + 1)

    def _end_wait(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._finish_one()


def _payload(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, indent=2).encode()


def _listed(message: Message, types: Sequence[str]) -> bool:
    return "*" in types or message.type in types
