"""The connection to OpenAI and its table of errors, shared by pictures and moderation."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NoReturn

from imagesfactory.generation.ports import ContentRejected, ProviderBusy, ProviderUnusable, RequestFaulty
from imagesfactory.vendors.answers import delay_asked, safe_code

if TYPE_CHECKING:
    from openai import APIError, APIStatusError, OpenAI

CONNECT_SECONDS = 5.0

REJECTION_CODES = frozenset({"moderation_blocked", "content_policy_violation"})
"""Refused by the safety system: today's code and that of older models (both with status 400)."""
UNUSABLE_CODES = frozenset(
    {
        "billing_hard_limit_reached",  # status 400, though nothing is wrong with the request
        "insufficient_quota",  # status 429, though waiting does not help
        "billing_not_active",
        "account_deactivated",
        "invalid_api_key",
        "model_not_found",  # retired, or not open to our account
    }
)
_UNUSABLE_STATUSES = frozenset({401, 402, 403, 404})
_BUSY_STATUSES = frozenset({408, 409, 425, 429})


def connect(api_key: str, base_url: str) -> OpenAI:
    """A client that never retries by itself: each hidden retry could be one more picture on our bill.

    Raises:
        ProviderUnusable: there is no key.

    """
    if not api_key:
        raise ProviderUnusable("api_key_missing")
    from openai import OpenAI

    logging.getLogger("openai").setLevel(logging.WARNING)  # its debug lines hold prompts
    return OpenAI(api_key=api_key, base_url=base_url, max_retries=0)


def raise_ours(error: APIError) -> NoReturn:
    """Raise what the SDK's ``error`` means to us, without its text, which may quote the prompt.

    Source: developers.openai.com/api/docs/guides/error-codes.

    Raises:
        ContentRejected, ProviderBusy, ProviderUnusable, RequestFaulty: see there.

    """
    from openai import APIStatusError

    if isinstance(error, APIStatusError):
        raise _from_status(error) from None
    raise ProviderBusy from None  # no answer in time, connection broken, or an answer that makes no sense


def _from_status(error: APIStatusError) -> Exception:
    status = error.status_code
    code = safe_code(error.code, f"status-{status}")
    if code in REJECTION_CODES:
        return ContentRejected()
    if code in UNUSABLE_CODES or status in _UNUSABLE_STATUSES:
        return ProviderUnusable(code)
    if status in _BUSY_STATUSES or not 400 <= status < 500:
        return ProviderBusy(delay_asked(error.response.headers))
    return RequestFaulty(code)
