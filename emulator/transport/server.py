"""Joins engine, watch, triggers and transports into one running Firestore server."""

import asyncio
import contextlib
import logging
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import uvicorn
from starlette.types import ASGIApp

from emulator.firestore.indexes import CompositeIndexes
from emulator.firestore.service import FirestoreService
from emulator.firestore.trigger_events import Actor
from emulator.firestore.trigger_outbox import Outbox
from emulator.firestore.triggers import TriggerDispatcher
from emulator.firestore.usage import Usage
from emulator.firestore.watch import WatchHub
from emulator.firestore_export import read_export
from emulator.transport import http_app, requests_page
from emulator.transport.callers import AccessPolicy, CallerKind, current_caller
from emulator.transport.calls import Performer
from emulator.transport.control import Control
from emulator.transport.conversations import conversations
from emulator.transport.front import Front, bind, unix_sockets
from emulator.transport.grpc_server import GrpcServer
from emulator.transport.rest import RestApi
from emulator.transport.rulesets import Rulesets
from emulator.transport.usage_log import UsageLog
from emulator.transport.webchannel import WebChannels

BACKLOG = 512
"""Connections that may wait to be accepted."""
FOLDER_PREFIX = "firestore-server-"
GRACE_SECONDS = 0.2
"""What open calls get to end at a stop; the whole stop stays under a second."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How one server is to run.

    `data` is a folder to keep everything in, None for memory only. Port 0 picks a free port. `functions_emulator` is
    `host:port`. `project` is the one the server was started for; it matters for rules, imports and in single-project
    mode. `seed` is the overall metadata file of an export to begin with.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    data: Path | None = None
    websocket_port: int | None = None
    project: str | None = None
    rules: Path | None = None
    single_project: bool = False
    functions_emulator: str | None = None
    indexes: Path | None = None
    require_indexes: bool = False
    seed: Path | None = None


class FirestoreServer:
    """A running server; made by `running`."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self.service = _open_service(settings)
        self.usage_log = UsageLog()
        self.policy = AccessPolicy()
        self.hub = WatchHub(self.service, self._bill_listen)
        self.triggers = TriggerDispatcher(Outbox(self.service.connection), settings.functions_emulator, _actor)
        self.rulesets = Rulesets(self.policy, self.hub.recheck, lambda name: self.service.read([name])[0])
        only_project = settings.project if settings.single_project else None
        performer = Performer(self.service, self.policy, self.usage_log, only_project)
        streams = conversations(performer, self.hub)
        self._grpc = GrpcServer(performer, streams)
        control = Control(self.service, self.rulesets, self.triggers, self.usage_log)
        self._channels = WebChannels(streams)
        self._app = http_app.build(control, RestApi(performer), self._channels.routes())
        self._load_rules()
        self.front: Front
        self.port = 0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["FirestoreServer"]:
        """Serves inside the block. Raises AddressInUseError, and ExportUnreadable for the seed."""
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(self.service.close)
            await self._import_seed()
            stack.callback(self.hub.close)
            self.triggers.start()
            stack.push_async_callback(self.triggers.close)
            stack.callback(self.service.store_with(self.triggers.store))
            stack.callback(self.service.subscribe(self.triggers.on_commit))
            backends = unix_sockets(stack.enter_context(_private_folder()))
            await self._grpc.start(backends.grpc)
            stack.push_async_callback(self._grpc.stop, GRACE_SECONDS)
            await stack.enter_async_context(_serving(self._app, _unix_listener(backends.http)))
            stack.callback(self._channels.close)
            self.front = Front(backends)
            stack.push_async_callback(self.front.close)
            self.port = await self.front.listen(self._settings.host, self._settings.port)
            if self._settings.websocket_port is not None:
                page = bind(self._settings.host, self._settings.websocket_port)
                await stack.enter_async_context(_serving(requests_page.build(), *page))
            yield self

    def _load_rules(self) -> None:
        if self._settings.rules:
            text = self._settings.rules.read_text(encoding="utf-8")
            self.rulesets.load(self._settings.project or "", text, self._settings.rules.name)

    async def _import_seed(self) -> None:
        """Loads the seed before anybody listens: an import is no change that triggers or clients hear of."""
        if self._settings.seed:
            count = await self.service.load(read_export(self._settings.seed, self._settings.project))
            log.info("Imported %d documents from %s.", count, self._settings.seed)

    def _bill_listen(self, database: str, reads: int) -> None:
        self.usage_log.record("Listen", database, Usage(reads=reads), 0.0)


def _open_service(settings: ServerSettings) -> FirestoreService:
    if settings.data:
        settings.data.mkdir(parents=True, exist_ok=True)
    indexes = CompositeIndexes.load(settings.indexes) if settings.indexes else None
    return FirestoreService.open(settings.data, indexes=indexes, require_indexes=settings.require_indexes)


def _actor() -> Actor:
    """Who makes the commit being served, in the words of `ce-authtype`."""
    caller = current_caller.get()
    if caller.kind is CallerKind.USER:
        return Actor("app_user", caller.uid)
    if caller.kind is CallerKind.NOBODY:
        return Actor("unauthenticated", "anonymous")
    return Actor("service_account", "owner")


@contextlib.contextmanager
def _private_folder() -> Iterator[Path]:
    """A folder for this process's sockets, named after it; those of killed processes are removed."""
    for left in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
        owner = left.name.removeprefix(FOLDER_PREFIX).partition("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unix_listener(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    return listener


class _Uvicorn(uvicorn.Server):
    """Uvicorn without its own signal handling: the process owns that."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals alone."""
        yield


@contextlib.asynccontextmanager
async def _serving(app: ASGIApp, *listeners: socket.socket) -> AsyncIterator[None]:
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", timeout_keep_alive=75, server_header=False
    )
    for listener in listeners:
        listener.listen(BACKLOG)  # from here on a client may connect, and waits until uvicorn accepts
    server = _Uvicorn(config)
    serving = asyncio.create_task(server.serve(sockets=list(listeners)))
    try:
        yield
    finally:
        server.should_exit = server.force_exit = True
        await serving
        for listener in listeners:
            listener.close()
