"""Delivers document changes to the functions emulator: at least once, in order per document, never holding a commit up.

An event is removed when the functions emulator answers 2xx, when it keeps saying that it knows no such function
(404), or when the event is too old. Anything else is tried again with growing pauses. Events of a function that has
not registered since the start wait for its registration.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable
from typing import Any

import httpx

from emulator.firestore.trigger_events import Actor, Trigger
from emulator.firestore.trigger_outbox import Outbox, Waiting, age_seconds

CONCURRENCY = 16
"""Deliveries in flight at once."""
AGE_SECONDS_MAX = 24 * 3600
"""Undeliverable events are given up after a day, as Eventarc does (cloud.google.com/eventarc/docs/retry-events)."""
PAUSE_SECONDS_FIRST = 0.2
PAUSE_SECONDS_MAX = 30.0
UNKNOWN_ATTEMPTS_MAX = 4
"""404s in a row that settle it: the functions emulator registers a function here a moment before it can call it."""
TIMEOUT = httpx.Timeout(600.0, connect=5.0)
"""A function may take 540 s; the functions emulator answers when it has run."""

log = logging.getLogger(__name__)
Lane = tuple[str, str]
"""Trigger key and document name: events of one lane go out one after the other."""


class TriggerDispatcher:
    """The registered triggers and the events on their way to them."""

    def __init__(
        self,
        outbox: Outbox,
        functions_emulator: str | None,
        actor: Callable[[], Actor],
        pause_seconds_first: float = PAUSE_SECONDS_FIRST,
    ) -> None:
        """`functions_emulator` is `host:port`; `actor` says who makes the commit being announced."""
        self._outbox = outbox
        self._address = functions_emulator
        self._actor = actor
        self._pause_seconds_first = pause_seconds_first
        self._triggers: dict[str, Trigger] = {}
        self._lanes: dict[Lane, deque[int]] = {}
        self._failures: dict[Lane, int] = {}
        self._ready: asyncio.Queue[Lane] = asyncio.Queue()
        self._workers: list[asyncio.Task[None]] = []
        self._client = httpx.AsyncClient(timeout=TIMEOUT, trust_env=False)
        self._is_reachable = True
        self._muted: set[str] = set()
        self._stored: list[Waiting] = []

    def start(self) -> None:
        """Takes up the events left by an earlier process and begins to deliver."""
        for waiting in self._outbox.waiting():
            self._enqueue(waiting)
        self._workers = [asyncio.create_task(self._work()) for _ in range(CONCURRENCY)]

    async def close(self) -> None:
        """Stops; undelivered events stay in the outbox. What was in flight will be sent again."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        await self._client.aclose()

    @property
    def undelivered_count(self) -> int:
        """Events not yet acknowledged."""
        return self._outbox.count()

    def register(self, trigger: Trigger) -> None:
        """Adds or replaces a trigger, and sends what waited for it."""
        if not self._address:
            log.warning("Trigger %s is registered, but without --functions_emulator nothing is sent.", trigger.key)
        known = trigger.key in self._triggers
        self._triggers[trigger.key] = trigger
        if not known:
            for lane in [lane for lane in self._lanes if lane[0] == trigger.key]:
                self._ready.put_nowait(lane)

    def unregister(self, key: str) -> None:
        """Forgets a trigger; its waiting events wait on."""
        self._triggers.pop(key, None)

    def mute(self, database: str) -> None:
        """While a database is being cleared its changes fire nothing, and what it still has to send is dropped."""
        self._muted.add(database)

    def unmute(self, database: str) -> None:
        """Ends `mute`."""
        self._outbox.remove_database(database)
        self._muted.discard(database)

    def store(self, committed: Any) -> None:
        """Stores the events of a commit; called by the engine within the commit, so that neither exists alone."""
        self._stored = []
        if not self._triggers or not self._address or committed.database in self._muted:
            return
        try:
            events = [
                trigger.event(change, committed.commit_time, self._actor())
                for change in committed.changes
                for trigger in self._triggers.values()
                if trigger.wants(change)
            ]
            self._stored = self._outbox.add(events)
        except Exception as error:  # a trigger must never be the reason that a commit is refused
            log.error("The events of a commit were lost: %s", type(error).__name__)

    def on_commit(self, _committed: Any) -> None:
        """Begins to deliver what `store` kept; called by the engine when the commit is durable."""
        stored, self._stored = self._stored, []
        for waiting in stored:
            self._enqueue(waiting)

    def _enqueue(self, waiting: Waiting) -> None:
        lane = (waiting.trigger_key, waiting.document)
        if lane in self._lanes:
            self._lanes[lane].append(waiting.sequence)
            return
        self._lanes[lane] = deque([waiting.sequence])
        if waiting.trigger_key in self._triggers:
            self._ready.put_nowait(lane)

    async def _work(self) -> None:
        while True:
            lane = await self._ready.get()
            try:
                done = await self._deliver(self._lanes[lane][0], self._failures.get(lane, 0))
            except Exception as error:  # a worker must outlive whatever one event does
                log.error("Trigger %s: delivery broke with %s", lane[0], type(error).__name__)
                done = False
            if done:
                self._advance(lane)
            else:
                self._pause(lane)

    def _advance(self, lane: Lane) -> None:
        queue = self._lanes[lane]
        self._outbox.remove(queue.popleft())
        self._failures.pop(lane, None)
        if queue:
            self._ready.put_nowait(lane)
        else:
            del self._lanes[lane]

    def _pause(self, lane: Lane) -> None:
        failures = self._failures[lane] = self._failures.get(lane, 0) + 1
        seconds = min(PAUSE_SECONDS_MAX, self._pause_seconds_first * 2 ** min(failures - 1, 16))
        jittered = seconds * random.uniform(0.75, 1.0)
        asyncio.get_running_loop().call_later(jittered, self._ready.put_nowait, lane)

    async def _deliver(self, sequence: int, failures: int) -> bool:
        """Whether the event is settled, after `failures` earlier tries: acknowledged, refused for good, or too old."""
        event = self._outbox.get(sequence)
        if event is None:
            return True
        key = event.trigger_key
        if age_seconds(event) > AGE_SECONDS_MAX:
            log.error("Trigger %s: an event was given up after %d s", key, AGE_SECONDS_MAX)
            return True
        url = f"http://{self._address}/functions/projects/{event.project}/triggers/{key}"
        try:
            response = await self._client.post(url, content=event.body, headers=event.headers)
        except httpx.HTTPError as error:
            self._note_reachable(False, type(error).__name__)
            return False
        self._note_reachable(True)
        if response.status_code == httpx.codes.NOT_FOUND and failures + 1 >= UNKNOWN_ATTEMPTS_MAX:
            log.error("Trigger %s: the functions emulator knows no such function; its event was dropped", key)
            return True
        if not response.is_success:
            log.warning("Trigger %s: answered %d; will be tried again", key, response.status_code)
        return response.is_success

    def _note_reachable(self, is_reachable: bool, reason: str = "") -> None:
        """Says once, not per event, that the functions emulator went away or came back."""
        if is_reachable != self._is_reachable:
            self._is_reachable = is_reachable
            if is_reachable:
                log.info("The functions emulator at %s answers again.", self._address)
            else:
                log.warning("The functions emulator at %s cannot be reached (%s); events wait.", self._address, reason)
