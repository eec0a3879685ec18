"""Sees every call that leaves the process while a function runs, and can end the function at any of them.

The clients' transports are watched at the lowest points they share: grpc's channel (Firestore, Stability's engines),
http.client's connection (requests, urllib3, urllib: Storage, Tasks, Auth, SendGrid, Toss, Stripe, Stability) and
httpcore's pool (httpx: OpenAI). Whatever opened a socket outside of these would be noted in ``escaped``.

A kill is a BaseException, so that no ``except Exception`` survives it, just as nothing survives the end of a process;
and what still tries to leave (a ``finally``, say) is stopped as well.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from typing import Any
from unittest.mock import patch

import grpc._channel
import httpcore
import httpcore2

READS = frozenset(
    {"BatchGetDocuments", "GetDocument", "ListCollectionIds", "ListDocuments", "PartitionQuery", "RunQuery"}
    | {"RunAggregationQuery", "Listen", "GET", "HEAD"}
)
"""Names of calls after which every server is as it was before."""
FOREIGN_THREADS = frozenset({"provider-doubles"})
"""Who else lives in the test's process."""


class Killed(BaseException):
    """The process ends here."""


@dataclass(frozen=True)
class OutsideCall:
    """One call: to which host:port, and the method's name and its database (gRPC) or verb and path (HTTP)."""

    to: str
    name: str
    path: str = ""

    @property
    def changes(self) -> bool:
        """Whether the server may be another one afterwards."""
        return self.name not in READS


@dataclass
class Watch:
    """What one run of a function called. ``kill_at`` n ends it right after its n-th call has been answered; 0 never.

    With ``before`` it ends just before that call instead.
    """

    kill_at: int = 0
    before: bool = False
    calls: list[OutsideCall] = field(default_factory=list)
    escaped: list[str] = field(default_factory=list)
    is_dead: bool = False
    _inside: int = 0

    def begins(self, call: OutsideCall) -> None:
        """A call is about to leave."""
        self._check_alive()
        self.calls.append(call)
        if self.before and len(self.calls) == self.kill_at:
            self._die()
        self._inside += 1

    def ends(self) -> None:
        """It was answered."""
        self._inside = max(0, self._inside - 1)
        if not self.before and len(self.calls) == self.kill_at:
            self._die()

    def connects(self, address: Any) -> None:
        """A socket is being connected."""
        if not self._inside and threading.current_thread().name not in FOREIGN_THREADS:
            self.escaped.append(str(address))

    def _check_alive(self) -> None:
        if self.is_dead:
            raise Killed

    def _die(self) -> None:
        self.is_dead = True
        raise Killed


class Transports:
    """The watched transports of this process; ``run`` watches one function."""

    def __init__(self) -> None:
        self._watch: Watch | None = None

    def run(self, watch: Watch, function: Callable[[], Any]) -> Any:
        """Run ``function`` under ``watch``; None if it was killed."""
        self._watch = watch
        try:
            return function()
        except Killed:
            return None
        finally:
            self._watch = None

    @property
    def watch(self) -> Watch | None:
        """Who is watching now."""
        return self._watch


@contextmanager
def watched_transports() -> Iterator[Transports]:
    """Transports that are watched while the block runs; clients must be made inside the block."""
    transports = Transports()
    with ExitStack() as stack:
        _watch_grpc(stack, transports)
        _watch_http(stack, transports)
        for library in (httpcore, httpcore2):
            _watch_pool(stack, transports, library.ConnectionPool)
        _watch_sockets(stack, transports)
        yield transports


def _watch_grpc(stack: ExitStack, transports: Transports) -> None:
    channel = grpc._channel.Channel
    for kind in ("unary_unary", "unary_stream", "stream_unary", "stream_stream"):
        make = getattr(channel, kind)

        def made(self: Any, method: str, *args: Any, _make: Any = make, **options: Any) -> Any:
            return _Rpc(_make(self, method, *args, **options), self._target, method, transports)

        stack.enter_context(patch.object(channel, kind, made))


class _Rpc:
    """A method of a channel. Streams of answers count as answered when the server has taken the request."""

    def __init__(self, rpc: Any, target: str, method: str, transports: Transports) -> None:
        self._rpc, self._transports = rpc, transports
        self._call = OutsideCall(target, method.rsplit("/", 1)[-1])

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self._watched(lambda: self._rpc(*args, **options), options)

    def with_call(self, *args: Any, **options: Any) -> Any:
        return self._watched(lambda: self._rpc.with_call(*args, **options), options)

    def future(self, *args: Any, **options: Any) -> Any:
        def waited() -> Any:
            call = self._rpc.future(*args, **options)
            call.exception()  # returns when the server has answered
            return call

        return self._watched(waited, options)

    def _watched(self, call: Callable[[], Any], options: dict[str, Any]) -> Any:
        watch = self._transports.watch
        if watch is None:
            return call()
        database = dict(options.get("metadata") or ()).get("google-cloud-resource-prefix", "")
        watch.begins(replace(self._call, path=database))
        try:
            answer = call()
        except Exception:
            watch.ends()
            raise
        watch.ends()
        return answer


def _watch_http(stack: ExitStack, transports: Transports) -> None:
    put, get = HTTPConnection.putrequest, HTTPConnection.getresponse

    def putrequest(self: Any, method: str, url: str, *args: Any, **options: Any) -> Any:
        if transports.watch is not None:
            transports.watch.begins(OutsideCall(f"{self.host}:{self.port}", method, url))
        return put(self, method, url, *args, **options)

    def getresponse(self: Any) -> Any:
        try:
            return get(self)
        finally:
            if transports.watch is not None:
                transports.watch.ends()

    stack.enter_context(patch.object(HTTPConnection, "putrequest", putrequest))
    stack.enter_context(patch.object(HTTPConnection, "getresponse", getresponse))


def _watch_pool(stack: ExitStack, transports: Transports, pool: Any) -> None:
    handle = pool.handle_request

    def handle_request(self: Any, request: Any) -> Any:
        watch = transports.watch
        if watch is None:
            return handle(self, request)
        url = request.url
        watch.begins(OutsideCall(f"{url.host.decode()}:{url.port}", request.method.decode(), url.target.decode()))
        try:
            return handle(self, request)
        finally:
            watch.ends()

    stack.enter_context(patch.object(pool, "handle_request", handle_request))


def _watch_sockets(stack: ExitStack, transports: Transports) -> None:
    for name in ("connect", "connect_ex"):
        connect = getattr(socket.socket, name)

        def connecting(self: Any, address: Any, _connect: Any = connect) -> Any:
            if transports.watch is not None:
                transports.watch.connects(address)
            return _connect(self, address)

        stack.enter_context(patch.object(socket.socket, name, connecting))
