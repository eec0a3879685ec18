"""Declares callables: as the SDK does, but nothing that somebody sends is our failure, and every refusal has our words.

The SDK answers a body that is no JSON, or JSON of an unexpected kind, with 500 INTERNAL, and its own refusals have no
code. So the body is looked at first, and what the SDK refused is said again in both languages. Blocking functions have
the same form, and answer a token that is none with 500 as well.
Source of the protocol: firebase.google.com/docs/functions/callable-reference.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from firebase_functions import https_fn
from flask import Request, Response

from imagesfactory.doors.bodies import is_too_large
from imagesfactory.doors.options import ANY_ORIGIN
from imagesfactory.doors.texts import INTERNAL, MALFORMED, SIGN_IN_INVALID, TOO_LARGE
from imagesfactory.kit import log
from imagesfactory.kit.errors import Text

CALL_BYTES_MAX: Final = 256 * 1024
"""Far above the longest announcement in two languages; what a client sends otherwise is ids and a few words."""

Door = Callable[[https_fn.CallableRequest[Any]], Any]
Served = Callable[[Request], Response]

_SAID_BY_SDK: Final[dict[int, tuple[str, Text]]] = {
    400: ("malformed", MALFORMED),
    401: ("sign-in-invalid", SIGN_IN_INVALID),
    500: ("internal", INTERNAL),
}


def on_call(**options: Any) -> Callable[[Door], Served]:
    """Declare a callable that any origin may call; ``options`` are the SDK's."""
    declared = https_fn.on_call(cors=ANY_ORIGIN, **options)

    return lambda door: _guarded(declared(door), _SAID_BY_SDK)


def blocking(inner: Any) -> Served:
    """Wrap a blocking function as the SDK made it: what that fails on before the door is reached is the token."""
    return _guarded(inner, _SAID_BY_SDK | {500: ("sign-in-invalid", SIGN_IN_INVALID)})


def _guarded(inner: Any, said_by_sdk: dict[int, tuple[str, Text]]) -> Served:
    """Only a call of sound form and sensible size gets through."""

    @wraps(inner)
    def called(request: Request) -> Response:
        refused = _refusal(inner.__name__, request) if request.method == "POST" else None
        return refused or _in_our_words(inner(request), said_by_sdk)

    return called


def _refusal(task: str, request: Request) -> Response | None:
    if is_too_large(request, CALL_BYTES_MAX):
        log.info("call.refused", task=task, code="too-large")
        return _answer(413, _error("INVALID_ARGUMENT", "too-large", TOO_LARGE))
    try:
        is_sound = request.is_json and _is_call(json.loads(request.get_data()))
    except (ValueError, RecursionError):
        is_sound = False
    if is_sound:
        return None
    log.info("call.refused", task=task, code="malformed")
    return _answer(400, _error("INVALID_ARGUMENT", "malformed", MALFORMED))


def _is_call(body: Any) -> bool:
    return isinstance(body, dict) and body.keys() == {"data"}


def _in_our_words(answer: Response, said_by_sdk: dict[int, tuple[str, Text]]) -> Response:
    said = said_by_sdk.get(answer.status_code)
    error = (answer.get_json(silent=True) or {}).get("error") if said else None
    if said is None or not isinstance(error, dict) or "code" in (error.get("details") or {}):
        return answer
    code, text = said
    status = "UNAUTHENTICATED" if code == "sign-in-invalid" else str(error.get("status"))
    answer.set_data(json.dumps(_error(status, code, text), ensure_ascii=False))
    answer.status_code = 401 if code == "sign-in-invalid" else answer.status_code
    return answer


def _error(status: str, code: str, text: Text) -> dict[str, Any]:
    details = {"code": code, "message": {"ko": text.ko, "en": text.en}}
    return {"error": {"status": status, "message": text.en, "details": details}}


def _answer(status: int, body: dict[str, Any]) -> Response:
    headers = {"Access-Control-Allow-Origin": "*"}
    return Response(json.dumps(body, ensure_ascii=False), status, headers, content_type="application/json")
