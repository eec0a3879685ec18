"""Reads what providers answer without trusting it: bounded in time and size, and in what may reach a log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from time import monotonic

DELAY_MAX = timedelta(hours=1)
"""A provider that asks for more is asked again after this."""
PICTURE_ANSWER_BYTES_MAX = 64 * 1024 * 1024
"""Above a 3840 x 2160 PNG of noise (25 MB) in base64 (33 MB); a function has 512 MB or more."""

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\[\]-]{0,63}")


class AnswerTooLate(Exception):
    """The answer began in time but did not end in time."""


class AnswerTooLarge(Exception):
    """The answer has more bytes than anything we asked for could have."""


def read_within(
    chunks: Iterable[bytes], *, deadline_seconds: float, bytes_max: int = PICTURE_ANSWER_BYTES_MAX
) -> bytes:
    """All of ``chunks``, unless the moment or the size is exceeded.

    HTTP clients limit the wait for each packet, not for the whole answer; this limits the whole.

    Args:
        chunks: the body as it arrives.
        deadline_seconds: a moment of ``time.monotonic()``.
        bytes_max: the most bytes to keep.

    Raises:
        AnswerTooLate, AnswerTooLarge: see there.

    """
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > bytes_max:
            raise AnswerTooLarge
        if monotonic() > deadline_seconds:
            raise AnswerTooLate
    return bytes(body)


def delay_asked(headers: Mapping[str, str]) -> timedelta:
    """How long the provider asks us to wait; zero if it does not say so understandably, at most ``DELAY_MAX``.

    ``Retry-After`` holds seconds or a date (RFC 9110, 10.2.3); ``retry-after-ms`` is OpenAI's finer form.
    """
    named = {name.lower(): value.strip() for name, value in headers.items()}
    milliseconds = _number(named.get("retry-after-ms", ""))
    if milliseconds is not None:
        return _bounded(timedelta(milliseconds=milliseconds))
    retry_after = named.get("retry-after", "")
    seconds = _number(retry_after)
    if seconds is not None:
        return _bounded(timedelta(seconds=seconds))
    return _until(_date(retry_after), _date(named.get("date", "")))


def safe_code(code: object, otherwise: str) -> str:
    """The provider's ``code`` if it looks like one (a word, no text that could quote a prompt), else ``otherwise``."""
    return code if isinstance(code, str) and _CODE.fullmatch(code) else otherwise


def _number(text: str) -> float | None:
    """Digits only: "1e999" and "nan" are numbers to Python, but not to HTTP."""
    return float(text) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text) else None


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _until(moment: datetime | None, now_there: datetime | None) -> timedelta:
    """Measured on the provider's own clock when it tells the time."""
    if moment is None:
        return timedelta(0)
    return _bounded(moment - (now_there or datetime.now(UTC)))


def _bounded(delay: timedelta) -> timedelta:
    return max(timedelta(0), min(delay, DELAY_MAX))
