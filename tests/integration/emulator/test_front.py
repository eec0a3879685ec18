"""The shared port's front over real sockets: recognition, splicing, patience, endings."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from emulator.transport.front import AddressInUseError, Backends, Front


class _Backend:
    """A server that says its name, then repeats everything until the client ends."""

    def __init__(self, name: str, folder: Path) -> None:
        self.path = folder / name
        self._name = name.encode()
        self._talks: set[asyncio.Task[None]] = set()

    async def start(self) -> asyncio.Server:
        return await asyncio.start_unix_server(self._serve, str(self.path))

    async def finish(self) -> None:
        """Waits until every connection has ended."""
        await asyncio.gather(*self._talks)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(self._talk(reader, writer))
        self._talks.add(talk)
        await talk

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            writer.write(self._name)
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        await _close(writer)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


@asynccontextmanager
async def _front(first_bytes_seconds: float = 30, http_idle_seconds: float = 30) -> AsyncIterator[tuple[Front, int]]:
    with tempfile.TemporaryDirectory() as folder:
        grpc, http = (_Backend(name, Path(folder)) for name in ("grpc", "http"))
        servers = [await grpc.start(), await http.start()]
        front = Front(Backends(grpc.path, http.path, first_bytes_seconds, http_idle_seconds))
        try:
            yield front, await front.listen("127.0.0.1", 0)
        finally:
            await front.close()
            for server in servers:
                server.close()
            await grpc.finish()
            await http.finish()


@asynccontextmanager
async def _connection(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        await _close(writer)


async def _is_cut(reader: asyncio.StreamReader) -> bool:
    """Waits for the end of a connection; whether nothing more was said before it."""
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


def _run(test: Callable[[], Awaitable[None]]) -> None:
    async def within_time() -> None:
        await asyncio.wait_for(test(), 30)

    asyncio.run(within_time())


@pytest.mark.parametrize(
    ("pieces", "backend"),
    [
        ((b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",), b"grpc"),
        ((b"P", b"R", b"I ", b"* HTTP/2.0"), b"grpc"),
        ((b"GET / HTTP/1.1\r\n",), b"http"),
        ((b"POST",), b"http"),
        ((b"PUT / HTTP/1.1",), b"http"),
        ((b"PRIVATE",), b"http"),
        ((b"\x00",), b"http"),
    ],
)
def test_the_first_bytes_choose_the_backend_and_none_is_lost(pieces: tuple[bytes, ...], backend: bytes) -> None:
    async def test() -> None:
        async with _front() as (_, port), _connection(port) as (reader, writer):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            writer.write_eof()
            assert await reader.read() == backend + b"".join(pieces)

    _run(test)


def test_much_data_passes_whole_in_both_directions() -> None:
    content = bytes(range(256)) * 40_000

    async def test() -> None:
        async with _front() as (_, port), _connection(port) as (reader, writer):

            async def pour() -> None:
                writer.write(b"GET " + content)
                await writer.drain()
                writer.write_eof()

            _, answer = await asyncio.gather(pour(), reader.read())
            assert answer == b"httpGET " + content

    _run(test)


@pytest.mark.parametrize("sent", [b"", b"PR"])
def test_a_client_that_does_not_say_its_protocol_is_let_go(sent: bytes) -> None:
    async def test() -> None:
        async with _front(first_bytes_seconds=0.05) as (front, port), _connection(port) as (reader, writer):
            writer.write(sent)
            assert await _is_cut(reader)
            assert front.connection_count == 0

    _run(test)


def test_an_idle_http_connection_ends_and_an_idle_grpc_one_stays() -> None:
    async def test() -> None:
        async with (
            _front(http_idle_seconds=0.1) as (front, port),
            _connection(port) as (grpc_reader, grpc_writer),
            _connection(port) as (http_reader, http_writer),
        ):
            grpc_writer.write(b"PRI ")
            assert await grpc_reader.readexactly(8) == b"grpcPRI "
            http_writer.write(b"GET ")
            assert await http_reader.readexactly(8) == b"httpGET "
            assert await _is_cut(http_reader)
            grpc_writer.write(b"still here")
            assert await grpc_reader.readexactly(10) == b"still here"
            assert front.connection_count == 1

    _run(test)


def test_a_taken_port_is_told() -> None:
    async def test() -> None:
        async with _front() as (_, port):
            other = Front(Backends(Path("none"), Path("none")))
            with pytest.raises(AddressInUseError, match="address already in use"):
                await other.listen("localhost", port)

    _run(test)
