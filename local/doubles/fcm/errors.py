"""Firebase Cloud Messaging's error answers.

Source: firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode, and google.rpc.Status for the body.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from local.doubles.core.faults import FaultRule

_FCM = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
_STATUSES = {
    "INVALID_ARGUMENT": (400, "INVALID_ARGUMENT"),
    "THIRD_PARTY_AUTH_ERROR": (401, "UNAUTHENTICATED"),
    "SENDER_ID_MISMATCH": (403, "PERMISSION_DENIED"),
    "UNREGISTERED": (404, "NOT_FOUND"),
    "QUOTA_EXCEEDED": (429, "RESOURCE_EXHAUSTED"),
    "INTERNAL": (500, "INTERNAL"),
    "UNAVAILABLE": (503, "UNAVAILABLE"),
}
_CODES = {status: code for code, (status, _) in _STATUSES.items()}


class FcmRefusal(Exception):
    """The request is refused with FCM's code; for INVALID_ARGUMENT with the field that is wrong."""

    def __init__(self, code: str, message: str, field: str = "") -> None:
        super().__init__(message)
        self._code, self._message, self._field = code, message, field

    def response(self) -> Response:
        """The answer that leaves."""
        status, canonical = _STATUSES[self._code]
        details: list[dict[str, Any]] = [{"@type": _FCM, "errorCode": self._code}]
        if self._field:
            violation = {"field": self._field, "description": self._message}
            details.append({"@type": _BAD_REQUEST, "fieldViolations": [violation]})
        error = {"code": status, "message": self._message, "status": canonical, "details": details}
        return JSONResponse({"error": error}, status_code=status)


def speak_error(rule: FaultRule) -> Response:
    """A planned error in FCM's words, by its code or by its status."""
    code = rule.code if rule.code in _STATUSES else _CODES.get(rule.status or 500, "INTERNAL")
    return FcmRefusal(code, rule.message or "planned").response()
