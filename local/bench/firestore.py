"""The Firestore server, keeping its data on disk, against the npm package @firestore-emulator/server in memory."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import psutil

from emulator.firestore import messages as m
from local.bench.rows import Row
from local.suite.ports import free_ports
from local.suite.suite import ROOT

AREA = "firestore server"
DATABASE = "projects/demo-bench/databases/(default)"
SERVICE = "/google.firestore.v1.Firestore/"
READY = "is ready"
OTHER = "const { FirestoreServer } = require('@firestore-emulator/server');"
OTHER_START = "new FirestoreServer().start(Number(process.argv[1])).then(() => console.log('it is ready'));"
OWNER = (("authorization", "Bearer owner"),)
REQUESTS = 3_000
CLIENTS = 16
DOCUMENTS = 500
LISTENERS = 100
FAN_OUT_COMMITS = 20
ROUNDS = 3
EMPTY, COMMITS = "commits of nothing", "commits of one document"
COMMIT_MAX = 2
INCREMENTS = 200
ANSWER_SECONDS_MAX = 30.0

Call = Callable[..., Any]


def measure() -> list[Row]:
    """Calls a second and processor time of both servers, the median of rounds taken in turn.

    The other's rate is the budget, except for commits: ours are durable and indexed, theirs change a map in memory,
    and an empty call takes us more than that (docs/decisions/0006). There the budget is our own empty commit: what a
    commit keeps may cost as much again as the call that brings it.
    """
    ours, other = _Figures(), _Figures()
    for _ in range(ROUNDS):
        for server, figures in ((_our_server, ours), (_other_server, other)):
            with server() as running:
                figures.add(asyncio.run(_compared(running)))
    with _our_server() as running:
        contended = asyncio.run(_contended(running.port))
    rows = [_row(what, ours, other) for what in ours.rounds]
    return [*rows, Row(AREA, "contended transactions", contended, "1/s", note=f"{CLIENTS} clients, one document")]


@dataclass(frozen=True)
class _Server:
    """One running server."""

    port: int
    process: psutil.Process

    def processor_seconds(self) -> float:
        """What it has taken so far, in all its threads."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@dataclass(frozen=True)
class _Figure:
    """One round of one kind of call."""

    processor_milliseconds: float
    rate: float


@dataclass
class _Figures:
    """Every round of one server."""

    rounds: dict[str, list[_Figure]] = field(default_factory=dict)

    def add(self, figures: dict[str, _Figure]) -> None:
        for what, figure in figures.items():
            self.rounds.setdefault(what, []).append(figure)

    def milliseconds(self, what: str) -> float:
        return statistics.median(figure.processor_milliseconds for figure in self.rounds[what])

    def rate(self, what: str) -> float:
        return statistics.median(figure.rate for figure in self.rounds[what])


def _row(what: str, ours: _Figures, other: _Figures) -> Row:
    rates = f"{ours.rate(what):,.0f} against {other.rate(what):,.0f} a second"
    spent = f"processor {ours.milliseconds(what):.2f} against {other.milliseconds(what):.2f} ms"
    if what == EMPTY:
        return Row(AREA, what, ours.milliseconds(what), "ms", note=f"{spent}; {rates}")
    if what == COMMITS:
        most = ours.milliseconds(EMPTY) * COMMIT_MAX
        return Row(
            AREA, what, ours.milliseconds(what), "ms", most, note=f"at most {COMMIT_MAX} empty; {spent}; {rates}"
        )
    return Row(AREA, what, ours.rate(what), "1/s", other.rate(what), True, f"least: theirs; {spent}")


async def _compared(server: _Server) -> dict[str, _Figure]:
    async with _methods(server.port) as method:
        commit, listeners = method("Commit"), LISTENERS * FAN_OUT_COMMITS
        await _fill(commit)
        return {
            "point reads": await _figure(server, REQUESTS, _rate(REQUESTS, _reader(method("BatchGetDocuments")))),
            EMPTY: await _figure(server, REQUESTS, _rate(REQUESTS, _empty_writer(commit))),
            COMMITS: await _figure(server, REQUESTS, _rate(REQUESTS, _writer(commit))),
            f"changes told to {LISTENERS} listeners": await _figure(server, listeners, _fan_out(method)),
        }


async def _figure(server: _Server, count: int, work: Awaitable[float]) -> _Figure:
    before = server.processor_seconds()
    rate = await work
    return _Figure((server.processor_seconds() - before) / count * 1000, rate)


async def _rate(count: int, act: Callable[[int], Awaitable[Any]]) -> float:
    """Acts per second of some clients that each wait for their answer."""
    numbers = iter(range(count))

    async def client() -> None:
        for number in numbers:
            await act(number)

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return count / (time.perf_counter() - began)


def _reader(call: Call) -> Callable[[int], Awaitable[Any]]:
    async def read(number: int) -> None:
        request = m.BatchGetDocumentsRequest(database=DATABASE, documents=[_name("items", number % DOCUMENTS)])
        async for response in call(request, metadata=OWNER):
            _require(response.HasField("found"), "a document that was written is missing")

    return read


def _writer(call: Call) -> Callable[[int], Awaitable[Any]]:
    async def write(number: int) -> None:
        await call(
            m.CommitRequest(database=DATABASE, writes=[_write("items", number % DOCUMENTS, number)]), metadata=OWNER
        )

    return write


def _empty_writer(call: Call) -> Callable[[int], Awaitable[Any]]:
    async def write(_: int) -> None:
        await call(m.CommitRequest(database=DATABASE), metadata=OWNER)

    return write


