"""Stripe's error answers: the body `{"error": {type, code, message, param, ...}}`.

Source: https://docs.stripe.com/api/errors and https://docs.stripe.com/error-codes.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from local.doubles.core.faults import FaultRule


class StripeRefusal(Exception):
    """The request is refused.

    `worked` says whether work had begun: then the refusal is kept under the idempotency key, as Stripe keeps it.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        details: dict[str, Any] | None = None,
        worked: bool = True,
    ) -> None:
        super().__init__(message)
        self.status, self.worked = status, worked
        named = {"code": code, "param": param}
        self.error: dict[str, Any] = {
            "message": message,
            "type": kind,
            **{name: value for name, value in named.items() if value},
            **(details or {}),
        }

    def response(self) -> Response:
        """The answer that leaves."""
        return JSONResponse({"error": self.error}, status_code=self.status)


def parameter_refusal(message: str, code: str, param: str) -> StripeRefusal:
    """A refusal of one parameter, before any work: nothing is kept under the idempotency key."""
    return StripeRefusal(message, code=code, param=param, worked=False)


def no_such(kind: str, object_id: str, param: str = "id") -> StripeRefusal:
    """The answer about an object that does not exist."""
    words = f"No such {kind}: '{object_id}'"
    return StripeRefusal(words, status=404, code="resource_missing", param=param, worked=False)


_KINDS = {
    401: ("invalid_request_error", None),
    402: ("card_error", "card_declined"),
    403: ("invalid_request_error", None),
    404: ("invalid_request_error", "resource_missing"),
    409: ("idempotency_error", "idempotency_key_in_use"),
    429: ("invalid_request_error", "rate_limit"),
}
_LATER_STATUS = 500


def speak_error(rule: FaultRule) -> Response:
    """A planned error in Stripe's words; a 402 rule's code is a decline code such as insufficient_funds."""
    status = rule.status or (400 if rule.code else _LATER_STATUS)
    fallback = ("api_error", None) if status >= _LATER_STATUS else ("invalid_request_error", None)
    kind, usual_code = _KINDS.get(status, fallback)
    message = rule.message or "planned by the local control API"
    if kind == "card_error":
        details = {"decline_code": rule.code or "generic_decline"}
        return StripeRefusal(message, status=status, kind=kind, code=usual_code, details=details).response()
    return StripeRefusal(message, status=status, kind=kind, code=rule.code or usual_code).response()
