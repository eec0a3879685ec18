"""What the doubles received, so that a test can say what was sent and how often."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
from collections import deque
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData, Headers, UploadFile
from starlette.requests import Request
from starlette.types import Message, Scope

ENTRIES_MAX = 1000
TEXT_CHARACTERS_MAX = 40_000  # above the longest prompt any provider takes; attachments are summed up instead
_SECRET_HEADERS = ("authorization", "cookie")


@dataclass
class ReceivedRequest:
    """One call as a double received it.

    `body` is the parsed JSON, the form fields, the text, or None. `status` is the answer's HTTP status, None while
    the call is in work or when no answer left. Secret headers keep only their scheme.
    """

    number: int
    provider: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: Any
    body_bytes: int
    model: str | None
    fault: str | None = None
    status: int | None = None
    finished: bool = False

    def to_json(self) -> dict[str, Any]:
        """The entry as the control API shows it."""
        return dict(vars(self))


class Journal:
    """The latest calls, oldest first. Used from the doubles' one event loop only."""

    def __init__(self) -> None:
        self._entries: deque[ReceivedRequest] = deque(maxlen=ENTRIES_MAX)
        self._numbers = itertools.count(1)
        self._changed = asyncio.Condition()

    async def write(
        self, *, provider: str, method: str, path: str, query: str, headers: dict[str, str], body: Any, size: int
    ) -> ReceivedRequest:
        """Add a call just received; `size` is its body's length in bytes."""
        entry = ReceivedRequest(
            number=next(self._numbers),
            provider=provider,
            method=method,
            path=path,
            query=query,
            headers=without_secrets(headers),
            body=shortened(body),
            body_bytes=size,
            model=model_of(path, body),
        )
        async with self._changed:
            self._entries.append(entry)
            self._changed.notify_all()
        return entry

    async def finish(self, entry: ReceivedRequest, status: int | None) -> None:
        """Note how a call ended: the status answered, or None when no answer left."""
        async with self._changed:
            entry.status, entry.finished = status, True
            self._changed.notify_all()

    def entries(self, provider: str | None = None, path: str | None = None) -> list[ReceivedRequest]:
        """The calls received, all or those of one provider and one exact path."""
        return [one for one in self._entries if provider in (None, one.provider) and path in (None, one.path)]

    async def wait_for(
        self, count: int, timeout_seconds: float, provider: str | None, path: str | None
    ) -> list[ReceivedRequest]:
        """The calls once at least `count` of them have ended, or what there is when the time is over."""

        def enough() -> bool:
            return sum(one.finished for one in self.entries(provider, path)) >= count

        try:
            async with asyncio.timeout(timeout_seconds), self._changed:
                await self._changed.wait_for(enough)
        except TimeoutError:
            pass
        return self.entries(provider, path)

    def clear(self) -> None:
        """Forget every call. Numbers go on."""
        self._entries.clear()


def without_secrets(headers: dict[str, str]) -> dict[str, str]:
    """The headers with keys and cookies blanked out; the scheme word stays."""
    blanked = dict(headers)
    for name in _SECRET_HEADERS:
        if name in blanked:
            blanked[name] = f"{blanked[name].partition(' ')[0]} ***" if " " in blanked[name] else "***"
    return blanked


def shortened(value: Any) -> Any:
    """The value with every very long text replaced by its length and SHA-256."""
    if isinstance(value, str) and len(value) > TEXT_CHARACTERS_MAX:
        return f"<{len(value)} characters, sha256 {hashlib.sha256(value.encode()).hexdigest()}>"
    if isinstance(value, list):
        return [shortened(one) for one in value]
    if isinstance(value, dict):
        return {name: shortened(one) for name, one in value.items()}
    return value


def text_of(value: Any) -> str:
    """Every text inside the value, one a line: what a fault's `contains` is looked for in."""
    if isinstance(value, dict):
        return "\n".join(text_of(one) for one in value.values())
    if isinstance(value, list):
        return "\n".join(text_of(one) for one in value)
    return "" if value is None else str(value)


def model_of(path: str, body: Any) -> str | None:
    """The model a call asks for: the body's `model` or `engine_id`, else the last part of an image path."""
    if isinstance(body, dict):
        for name in ("model", "engine_id"):
            if isinstance(body.get(name), str):
                return str(body[name])
    _, _, service = path.partition("/stable-image/generate/")
    return service or None


async def read_body(headers: Headers, raw: bytes) -> Any:
    """The body as its content type says: parsed JSON, form fields, text; None when there is none."""
    if not raw:
        return None
    kind = headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        return await _form_fields(headers, raw)
    text = raw.decode("utf-8", errors="replace")
    if "json" in kind:
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


async def _form_fields(headers: Headers, raw: bytes) -> Any:
    scope: Scope = {"type": "http", "headers": headers.raw, "method": "POST", "path": "/", "query_string": b""}

    async def receive() -> Message:
        return {"type": "http.request", "body": raw, "more_body": False}

    try:
        form: FormData = await Request(scope, receive).form(max_part_size=16 * 1024 * 1024)
    except Exception as error:  # the parser's own errors share no base; the double's validation answers them
        return f"<unreadable form: {type(error).__name__}>"
    fields = {name: await _field(value) for name, value in form.multi_items()}
    await form.close()
    return fields


async def _field(value: UploadFile | str) -> str:
    if isinstance(value, str):
        return value
    return f"<file {value.filename!r}, {value.size} bytes>"
