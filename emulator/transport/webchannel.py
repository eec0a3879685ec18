"""Carries Listen and Write over WebChannel, the way the browser SDK holds its streams."""

import re
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from emulator.firestore.errors import StatusError, invalid_argument
from emulator.transport.callers import Caller, identify
from emulator.transport.conversations import Conversation
from emulator.transport.http_bodies import answers, read_body
from emulator.transport.rest_json import as_json, error_body, fill, parse_body
from emulator.transport.webchannel_session import Converse, Session

NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
MEDIA_TYPE = "text/plain; charset=utf-8"
MAPS_MAX = 1000
"""Messages of one forward request; the client sends at most 1000."""


class WebChannels:
    """The channel endpoints of one server and their sessions."""

    def __init__(self, conversations: Iterable[Conversation]) -> None:
        self._conversations = tuple(conversations)
        self._sessions: dict[str, Session] = {}

    def routes(self) -> list[BaseRoute]:
        """One endpoint per conversation."""
        return [
            Route(
                f"/google.firestore.v1.Firestore/{conversation.rpc}/channel",
                answers(self._endpoint(conversation)),
                methods=["GET", "POST"],
            )
            for conversation in self._conversations
        ]

    def close(self) -> None:
        """Ends every session."""
        for session in tuple(self._sessions.values()):
            session.end()

    @property
    def session_count(self) -> int:
        """Live sessions, for leak checks."""
        return len(self._sessions)

    def _forget(self, session: Session) -> None:
        self._sessions.pop(session.id, None)

    def _endpoint(self, conversation: Conversation) -> Any:
        async def serve(request: Request) -> Response:
            session_id = request.query_params.get("SID")
            if session_id is None:
                return await self._open(conversation, request)
            session = self._sessions.get(session_id)
            if session is None:
                return PlainTextResponse("Error: Unknown SID", 400, headers=NO_STORE)
            if request.query_params.get("TYPE") == "terminate":
                session.end()
                return PlainTextResponse("", headers=NO_STORE)
            if request.method == "POST":
                return await _forward(session, request)
            return _back(session, request)

        return serve

    async def _open(self, conversation: Conversation, request: Request) -> Response:
        if request.method != "POST" or request.query_params.get("VER") != "8":
            raise invalid_argument("A channel opens with a POST of WebChannel version 8.")
        form = _form(await read_body(request))
        caller_of = _caller_of(request, form)
        session = Session(self._forget)
        session.receive(*_maps(form))
        self._sessions[session.id] = session
        session.start(_converse(conversation, caller_of))
        return PlainTextResponse(session.hello(), headers=NO_STORE)


def _converse(conversation: Conversation, caller_of: Callable[[], Caller]) -> Converse:
    async def converse(session: Session) -> None:
        async def requests() -> AsyncIterator[Any]:
            async for text in session.incoming():
                yield fill(conversation.request(), parse_body(text.encode()))

        async def send(response: Any) -> None:
            await session.send([as_json(response)])

        try:
            await conversation.run(requests(), caller_of(), send)
        except StatusError as error:
            await session.send([error_body(error)])

    return converse


async def _forward(session: Session, request: Request) -> Response:
    session.acknowledge(_number(request, "AID"))
    session.receive(*_maps(_form(await read_body(request))))
    return PlainTextResponse(session.status(), headers=NO_STORE)


def _back(session: Session, request: Request) -> Response:
    is_buffered = request.query_params.get("CI") == "1"
    chunks = session.back_channel(_number(request, "AID"), is_buffered=is_buffered)
    return StreamingResponse(chunks, media_type=MEDIA_TYPE, headers=NO_STORE)


def _form(body: bytes) -> dict[str, str]:
    parsed = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAPS_MAX + 10)
    return {name: values[0] for name, values in parsed.items()}


def _maps(form: dict[str, str]) -> tuple[int, list[str]]:
    """The number of the first message of a form, and the messages; raises StatusError INVALID_ARGUMENT."""
    count, first = form.get("count", "0"), form.get("ofs", "0")
    if not re.fullmatch(r"\d{1,9}", count) or not re.fullmatch(r"\d{1,15}", first) or int(count) > MAPS_MAX:
        raise invalid_argument("The form's count or ofs is no sensible number.")
    names = [f"req{index}___data__" for index in range(int(count))]
    if any(name not in form for name in names):
        raise invalid_argument("The form lacks messages that its count promises.")
    return int(first), [form[name] for name in names]


def _caller_of(request: Request, form: dict[str, str]) -> Callable[[], Caller]:
    """Finds the caller later, so that a bad token ends the conversation in the way the SDK understands.

    The browser SDK puts headers into the form, or into a query parameter, to avoid preflight requests.
    """
    packed = form.get("headers") or request.query_params.get("$httpHeaders") or ""
    headers = dict(line.split(":", 1) for line in packed.split("\r\n") if ":" in line)
    named = {name.strip().lower(): value.strip() for name, value in headers.items()}
    authorization = named.get("authorization") or request.headers.get("authorization")
    return lambda: identify(authorization)


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "0")
    if not re.fullmatch(r"-?\d{1,15}", text):
        raise invalid_argument(f"{name} is no number.")
    return int(text)
