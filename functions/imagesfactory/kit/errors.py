"""The error base: how a refusal names itself to a member and how work asks to be done again.

Exception
├── Refusal        an expected "no": stable code, Korean and English text; each room derives its own
└── RetryLater     the work is sound but cannot be finished now; whoever delivered it should deliver it again
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar


class Outcome(StrEnum):
    """The closed list of outcomes, in the callable protocol's own words.

    Source: firebase.google.com/docs/functions/callable-reference.
    """

    INVALID_ARGUMENT = "invalid-argument"
    FAILED_PRECONDITION = "failed-precondition"
    UNAUTHENTICATED = "unauthenticated"
    PERMISSION_DENIED = "permission-denied"
    NOT_FOUND = "not-found"
    ALREADY_EXISTS = "already-exists"
    RESOURCE_EXHAUSTED = "resource-exhausted"
    ABORTED = "aborted"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


@dataclass(frozen=True)
class Text:
    """One sentence for people, in both languages of the service."""

    ko: str
    en: str


class Refusal(Exception):
    """An expected refusal: nothing was changed, and the caller is told what to do about it.

    Derived classes set ``outcome``, ``code`` (stable, for programs) and ``text`` (for people). ``details`` holds
    safe facts only: numbers and names of fields, never what somebody typed.
    """

    outcome: ClassVar[Outcome] = Outcome.INTERNAL
    code: ClassVar[str] = "internal"
    text: ClassVar[Text] = Text("문제가 발생했습니다.", "Something went wrong.")

    def __init__(self, **details: str | int) -> None:
        super().__init__(self.code)
        self.details: Mapping[str, str | int] = details


class RetryLater(Exception):
    """The work cannot be finished now; deliver it again, not before ``delay`` has passed if that is known."""

    def __init__(self, reason: str, delay: timedelta = timedelta(0)) -> None:
        super().__init__(reason)
        self.reason = reason
        self.delay = delay


class Contended(Refusal):
    """Others changed the same record faster than we could; the caller may simply try again."""

    outcome = Outcome.ABORTED
    code = "contended"
    text = Text(
        "요청이 몰려 처리하지 못했습니다. 잠시 후 다시 시도해 주세요.",
        "Too many changes at once. Please try again.",
    )
