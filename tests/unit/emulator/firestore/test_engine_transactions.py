"""Transactions isolate: histories of concurrent transactions must be explained by some order, here commit order."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import Any

import grpc
import pytest

from emulator.firestore import limits
from emulator.firestore import messages as m
from emulator.firestore.errors import StatusError
from emulator.firestore.service import FirestoreService
from emulator.firestore.usage import Usage
from tests.unit.emulator.firestore.engine_support import (
    DATABASE,
    Query,
    commit,
    delete_write,
    model_results,
    name,
    paths,
    run,
    set_write,
)


async def begin(service: FirestoreService, *, retry: bytes = b"", read_only: bool = False, at: Any = None) -> bytes:
    options = m.TransactionOptions()
    if read_only:
        options.read_only.SetInParent()
        if at is not None:
            options.read_only.read_time.CopyFrom(at)
    else:
        options.read_write.retry_transaction = retry
    request = m.BeginTransactionRequest(database=DATABASE, options=options)
    return bytes((await service.begin_transaction(request, usage=Usage())).transaction)


async def read(service: FirestoreService, path: str, transaction: bytes = b"") -> int | None:
    request = m.BatchGetDocumentsRequest(database=DATABASE, documents=[name(path)], transaction=transaction)
    answer = (await service.batch_get_documents(request, usage=Usage()))[0]
    return int(answer.found.fields["n"].integer_value) if answer.HasField("found") else None


async def rollback(service: FirestoreService, transaction: bytes) -> None:
    await service.rollback(m.RollbackRequest(database=DATABASE, transaction=transaction), usage=Usage())


async def refused(work: Any) -> StatusError:
    with pytest.raises(StatusError) as caught:
        await work
    return caught.value


async def committed(service: FirestoreService, transaction: bytes, *writes: m.Write) -> m.CommitResponse | None:
    """The answer to a commit, or None when the transaction has lost."""
    try:
        return await commit(service, *writes, transaction=transaction)
    except StatusError as error:
        if error.code is not grpc.StatusCode.ABORTED:
            raise
        return None


def test_counters_lose_no_increment_and_win_on_an_early_retry() -> None:
    async def increment(service: FirestoreService) -> int:
        identity, attempts = b"", 0
        while True:
            attempts += 1
            identity = await begin(service, retry=identity)
            before = await read(service, "c/counter", identity) or 0
            await asyncio.sleep(0)
            if await committed(service, identity, set_write("c/counter", {"n": before + 1})):
                return attempts

    async def scenario() -> None:
        service = FirestoreService.open(None)
        attempts = await asyncio.gather(*(increment(service) for _ in range(60)))
        assert await read(service, "c/counter") == 60
        assert max(attempts) == 2
        service.close()

    run(scenario())


@dataclass(frozen=True)
class Committed:
    """What one transaction saw and did."""

    time: tuple[int, int]
    reads: dict[str, int | None]
    below_50: list[str]
    writes: dict[str, int | None]


async def random_transaction(service: FirestoreService, chance: random.Random) -> Committed:
    identity = b""
    while True:
        identity = await begin(service, retry=identity)
        reads: dict[str, int | None] = {}
        for path in chance.sample(PATHS, chance.randint(1, 2)):
            reads[path] = await read(service, path, identity)
            await asyncio.sleep(0)
        below = await paths(service, BELOW_50, transaction=identity) if chance.random() < 0.5 else None
        await asyncio.sleep(0)
        chosen = chance.sample(PATHS, 2)
        writes = {path: None if chance.random() < 0.2 else chance.randint(0, 99) for path in chosen}
        messages = [delete_write(path) if n is None else set_write(path, {"n": n}) for path, n in writes.items()]
        answer = await committed(service, identity, *messages)
        if answer is not None:
            moment = (answer.commit_time.seconds, answer.commit_time.nanos)
            return Committed(moment, reads, NOT_ASKED if below is None else below, writes)


PATHS = [f"c/{letter}" for letter in "abcde"]
BELOW_50 = Query(where=("n", "<", 50))
NOT_ASKED = ["not asked"]


@pytest.mark.parametrize("seed", range(6))
def test_committed_histories_are_serial_in_commit_order(seed: int) -> None:
    async def scenario() -> None:
        chance = random.Random(seed)
        service = FirestoreService.open(None)

        async def worker() -> list[Committed]:
            return [await random_transaction(service, chance) for _ in range(12)]

        async def plain_writer() -> list[Committed]:
            done = []
            for _ in range(20):
                path, number = chance.choice(PATHS), chance.randint(0, 99)
                answer = await commit(service, set_write(path, {"n": number}))
                done.append(Committed((answer.commit_time.seconds, answer.commit_time.nanos), {}, NOT_ASKED,
                                      {path: number}))  # fmt: skip
                await asyncio.sleep(0)
            return done

        groups = await asyncio.gather(*(worker() for _ in range(5)), plain_writer())
        assert_serial([done for group in groups for done in group])
        service.close()

    run(scenario())


def assert_serial(history: list[Committed]) -> None:
    state: dict[str, dict[str, Any]] = {}
    times = [done.time for done in sorted(history, key=lambda done: done.time)]
    assert len(set(times)) == len(times)
    for done in sorted(history, key=lambda done: done.time):
        for path, seen in done.reads.items():
            assert seen == state.get(path, {}).get("n")
        if done.below_50 is not NOT_ASKED:
            assert done.below_50 == model_results(state, BELOW_50)
        for path, number in done.writes.items():
            if number is None:
                state.pop(path, None)
            else:
                state[path] = {"n": number}


def test_a_phantom_aborts_the_transaction_that_queried() -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        identity = await begin(service)
        assert await paths(service, BELOW_50, transaction=identity) == []
        await commit(service, set_write("c/new", {"n": 1}))
        assert await paths(service, BELOW_50, transaction=identity) == []
        error = await refused(commit(service, set_write("d/total", {"n": 0}), transaction=identity))
        assert error.code is grpc.StatusCode.ABORTED
        await rollback(service, identity)
        service.close()

    run(scenario())


def test_unrelated_changes_do_not_abort() -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        identity = await begin(service)
        await paths(service, BELOW_50, transaction=identity)
        await commit(service, set_write("c/large", {"n": 90}), set_write("d/x", {"n": 1}))
        await commit(service, set_write("d/total", {"n": 0}), transaction=identity)
        service.close()

    run(scenario())


def test_read_only_transactions_keep_their_snapshot_and_write_nothing() -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        first = await commit(service, set_write("c/x", {"n": 1}))
        identity = await begin(service, read_only=True)
        await commit(service, set_write("c/x", {"n": 2}), set_write("c/y", {"n": 3}))
        assert await read(service, "c/x", identity) == 1
        assert await paths(service, BELOW_50, transaction=identity) == ["c/x"]
        error = await refused(commit(service, set_write("c/x", {"n": 9}), transaction=identity))
        assert error.code is grpc.StatusCode.INVALID_ARGUMENT
        await commit(service, transaction=identity)
        await commit(service, delete_write("c/x"))
        past = await begin(service, read_only=True, at=first.commit_time)
        assert await read(service, "c/x", past) == 1
        service.close()

    run(scenario())


def test_finished_and_unknown_transactions_are_invalid() -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        identity = await begin(service)
        await commit(service, transaction=identity)
        for work in (
            commit(service, transaction=identity),
            rollback(service, identity),
            read(service, "c/x", b"never begun"),
        ):
            assert (await refused(work)).code is grpc.StatusCode.INVALID_ARGUMENT
        service.close()

    run(scenario())


def test_idle_transactions_expire(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        identity = await begin(service)
        monkeypatch.setattr(limits, "TRANSACTION_IDLE_SECONDS_MAX", -1.0)
        error = await refused(commit(service, transaction=identity))
        assert error.code is grpc.StatusCode.INVALID_ARGUMENT
        service.close()

    run(scenario())


async def lose(service: FirestoreService, path: str, to: int = -1) -> bytes:
    """The id of a transaction that read and wrote `path` and lost to a plain write."""
    identity = await begin(service)
    await read(service, path, identity)
    await commit(service, set_write(path, {"n": to}))
    assert (await refused(commit(service, set_write(path, {"n": 0}), transaction=identity))).number == 10
    return identity


def test_retries_queue_in_the_order_of_their_loss_and_win_in_turn() -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        first, second = await lose(service, "c/x"), await lose(service, "c/x", to=-2)
        elsewhere = await lose(service, "c/y")
        retry = await begin(service, retry=first)
        waiting = asyncio.ensure_future(begin(service, retry=second))
        assert await begin(service, retry=elsewhere)
        assert not waiting.done()
        assert await read(service, "c/x", retry) == -2
        await commit(service, set_write("c/x", {"n": 1}), transaction=retry)
        last = await waiting
        assert await read(service, "c/x", last) == 1
        await commit(service, set_write("c/x", {"n": 2}), transaction=last)
        service.close()

    run(scenario())


def test_plain_writes_wait_for_a_retry_and_then_go_through() -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        retry = await begin(service, retry=await lose(service, "c/x"))
        assert await read(service, "c/x", retry) == -1
        late = asyncio.ensure_future(commit(service, set_write("c/x", {"n": 7})))
        elsewhere = await commit(service, set_write("c/y", {"n": 8}))
        assert elsewhere.HasField("commit_time")
        assert not late.done()
        await commit(service, set_write("c/x", {"n": 1}), transaction=retry)
        await late
        assert await read(service, "c/x") == 7
        service.close()

    run(scenario())


def test_a_stalled_retry_holds_up_plain_writes_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PLAIN_WRITE_WAIT_SECONDS_MAX", 0.01)

    async def scenario() -> None:
        service = FirestoreService.open(None)
        retry = await begin(service, retry=await lose(service, "c/x"))
        assert await read(service, "c/x", retry) == -1
        await commit(service, set_write("c/x", {"n": 7}))
        assert (await refused(commit(service, set_write("c/x", {"n": 1}), transaction=retry))).number == 10
        service.close()

    run(scenario())


def test_an_abandoned_claim_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CLAIM_SECONDS_MAX", 0.01)

    async def scenario() -> None:
        service = FirestoreService.open(None)
        first = await lose(service, "c/x")
        second = await lose(service, "c/x", to=-2)
        await begin(service, retry=first)
        retry = await begin(service, retry=second)
        await commit(service, set_write("c/x", {"n": 5}), transaction=retry)
        assert await read(service, "c/x") == 5
        service.close()

    run(scenario())


def test_read_times_outside_the_window_are_refused() -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        now = (await commit(service, set_write("c/x", {"n": 1}))).commit_time
        cases = {
            grpc.StatusCode.FAILED_PRECONDITION: m.Timestamp(seconds=now.seconds - 7200),
            grpc.StatusCode.INVALID_ARGUMENT: m.Timestamp(seconds=now.seconds + 60),
        }
        for code, moment in cases.items():
            assert (await refused(paths(service, BELOW_50, read_time=moment))).code is code
        finer = m.Timestamp(seconds=now.seconds, nanos=now.nanos + 1)
        assert (await refused(paths(service, BELOW_50, read_time=finer))).number == 3
        service.close()

    run(scenario())
