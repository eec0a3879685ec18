"""Stability's REST error answers: the body `{id, name, errors}`."""

from __future__ import annotations

import secrets

from starlette.responses import JSONResponse, Response

from local.doubles.core.faults import FaultRule


class StabilityRefusal(Exception):
    """The request is refused with this status, name and list of errors."""

    def __init__(self, status: int, name: str, *errors: str) -> None:
        super().__init__(name)
        self.status, self.name, self.errors = status, name, errors

    def response(self) -> Response:
        """The answer that leaves."""
        body = {"id": secrets.token_hex(16), "name": self.name, "errors": list(self.errors)}
        return JSONResponse(body, status_code=self.status)


_BY_NAME: dict[str, tuple[int, str]] = {
    "bad_request": (400, "the request is invalid"),
    "unauthorized": (401, "missing or invalid API key"),
    "payment_required": (402, "your organization does not have enough credits"),
    "content_moderation": (403, "your request was flagged by our content moderation system"),
    "not_found": (404, "not found"),
    "payload_too_large": (413, "the request exceeds 10 MiB"),
    "unprocessable_entity": (422, "the request was well-formed, but rejected"),
    "rate_limit_exceeded": (429, "more than 150 requests within 10 seconds"),
    "internal_error": (500, "an internal error occurred"),
    "service_unavailable": (503, "the service is temporarily unavailable"),
}
_NAME_BY_STATUS = {status: name for name, (status, _) in _BY_NAME.items()}


def speak_error(rule: FaultRule) -> Response:
    """A planned error in Stability's words: by the rule's code (its `name`), its status, or a plain 500."""
    name = rule.code or _NAME_BY_STATUS.get(rule.status or 500, "internal_error")
    status, message = _BY_NAME.get(name, (rule.status or 500, "the request could not be completed"))
    return StabilityRefusal(rule.status or status, name, rule.message or message).response()
