"""What the errors of Google's client libraries mean to us: one table for every Google service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from imagesfactory.kit.errors import RetryLater

_BUSY_STATUSES = frozenset({408, 409, 429, 499})
"""Of the 4xx, those that may pass: timeout, aborted by contention, rate limit, cancelled on the way."""


class GoogleServiceUnusable(Exception):
    """A Google service refuses us whatever we ask (missing, forbidden, no credentials): an operator must act.

    Args:
        code: the service's name and what it said, for instance ``bucket-status-403``.

    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@contextmanager
def translated(service: str) -> Iterator[None]:
    """Run calls of a Google library; its errors become ours, without their texts, which quote names and payloads.

    Errors that the caller expects (nothing found, exists already) are to be caught inside.

    Raises:
        RetryLater: the service does not answer now.
        GoogleServiceUnusable: see there.

    """
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError
    from requests import RequestException

    try:
        yield
    except GoogleAPICallError as error:
        raise _from_status(service, int(error.code or 0)) from None
    except GoogleAuthError as error:
        raise _from_credentials(service, error) from None
    except (RetryError, RequestException, ConnectionError, TimeoutError):
        raise RetryLater(f"{service}-unreachable") from None


def _from_status(service: str, status: int) -> Exception:
    if status in _BUSY_STATUSES or not 400 <= status < 500:
        return RetryLater(f"{service}-status-{status}")
    return GoogleServiceUnusable(f"{service}-status-{status}")


def _from_credentials(service: str, error: Exception) -> Exception:
    """The token service not answering passes; having no credentials does not."""
    from google.auth.exceptions import TransportError

    if isinstance(error, TransportError) or getattr(error, "retryable", False):
        return RetryLater(f"{service}-unreachable")
    return GoogleServiceUnusable(f"{service}-credentials")
