"""Structured log lines: ``noun.happened`` plus ids, one JSON object a line, nothing personal.

Only named fields that are ids, codes, counts or durations are accepted: a line cannot carry a prompt, an address or
a token because there is no field for one. Source of the line format: cloud.google.com/logging/docs/structured-logging.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from typing import Any, Final, TypedDict, Unpack

_LEADING_WORDS: Final = re.compile(r"[A-Za-z ]{1,80}(?=[:,%($]|\.?\Z|\. )")
_LEVELS: Final = {"info": "INFO", "warning": "WARNING", "error": "ERROR"}


class Fields(TypedDict, total=False):
    """What a log line may carry."""

    uid: str
    job_id: str
    image: int
    mail_id: str
    event_id: str
    task: str
    provider: str
    model: str
    code: str
    status: int
    attempt: int
    count: int
    points: int
    milliseconds: int
    error_type: str


def info(event: str, **fields: Unpack[Fields]) -> None:
    """Something expected happened."""
    _write("info", event, fields)


def warning(event: str, **fields: Unpack[Fields]) -> None:
    """Something is degraded; nobody needs to wake up."""
    _write("warning", event, fields)


def error(event: str, **fields: Unpack[Fields]) -> None:
    """Somebody should look at this."""
    _write("error", event, fields)


def failure(event: str, problem: BaseException, **fields: Unpack[Fields]) -> None:
    """An unknown failure: its type and where it happened. Its message is left out, for it may quote data."""
    frames = traceback.extract_tb(problem.__traceback__)
    fields["error_type"] = type(problem).__qualname__
    where = [f"{frame.filename.rsplit('/', 3)[-1]}:{frame.lineno} {frame.name}" for frame in frames[-12:]]
    _write("error", event, fields, where=where)


def reduce_libraries() -> None:
    """From now on, what libraries log through :mod:`logging` says what happened but not to whom.

    A library's message may quote a request: the Functions SDK logs an ID token that cannot be verified, for example.
    So only the leading words of its template are kept, without arguments and tracebacks.
    """
    logging.setLogRecordFactory(_reduced_record)


def _reduced_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    record = logging.LogRecord(*args, **kwargs)
    words = _LEADING_WORDS.match(str(record.msg))
    record.msg = words.group().strip() if words else "(no words)"
    record.args = None
    record.exc_info = record.exc_text = record.stack_info = None
    return record


def _write(level: str, event: str, fields: Fields, **more: list[str]) -> None:
    line = {"severity": _LEVELS[level], "message": event, **fields, **more}
    print(json.dumps(line, ensure_ascii=False), file=sys.stdout, flush=True)
