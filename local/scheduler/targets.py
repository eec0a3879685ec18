"""Finds where the functions emulator answers for a scheduled function.

Without Pub/Sub the emulator lists scheduled functions as ignored and serves them all the same, under their name with a
generation number that grows whenever triggers are enabled again. It names its keys only in the text of its 404, so that
is read.
"""

from __future__ import annotations

import re
from typing import Protocol

import requests

ANSWER_SECONDS = 10.0
PROBE = "no-such-function"


class TargetMissing(Exception):
    """The emulator serves no scheduled function of that name."""


class Targets(Protocol):
    """Says where a scheduled function is called."""

    def url_of(self, function: str) -> str:
        """The URL to post to; TargetMissing when there is none."""
        ...


class EmulatorTargets:
    """The functions of one functions emulator."""

    def __init__(self, functions_url: str, project: str) -> None:
        self._base = f"{functions_url}/{project}"

    def url_of(self, function: str) -> str:
        """The URL of the function's newest generation; TargetMissing when it is not served."""
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(f"{self._base}/none/{PROBE}", timeout=ANSWER_SECONDS)
        found = re.findall(rf"(?<![\w-])([a-z]+(?:-[a-z]+)+\d+)-({re.escape(function)})-(\d+)(?![\w-])", answer.text)
        if not found:
            raise TargetMissing(f"The functions emulator serves no scheduled function named {function}.")
        region, name, generation = max(found, key=lambda match: int(match[2]))
        return f"{self._base}/{region}/{name}-{generation}"
