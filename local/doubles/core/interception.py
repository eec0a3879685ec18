"""Stands before every HTTP double: journals each call, then lets the planned faults have it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.doubles.core.faults import Call, FaultBook, FaultRule, PlannedFault
from local.doubles.core.journal import Journal, ReceivedRequest, read_body, text_of
from local.doubles.core.wire import hang_up

BODY_BYTES_MAX = 64 * 1024 * 1024  # above every provider's own limit, so that each double refuses by its own words

SpeakError = Callable[[FaultRule], Response]
"""Puts a planned `error` into the provider's words."""


class Interception:
    """ASGI middleware of one provider; paths outside `prefixes` (control, pages) pass untouched."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        provider: str,
        prefixes: Sequence[str],
        journal: Journal,
        faults: FaultBook,
        speak_error: SpeakError,
    ) -> None:
        self._app = app
        self._provider = provider
        self._prefixes = tuple(prefixes)
        self._journal = journal
        self._faults = faults
        self._speak_error = speak_error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as planned."""
        if scope["type"] != "http" or not scope["path"].startswith(self._prefixes):
            await self._app(scope, receive, send)
            return
        raw = await _whole_body(receive)
        entry = await self._note(scope, raw)
        fault = self._faults.take(
            Call(provider=self._provider, path=entry.path, model=entry.model, text=text_of(entry.body))
        )
        entry.fault = fault.id if fault else None
        answer = _Answer(self._app, scope, raw, receive, send)
        try:
            await self._carry_out(fault, answer)
        finally:
            await self._journal.finish(entry, answer.status)

    async def _note(self, scope: Scope, raw: bytes) -> ReceivedRequest:
        headers = Headers(scope=scope)
        return await self._journal.write(
            provider=self._provider,
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers=dict(headers.items()),
            body=await read_body(headers, raw),
            size=len(raw),
        )

    async def _carry_out(self, fault: PlannedFault | None, answer: _Answer) -> None:
        if fault is not None and fault.rule.effect == "hold":
            await self._faults.hold(fault)
        if fault is not None and fault.rule.ends_in_error:
            await answer.instead(_with_extras(self._speak_error(fault.rule), fault.rule))
        elif fault is None or fault.rule.effect == "hold":
            await answer.as_usual()
        elif fault.rule.effect == "garbage":
            await answer.instead(Response("<html>upstream said something else", media_type="application/json"))
        elif fault.rule.effect == "cut":
            await answer.cut_half_way()
        else:
            await answer.lost()


class _Answer:
    """The ways in which one request can be answered; `status` is what left, None when nothing whole did."""

    def __init__(self, app: ASGIApp, scope: Scope, raw: bytes, receive: Receive, send: Send) -> None:
        self._app, self._scope, self._raw = app, scope, raw
        self._receive, self._send = receive, send
        self.status: int | None = None

    async def as_usual(self) -> None:
        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
            await self._send(message)

        await self._app(self._scope, self._replayed(), noting)

    async def instead(self, response: Response) -> None:
        self.status = response.status_code
        await response(self._scope, self._receive, self._send)

    async def cut_half_way(self) -> None:
        start, body = await self._worked_out()
        headers = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
        promised = (b"content-length", str(max(len(body), 2)).encode())
        await self._send({**start, "headers": [*headers, promised]})
        await self._send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        await hang_up(self._scope, self._receive)

    async def lost(self) -> None:
        await self._worked_out()
        await hang_up(self._scope, self._receive)

    async def _worked_out(self) -> tuple[Message, bytes]:
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._app(self._scope, self._replayed(), keep)
        return messages[0], b"".join(one.get("body", b"") for one in messages[1:])

    def _replayed(self) -> Receive:
        """The body once more, then whatever the connection says (a real disconnect)."""
        given = False

        async def receive() -> Message:
            nonlocal given
            if given:
                return await self._receive()
            given = True
            return {"type": "http.request", "body": self._raw, "more_body": False}

        return receive


async def _whole_body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        size += len(message.get("body", b""))
        if size <= BODY_BYTES_MAX:
            chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(chunks)


def _with_extras(response: Response, rule: FaultRule) -> Response:
    if rule.retry_after_seconds is not None:
        response.headers["retry-after"] = str(rule.retry_after_seconds)
    for name, value in rule.headers.items():
        response.headers[name] = value
    return response
