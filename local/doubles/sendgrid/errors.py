"""SendGrid's error answers: the body `{"errors": [{message, field, help}]}`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import JSONResponse, Response

from local.doubles.core.faults import FaultRule


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and the field it is about (None for the request as a whole)."""

    message: str
    field: str | None = None


class SendGridRefusal(Exception):
    """The request is refused with this status and these problems."""

    def __init__(self, status: int, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].message)
        self.status, self.problems = status, tuple(problems)

    def response(self) -> Response:
        """The answer that leaves."""
        errors = [{"message": one.message, "field": one.field, "help": None} for one in self.problems]
        return JSONResponse({"errors": errors}, status_code=self.status)


_MESSAGES = {
    400: "Bad Request",
    401: "The provided authorization grant is invalid, expired, or revoked",
    403: "access forbidden",
    404: "not found",
    413: "The JSON payload you have included in your request is too large.",
    415: "Content-Type should be application/json.",
    429: "too many requests",
}


def refusal(status: int, message: str | None = None, field: str | None = None) -> SendGridRefusal:
    """A refusal with one problem, in SendGrid's usual words for that status."""
    return SendGridRefusal(status, [Problem(message or _MESSAGES.get(status, "internal server error"), field)])


def speak_error(rule: FaultRule) -> Response:
    """A planned error in SendGrid's words. A code of the rule becomes the message: SendGrid has no codes."""
    return refusal(rule.status or 500, rule.message or rule.code).response()
