"""Random requests: every call answers or refuses them; none is an internal error and none breaks the server."""

import asyncio
import contextlib
from collections.abc import Awaitable
from typing import Any

import grpc
import pytest

from emulator.firestore import messages
from emulator.firestore.errors import StatusError
from emulator.firestore.service import FirestoreService
from emulator.firestore.watch import WatchHub
from emulator.transport.callers import ADMIN, AccessPolicy
from emulator.transport.calls import CALLS, Performer
from emulator.transport.usage_log import UsageLog
from emulator.transport.write_stream import WriteStream
from tests.integration.emulator.random_messages import Randomizer

DATABASE = "projects/demo/databases/(default)"
REQUESTS = 150
SELDOM_RIGHT = frozenset({"PartitionQuery", "Rollback"})
"""Calls that chance hardly ever words acceptably."""


def _performer() -> Performer:
    return Performer(FirestoreService.open(None), AccessPolicy(), UsageLog())


async def _add_documents(performer: Performer) -> None:
    for seed in range(30):
        request = messages.CommitRequest(database=DATABASE)
        randomizer = Randomizer(seed, DATABASE)
        write = request.writes.add()
        write.update.name = f"{DATABASE}/documents/a/{seed}"
        for field in ("n", "m"):
            write.update.fields[field].integer_value = seed
            if seed > 5:
                randomizer.fill(write.update.fields[field])
        with contextlib.suppress(StatusError):
            await performer.perform(CALLS["Commit"], request, "Bearer owner")


async def _statuses(rpc: str) -> set[str]:
    performer, call, found = _performer(), CALLS[rpc], set()
    await _add_documents(performer)
    for seed in range(REQUESTS):
        request = Randomizer(seed, DATABASE).fill(call.request())
        try:
            await asyncio.wait_for(performer.perform(call, request, "Bearer owner"), 20)
            found.add("OK")
        except StatusError as error:
            if error.code is grpc.StatusCode.INTERNAL:
                pytest.fail(f"seed {seed} is an internal error of {rpc}")
            found.add(error.code.name)
    performer.service.close()
    return found


async def _code(work: Awaitable[Any]) -> grpc.StatusCode:
    try:
        await work
    except StatusError as error:
        return error.code
    return grpc.StatusCode.OK


@pytest.mark.parametrize("rpc", sorted(CALLS))
def test_unary_calls(rpc: str) -> None:
    found = asyncio.run(_statuses(rpc))
    assert "INVALID_ARGUMENT" in found
    assert "OK" in found or rpc in SELDOM_RIGHT


def test_write_streams() -> None:
    async def run() -> int:
        performer, answered = _performer(), 0
        for seed in range(REQUESTS):
            stream = WriteStream(performer, ADMIN)
            await stream.answer(messages.WriteRequest(database=DATABASE))
            request = Randomizer(seed, DATABASE).fill(messages.WriteRequest())
            request.database = ""
            if await _code(stream.answer(request)) is grpc.StatusCode.INTERNAL:
                pytest.fail(f"seed {seed}")
            answered += 1
        performer.service.close()
        return answered

    assert asyncio.run(run()) == REQUESTS


def test_listen_streams() -> None:
    async def run() -> int:
        service, sent = FirestoreService.open(None), 0
        hub = WatchHub(service, lambda _database, _reads: None)

        async def send(_response: Any) -> None:
            nonlocal sent
            sent += 1

        for seed in range(REQUESTS):

            async def requests(seed: int = seed) -> Any:
                request = Randomizer(seed, DATABASE).fill(messages.ListenRequest())
                request.database = DATABASE
                yield request

            served = hub.serve(requests(), send, lambda _database: None)
            if await _code(asyncio.wait_for(served, 20)) is grpc.StatusCode.INTERNAL:
                pytest.fail(f"seed {seed}")
        assert hub.stream_count == 0
        hub.close()
        service.close()
        return sent

    assert asyncio.run(run()) > REQUESTS / 4
