"""Kills a flow after (or before) any of its outside calls: every Firestore RPC and every call to a port.

A kill is a BaseException, so that no ``except Exception`` of the backend survives it, just as nothing survives the end
of a process. The harness counts the outside calls by itself: a flow is killed at call 1, 2, 3 and so on until it runs
through without being killed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import grpc
from google.cloud import firestore
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

Moment = Literal["before", "after"]


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Reaper:
    """Counts outside calls and kills at one of them. ``at`` 0 kills never."""

    at: int = 0
    moment: Moment = "after"
    calls: int = 0

    def around(self, call: Callable[[], Any]) -> Any:
        self.calls += 1
        if self.calls == self.at and self.moment == "before":
            raise Killed
        result = call()
        if self.calls == self.at:
            raise Killed
        return result

    def rest(self) -> None:
        """Kill no more: what comes now is the platform delivering again."""
        self.at = 0


class Intercepted:
    """A port whose every method is an outside call."""

    def __init__(self, outsider: Any, reaper: Reaper) -> None:
        self._outsider = outsider
        self._reaper = reaper

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._outsider, name)
        return lambda *args, **kwargs: self._reaper.around(lambda: method(*args, **kwargs))


class _Interceptor(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):  # type: ignore[type-arg]
    def __init__(self, reaper: Reaper) -> None:
        self._reaper = reaper

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        def call() -> Any:
            answer = continuation(details, request)
            answer.result()  # the call has reached the server when the kill comes
            return answer

        return self._reaper.around(call)

    def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        return self._reaper.around(lambda: continuation(details, request))


def mortal_client(address: str, project: str, reaper: Reaper, database: str = "(default)") -> firestore.Client:
    """A real Firestore client whose calls the reaper sees."""
    channel = grpc.intercept_channel(grpc.insecure_channel(address), _Owner(), _Interceptor(reaper))
    client = firestore.Client(project=project, credentials=_anonymous(), database=database)
    client._firestore_api_internal = FirestoreClient(transport=FirestoreGrpcTransport(channel=channel))
    return client


class _Owner(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):  # type: ignore[type-arg]
    """Signs calls as the emulator's administrator, which the library does only on channels of its own."""

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        return continuation(_signed(details), request)

    def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        return continuation(_signed(details), request)


def _signed(details: Any) -> Any:
    metadata = [*(details.metadata or ()), ("authorization", "Bearer owner")]
    return details._replace(metadata=metadata)


def _anonymous() -> Any:
    from google.auth.credentials import AnonymousCredentials

    return AnonymousCredentials()  # type: ignore[no-untyped-call]
