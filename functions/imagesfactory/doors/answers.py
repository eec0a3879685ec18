"""Errors to answers: a refusal becomes its stable code in both languages, everything unknown becomes INTERNAL.

An unknown failure is logged here with where it happened, because the SDK would log its message (which may quote
data) and no traceback.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from firebase_functions.https_fn import FunctionsErrorCode, HttpsError

from imagesfactory.doors.malformed import MalformedRequest
from imagesfactory.kit import log
from imagesfactory.kit.errors import Refusal, RetryLater, Text

Inputs = ParamSpec("Inputs")
Answer = TypeVar("Answer")

_MALFORMED: Final = Text("요청 형식이 올바르지 않습니다.", "The request is not of the right form.")
_INTERNAL: Final = Text(
    "내부 문제가 발생했습니다. 잠시 후 다시 시도해 주세요.", "Something went wrong on our side. Please try again."
)


def answers(door: Callable[Inputs, Answer]) -> Callable[Inputs, Answer]:
    """Wrap a door so that whatever it raises becomes an answer that says enough and no more."""

    @wraps(door)
    def answered(*args: Inputs.args, **kwargs: Inputs.kwargs) -> Answer:
        try:
            return door(*args, **kwargs)
        except Refusal as refusal:
            log.info("call.refused", task=door.__name__, code=refusal.code)
            raise _error(refusal.outcome.value, refusal.code, refusal.text, dict(refusal.details)) from None
        except RetryLater as later:
            log.info("call.postponed", task=door.__name__, code=later.reason)
            raise _error("unavailable", later.reason, _INTERNAL, {}) from None
        except HttpsError:
            raise
        except MalformedRequest as malformed:
            log.info("call.refused", task=door.__name__, code="malformed")
            raise _error("invalid-argument", "malformed", _MALFORMED, {"fields": malformed.fields}) from None
        except Exception as problem:
            log.failure("call.failed", problem, task=door.__name__)
            raise _error("internal", "internal", _INTERNAL, {}) from None

    return answered


def _error(outcome: str, code: str, text: Text, details: dict[str, Any]) -> HttpsError:
    said = {"code": code, "message": {"ko": text.ko, "en": text.en}, **details}
    return HttpsError(FunctionsErrorCode(outcome), text.en, said)
