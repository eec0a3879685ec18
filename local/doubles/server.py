"""Starts all doubles on loopback in one background thread, and stops them again."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import BaseRoute

from local.doubles.addresses import HOST, Addresses, Ports, addresses_of
from local.doubles.control import ControlClient
from local.doubles.core.backstage import Backstage
from local.doubles.core.control_api import control_routes
from local.doubles.core.faults import FaultRule
from local.doubles.core.interception import Interception
from local.doubles.core.neighbours import NeighboursOnly
from local.doubles.core.wire import HangUpProtocol
from local.doubles.fcm import app as fcm
from local.doubles.fcm.errors import speak_error as speak_fcm_error
from local.doubles.openai import app as openai
from local.doubles.openai.errors import speak_error as speak_openai_error
from local.doubles.pages.app import Pages
from local.doubles.pages.payments import PaymentPages
from local.doubles.payments import PaymentDoubles, WebhookUrls
from local.doubles.sendgrid import app as sendgrid
from local.doubles.sendgrid.errors import speak_error as speak_sendgrid_error
from local.doubles.stability import rest
from local.doubles.stability.errors import speak_error as speak_stability_error
from local.doubles.stripe import app as stripe
from local.doubles.stripe.errors import speak_error as speak_stripe_error
from local.doubles.toss import app as toss
from local.doubles.toss.errors import speak_error as speak_toss_error

STOP_SECONDS_MAX = 5


class PortTaken(RuntimeError):
    """A port that was asked for is in use."""


@dataclass(frozen=True)
class Doubles:
    """The running doubles: where they are, and the client of their control API."""

    addresses: Addresses
    control: ControlClient


@contextmanager
def running(
    ports: Ports | None = None, events_url: str | None = None, webhook_urls: WebhookUrls | None = None
) -> Iterator[Doubles]:
    """Run all doubles while the block runs.

    Args:
        ports: the ports to listen on; all free ones by default.
        events_url: where mail events are posted to from the start; nowhere by default.
        webhook_urls: where payment webhooks are posted to from the start; nowhere by default.

    Raises:
        PortTaken: one of the ports is in use.

    """
    house = _House(ports or Ports(), events_url, webhook_urls or WebhookUrls())
    thread = threading.Thread(target=house.run, name="provider-doubles", daemon=True)
    thread.start()
    try:
        addresses = house.wait_until_ready()
        yield Doubles(addresses, ControlClient(addresses.home))
    finally:
        house.stop()
        thread.join()


@dataclass(frozen=True)
class _HttpDouble:
    """One HTTP server: which calls are the provider's, and how it words a planned error."""

    name: str
    port: int
    prefixes: tuple[str, ...]
    routes: list[BaseRoute]
    speak_error: Callable[[FaultRule], Response]


