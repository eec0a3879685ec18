"""Errors to answers: a refusal becomes its stable code in both languages, everything unknown becomes INTERNAL.

An unknown failure is logged here with where it happened, because the SDK would log its message (which may quote
data) and no traceback.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from firebase_functions.https_fn import FunctionsErrorCode, HttpsError

from imagesfactory.doors.malformed import MalformedRequest
from imagesfactory.doors.texts import INTERNAL, MALFORMED
from imagesfactory.kit import log
from imagesfactory.kit.errors import Refusal, RetryLater, Text

Inputs = ParamSpec("Inputs")
Answer = TypeVar("Answer")


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
            raise _error("unavailable", later.reason, INTERNAL, {}) from None
        except HttpsError:
            raise
        except MalformedRequest as malformed:
            log.info("call.refused", task=door.__name__, code="malformed")
            raise _error("invalid-argument", "malformed", MALFORMED, {"fields": malformed.fields}) from None
        except Exception as problem:
            log.failure("call.failed", problem, task=door.__name__)
            raise _error("internal", "internal", INTERNAL, {}) from None

    return answered


def _error(outcome: str, code: str, text: Text, details: dict[str, Any]) -> HttpsError:
    said = {"code": code, "message": {"ko": text.ko, "en": text.en}, **details}
    return HttpsError(FunctionsErrorCode(outcome), text.en, said)
