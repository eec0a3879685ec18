"""Finds in a log what may stand in none: addresses, tokens, secrets, and what people typed."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable

KINDS = {
    "e-mail address": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.(?:com|kr|net|org|io)\b"),
    "token": re.compile(r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}"),
}
SECRET_LENGTH = 12
"""A shorter value of a secret, such as ``local``, is a word like any other."""


def confidences(text: str, *, typed: Iterable[str] = (), secrets: Iterable[str] = ()) -> Counter[str]:
    """How often each kind of thing stands in ``text``; empty when it is fit to be kept. Does not repeat what it found.

    Args:
        text: what was logged.
        typed: what people entered: names, prompts, inquiries, passwords.
        secrets: values that only the functions know.

    """
    found = Counter({kind: len(pattern.findall(text)) for kind, pattern in KINDS.items()})
    for kind, words in (("something typed", typed), ("secret", (one for one in secrets if len(one) >= SECRET_LENGTH))):
        found[kind] = sum(text.count(word) for each in words for word in _spellings(each))
    return +found


def _spellings(word: str) -> set[str]:
    """As it is, and as JSON spells it in ASCII."""
    return {word, json.dumps(word)[1:-1]}