class _House:
    """The thread's side: one event loop in which every server runs."""

    def __init__(self, ports: Ports, events_url: str | None, webhook_urls: WebhookUrls) -> None:
        self._ports, self._events_url, self._webhook_urls = ports, events_url, webhook_urls
        self._ready = threading.Event()
        self._addresses: Addresses | None = None
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    def run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._failure = error
        finally:
            self._ready.set()

    def wait_until_ready(self) -> Addresses:
        self._ready.wait()
        if self._failure is not None:
            raise self._failure
        assert self._addresses is not None  # noqa: S101 (set before the event)
        return self._addresses

    def stop(self) -> None:
        if self._loop is not None and self._stopping is not None and self._loop.is_running():
            self._loop.call_soon_threadsafe(self._stopping.set)

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        backstage = Backstage()
        mail = sendgrid.SendGridDouble(self._events_url)
        telephones = fcm.FcmDouble()
        images = rest.StabilityRest(backstage)
        payments = PaymentDoubles(backstage, self._webhook_urls)
        pages = Pages(backstage, mail)
        payment_pages = PaymentPages(payments)

        def reset() -> None:
            backstage.reset()
            mail.reset()
            telephones.reset()
            images.reset()
            payments.reset()

        home_routes = [*pages.routes(), *payments.control_routes(), *telephones.control_routes()]
        doubles = [
            *self._http_doubles(backstage, mail, images, home_routes),
            *self._payment_doubles(payments, payment_pages),
            _HttpDouble(fcm.PROVIDER, self._ports.fcm, fcm.PREFIXES, [*telephones.routes()], speak_fcm_error),
        ]
        async with AsyncExitStack() as stack:
            taken = {}
            for double in doubles:
                app = _application(double, backstage, reset)
                taken[double.name] = await stack.enter_async_context(_http_server(app, double.port))
            taken["stability_grpc"] = await stack.enter_async_context(
                _grpc_server(backstage, self._ports.stability_grpc)
            )
            stack.push_async_callback(mail.webhook.close)
            stack.push_async_callback(payments.close)
            stack.callback(backstage.faults.clear)  # runs first: held calls must end before their servers can
            self._addresses = addresses_of(Ports(**taken), mail.webhook.key.public_key, payments.stripe.signer.secret)
            payments.locate(self._addresses)
            payment_pages.locate(self._addresses)
            pages.addresses = self._addresses
            self._ready.set()
            await self._stopping.wait()

    def _http_doubles(
        self,
        backstage: Backstage,
        mail: sendgrid.SendGridDouble,
        images: rest.StabilityRest,
        home_routes: list[BaseRoute],
    ) -> list[_HttpDouble]:
        ports = self._ports
        mail_routes: list[BaseRoute] = [*mail.routes(), *home_routes]
        return [
            _HttpDouble(
                openai.PROVIDER, ports.openai, openai.PREFIXES, [*openai.openai_routes(backstage)], speak_openai_error
            ),
            _HttpDouble(rest.PROVIDER, ports.stability, rest.PREFIXES, [*images.routes()], speak_stability_error),
            _HttpDouble(sendgrid.PROVIDER, ports.sendgrid, sendgrid.PREFIXES, mail_routes, speak_sendgrid_error),
        ]

    def _payment_doubles(self, payments: PaymentDoubles, pages: PaymentPages) -> list[_HttpDouble]:
        stripe_routes: list[BaseRoute] = [*payments.stripe.routes(), *pages.stripe_routes()]
        toss_routes: list[BaseRoute] = [*payments.toss.routes(), *pages.toss_routes()]
        return [
            _HttpDouble(stripe.PROVIDER, self._ports.stripe, stripe.PREFIXES, stripe_routes, speak_stripe_error),
            _HttpDouble(toss.PROVIDER, self._ports.toss, toss.PREFIXES, toss_routes, speak_toss_error),
        ]


def _application(double: _HttpDouble, backstage: Backstage, reset: Callable[[], None]) -> Starlette:
    """One double behind its interception."""
    return Starlette(
        routes=[*control_routes(backstage, reset), *double.routes],
        middleware=[
            Middleware(NeighboursOnly),
            Middleware(
                Interception,
                provider=double.name,
                prefixes=double.prefixes,
                journal=backstage.journal,
                faults=backstage.faults,
                speak_error=double.speak_error,
            ),
        ],
    )


@asynccontextmanager
async def _http_server(app: Starlette, port: int) -> AsyncIterator[int]:
    listener = _listener(port)
    config = uvicorn.Config(
        app,
        http=HangUpProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",  # hanging up on purpose is no error worth a line
        access_log=False,
        timeout_graceful_shutdown=STOP_SECONDS_MAX,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield int(listener.getsockname()[1])
    finally:
        server.should_exit = True
        await task
        listener.close()


def _listener(port: int) -> socket.socket:
    """A listening socket: clients may connect from now on, even before the server has begun to accept."""
    # Named as TCP, or asyncio does not switch off Nagle's delay (40 ms a call) on the connections accepted.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise PortTaken(f"port {port} is in use; give another one, or 0 for any free port") from error
    listener.listen(128)
    listener.setblocking(False)
    return listener


@asynccontextmanager
async def _grpc_server(backstage: Backstage, port: int) -> AsyncIterator[int]:
    import grpc  # noqa: PLC0415 (with stability_sdk: 0.3 s that users of the control client alone need not pay)

    from local.doubles.stability.grpc_service import GenerationDouble  # noqa: PLC0415

    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    GenerationDouble(backstage).add_to(server)
    try:
        bound = server.add_insecure_port(f"{HOST}:{port}")
        while port == 0 and str(bound).endswith("443"):  # stability-sdk takes such a port for TLS
            bound = server.add_insecure_port(f"{HOST}:0")
    except RuntimeError as error:
        raise PortTaken(f"port {port} is in use; give another one, or 0 for any free port") from error
    await server.start()
    try:
        yield bound
    finally:
        await server.stop(grace=None)
