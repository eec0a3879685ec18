"""Identifiers: derived ones that make a repeated act the same act, random ones, and keyed pseudonyms."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

_ID_BYTES = 15  # 120 bits: 24 base32 letters without padding, safe in paths, task names and file names


def derive_id(*parts: str) -> str:
    """The same 24 letters and digits for the same parts, always; different parts give different ids."""
    return _letters(hashlib.sha256(_framed(parts)).digest())


def new_id() -> str:
    """24 random letters and digits."""
    return _letters(secrets.token_bytes(_ID_BYTES))


def keyed_hash(key: str, *parts: str) -> str:
    """A pseudonym of ``parts`` that nobody without ``key`` can make or test (HMAC-SHA-256, 64 hex digits).

    Raises:
        ValueError: ``key`` is empty, which would make the pseudonym guessable.

    """
    if not key:
        msg = "the key of a pseudonym is empty"
        raise ValueError(msg)
    return hmac.new(key.encode(), _framed(parts), hashlib.sha256).hexdigest()


def digest_of(value: Any) -> str:
    """A digest (64 hex digits) of a JSON-like value that does not depend on the order of its keys."""
    canonical = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _letters(raw: bytes) -> str:
    return base64.b32encode(raw[:_ID_BYTES]).decode().lower()


def _framed(parts: tuple[str, ...]) -> bytes:
    """Length-framed, so that ("ab", "c") and ("a", "bc") differ."""
    return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
