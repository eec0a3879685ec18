"""Shared by the payment doubles' parts of the control API: reads what is asked, words what is refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local.doubles.core.control_api import json_body, refusal

Command = Callable[[Request, dict[str, Any]], Any]
"""Takes the request and its JSON object; what comes back is answered as JSON (None: an empty object)."""


class CommandInvalid(ValueError):
    """The control API was asked for something that it does not understand."""


def commanded(command: Command, refused: type[Exception]) -> Callable[[Request], Awaitable[Response]]:
    """The command as an endpoint; what the double itself refuses (`refused`) is answered in the double's words."""

    async def answer(request: Request) -> Response:
        body = await json_body(request)
        try:
            made = command(request, body if isinstance(body, dict) else {})
        except (CommandInvalid, TypeError, ValueError) as error:
            return refusal(400, str(error))
        except refused as error:
            response: Response = error.response()  # type: ignore[attr-defined]
            return response
        return JSONResponse({} if made is None else made)

    return answer


def one_of(value: object, allowed: tuple[str, ...]) -> str:
    """The value when it is one of these words. Raises CommandInvalid."""
    if value not in allowed:
        raise CommandInvalid(f"must be one of: {', '.join(allowed)}")
    return str(value)


def whole_number(value: object) -> int:
    """The value when it is a whole number. Raises CommandInvalid."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise CommandInvalid("an amount is a whole number")
    return value
