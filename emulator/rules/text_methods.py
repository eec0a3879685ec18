"""Methods of strings and bytes (firebase.google.com/docs/reference/rules/rules.String and rules.Bytes)."""

from __future__ import annotations

import base64
import functools
from typing import Any

import re2

from emulator.rules.errors import EvaluationError
from emulator.rules.method import Builtin, bounded, require, takes

PATTERN_CACHE_SIZE = 512
PATTERN_MEMORY_BYTES = 1 << 20


def _matches(text: str, pattern: Any) -> bool:
    return _pattern(require(pattern, str)).fullmatch(text) is not None


def _replace(text: str, pattern: Any, substitute: Any) -> str:
    """Every match replaced by the text as it stands: a `$1` in it means itself."""
    literal: str = require(substitute, str)
    compiled = _pattern(require(pattern, str))
    bounded(len(text) + len(literal) * sum(1 for _ in compiled.finditer(text)))
    result: str = compiled.sub(lambda _: literal, text)
    return result


def _split(text: str, pattern: Any) -> list[str]:
    pieces, start = [], 0
    for found in _pattern(require(pattern, str)).finditer(text):
        if found.end() == found.start() and found.start() in (0, len(text)):
            continue  # an empty match at either end separates nothing
        pieces.append(text[start : found.start()])
        start = found.end()
    return [*pieces, text[start:]]


def _to_utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise EvaluationError("String is not valid Unicode.") from None


@functools.lru_cache(PATTERN_CACHE_SIZE)
def _pattern(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = PATTERN_MEMORY_BYTES
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError):
        raise EvaluationError("Invalid regular expression.") from None


STRING_METHODS: dict[str, Builtin] = {
    "size": takes(0, len),
    "lower": takes(0, str.lower),
    "upper": takes(0, str.upper),
    "trim": takes(0, str.strip),
    "matches": takes(1, _matches),
    "replace": takes(2, _replace),
    "split": takes(1, _split),
    "toUtf8": takes(0, _to_utf8),
}

BYTES_METHODS: dict[str, Builtin] = {
    "size": takes(0, len),
    "toBase64": takes(0, lambda data: base64.b64encode(data).decode()),
    "toHexString": takes(0, lambda data: data.hex().upper()),
}
