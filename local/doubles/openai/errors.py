"""OpenAI's error answers: the body `{"error": {message, type, param, code}}` and the code table."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.responses import JSONResponse, Response

from local.doubles.core.faults import FaultRule


class OpenAIRefusal(Exception):
    """The request is refused with this status and error body."""

    def __init__(
        self,
        message: str,
        *,
        code: str | None,
        param: str | None = None,
        status: int = 400,
        type: str = "invalid_request_error",  # noqa: A002 (the member's name in the API)
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"message": message, "type": type, "param": param, "code": code, **(details or {})}

    def response(self) -> Response:
        """The answer that leaves, with a request id of its own."""
        headers = {"x-request-id": f"req_{secrets.token_hex(16)}"}
        return JSONResponse({"error": self.body}, status_code=self.status, headers=headers)


KNOWN_CODES: dict[str, tuple[int, str, str]] = {
    "moderation_blocked": (400, "image_generation_user_error", "Your request was rejected by the safety system."),
    "content_policy_violation": (400, "invalid_request_error", "The request goes against the content policy."),
    "billing_hard_limit_reached": (400, "invalid_request_error", "Billing hard limit has been reached."),
    "invalid_api_key": (401, "invalid_request_error", "Incorrect API key provided."),
    "unsupported_country_region_territory": (403, "request_forbidden", "Country, region or territory not supported."),
    "model_not_found": (404, "invalid_request_error", "The model does not exist or you do not have access to it."),
    "rate_limit_exceeded": (429, "requests", "Rate limit reached for images per minute."),
    "insufficient_quota": (429, "insufficient_quota", "You exceeded your current quota."),
    "server_error": (500, "server_error", "The server had an error while processing your request."),
}
"""Error code -> status, type, message. Statuses as public clients report them; the billing cap is a 400."""

_TYPES_BY_STATUS = {
    401: "invalid_request_error",
    403: "request_forbidden",
    404: "invalid_request_error",
    429: "requests",
}


def speak_error(rule: FaultRule) -> Response:
    """A planned error in OpenAI's words: by the rule's code, its status, or a plain 500."""
    status, kind, message = KNOWN_CODES.get(rule.code or "", (None, None, None))
    status = rule.status or status or 500
    if kind is None:
        kind = "server_error" if status >= 500 else _TYPES_BY_STATUS.get(status, "invalid_request_error")
    text = rule.message or message or "The request could not be completed."
    refusal = OpenAIRefusal(text, code=rule.code, status=status, type=kind, details=_details(rule.code))
    return refusal.response()


def moderation_blocked(stage: str, categories: list[str]) -> OpenAIRefusal:
    """The safety system's refusal; `stage` is `input` or `output`."""
    return OpenAIRefusal(
        "Your request was rejected by the safety system. If you believe this is an error, contact support.",
        code="moderation_blocked",
        type="image_generation_user_error",
        details={"moderation_details": {"moderation_stage": stage, "categories": categories}},
    )


def _details(code: str | None) -> dict[str, Any]:
    if code == "moderation_blocked":
        return {"moderation_details": {"moderation_stage": "output", "categories": ["sexual"]}}
    return {}