async def _fill(commit: Call) -> None:
    writes = [_write("items", number, number) for number in range(DOCUMENTS)]
    await commit(m.CommitRequest(database=DATABASE, writes=writes), metadata=OWNER)


async def _fan_out(method: Callable[[str], Call]) -> float:
    """Changes per second that listeners hear: each commit changes the one document all of them listen to."""
    commit = method("Commit")
    await commit(m.CommitRequest(database=DATABASE, writes=[_write("shared", 0, 0)]), metadata=OWNER)
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(_listening(method("Listen"))) for _ in range(LISTENERS)]
        began = time.perf_counter()
        for number in range(1, FAN_OUT_COMMITS + 1):
            await commit(m.CommitRequest(database=DATABASE, writes=[_write("shared", 0, number)]), metadata=OWNER)
            await asyncio.gather(*(_told(stream, number) for stream in streams))
        return LISTENERS * FAN_OUT_COMMITS / (time.perf_counter() - began)


@asynccontextmanager
async def _listening(call: Call) -> AsyncIterator[Any]:
    stream = call(metadata=OWNER, timeout=ANSWER_SECONDS_MAX)
    request = m.ListenRequest(database=DATABASE)
    request.add_target.target_id = 2
    request.add_target.documents.documents.append(_name("shared", 0))
    await stream.write(request)
    await _told(stream, 0)
    try:
        yield stream
    finally:
        stream.cancel()


async def _told(stream: Any, number: int) -> None:
    while True:
        response = await stream.read()
        _require(isinstance(response, m.ListenResponse), "a listener was cut off")
        change = response.document_change
        if change.document.fields["n0"].integer_value == number and response.HasField("document_change"):
            return


async def _contended(port: int) -> float:
    """Transactions per second that all read and increase one number; none may be lost."""
    async with _methods(port) as method:
        await method("Commit")(m.CommitRequest(database=DATABASE, writes=[_write("shared", 0, 0)]), metadata=OWNER)
        rate = await _rate(INCREMENTS, lambda _: _increment(method))
        [found] = [response async for response in method("BatchGetDocuments")(_get_shared(), metadata=OWNER)]
        _require(found.found.fields["n0"].integer_value == INCREMENTS, "an increment was lost")
        return rate


async def _increment(method: Callable[[str], Call]) -> None:
    former = b""
    while True:
        begin = m.BeginTransactionRequest(database=DATABASE)
        begin.options.read_write.retry_transaction = former
        former = (await method("BeginTransaction")(begin, metadata=OWNER)).transaction
        [now] = [r async for r in method("BatchGetDocuments")(_get_shared(former), metadata=OWNER)]
        write = _write("shared", 0, now.found.fields["n0"].integer_value + 1)
        try:
            await method("Commit")(
                m.CommitRequest(database=DATABASE, writes=[write], transaction=former), metadata=OWNER
            )
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.ABORTED:
                raise
        else:
            return


def _get_shared(transaction: bytes = b"") -> m.BatchGetDocumentsRequest:
    request = m.BatchGetDocumentsRequest(database=DATABASE, documents=[_name("shared", 0)])
    if transaction:
        request.transaction = transaction
    return request


def _name(collection: str, number: int) -> str:
    return f"{DATABASE}/documents/{collection}/item-{number}"


def _write(collection: str, place: int, number: int) -> m.Write:
    """A document of ten fields."""
    write = m.Write()
    write.update.name = _name(collection, place)
    for place_in_it in range(5):
        write.update.fields[f"n{place_in_it}"].integer_value = number
        write.update.fields[f"text{place_in_it}"].string_value = f"text {number}"
    return write


def _require(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise RuntimeError(otherwise)


@asynccontextmanager
async def _methods(port: int) -> AsyncIterator[Callable[[str], Call]]:
    """The calls of a server by name, on raw messages."""
    kinds = {"BatchGetDocuments": "unary_stream", "Listen": "stream_stream"}
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:

        def method(rpc: str) -> Call:
            answer = getattr(m, f"{rpc}Response")
            make: Call = getattr(channel, kinds.get(rpc, "unary_unary"))
            made: Call = make(
                SERVICE + rpc,
                request_serializer=lambda request: request.SerializeToString(),
                response_deserializer=answer.FromString,
            )
            return made

        calls = {rpc: method(rpc) for rpc in ("Commit", "BatchGetDocuments", "Listen", "BeginTransaction")}
        yield calls.__getitem__


@contextmanager
def _our_server() -> Iterator[_Server]:
    [port] = free_ports(1)
    with tempfile.TemporaryDirectory(prefix="imagesfactory-bench-") as folder:
        command = [sys.executable, "-m", "emulator.firestore", "--port", str(port), "--log-level", "error"]
        with _running([*command, "--data", folder]) as process:
            yield _Server(port, process)


@contextmanager
def _other_server() -> Iterator[_Server]:
    [port] = free_ports(1)
    with _running(["node", "--no-warnings", "-e", OTHER + OTHER_START, str(port)]) as process:
        yield _Server(port, process)


@contextmanager
def _running(command: Sequence[str]) -> Iterator[psutil.Process]:
    with subprocess.Popen(command, cwd=Path(ROOT), stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            ready = any(READY in line for line in process.stdout or ())
            _require(ready, f"it did not start: {' '.join(command)}")
            yield psutil.Process(process.pid)
        finally:
            process.kill()
