"""Has SendGrid erase what it keeps about a recipient.

Source: twilio.com/docs/sendgrid/api-reference/recipients-data-erasure-api. Asking again is another erasure of nothing.
"""

from __future__ import annotations

import http.client
import json
from typing import Any

from imagesfactory.kit import log
from imagesfactory.kit.errors import RetryLater
from imagesfactory.vendors.answers import safe_code
from imagesfactory.vendors.once import Once
from imagesfactory.withdrawal.ports import ProcessorUnusable

ERASE_SECONDS = 20.0
_OPERATOR_STATUSES = frozenset({400, 401, 403, 404, 405, 415})


class SendGridRecipients:
    """A Processor."""

    def __init__(self, *, api_key: str, host: str) -> None:
        """``host`` is a URL without a path, as in https://api.sendgrid.com."""
        self._api_key, self._host = api_key, host.rstrip("/")
        self._client = Once(self._connect)

    def forget(self, address: str) -> str:
        """Order the erasure; returns the id of SendGrid's erasure job.

        Raises:
            RetryLater, ProcessorUnusable: see the port.

        """
        from python_http_client.exceptions import HTTPError

        try:
            answer = self._client().client.recipients.erasejob.post(request_body={"email_addresses": [address]})
            job_id = json.loads(answer.body)["job_id"]
        except HTTPError as error:
            raise _ours(int(error.status_code)) from None
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
            raise RetryLater("sendgrid-unreachable") from None
        return safe_code(job_id, "accepted")

    def _connect(self) -> Any:
        if not self._api_key:
            raise ProcessorUnusable("sendgrid-key-missing")
        from sendgrid import SendGridAPIClient

        client = SendGridAPIClient(self._api_key, host=self._host)
        client.client.timeout = ERASE_SECONDS  # it has none of its own
        return client


def _ours(status: int) -> Exception:
    if status in _OPERATOR_STATUSES:
        log.error("erasure.processor_unusable", provider="sendgrid", status=status)
        return ProcessorUnusable(f"sendgrid-status-{status}")
    return RetryLater(f"sendgrid-status-{status}")
