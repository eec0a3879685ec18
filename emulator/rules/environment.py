"""What a request looks like to the rules, what they may ask of the world, and what they answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from emulator.rules import limits
from emulator.rules.issues import Span
from emulator.rules.values import Path, Value

Operation = Literal["read", "write", "get", "list", "create", "update", "delete"]


class Gap:
    """Stands in a request path for any number of unknown segments (a collection group query)."""


class UnknownSegment:
    """Stands in a request path for one segment that could be anything (the document id of a query)."""


GAP = Gap()
UNKNOWN_SEGMENT = UnknownSegment()
RequestSegment = str | Gap | UnknownSegment


@dataclass(frozen=True, slots=True)
class Request:
    """One access to decide.

    `path` starts at the service's root (`databases`, `(default)`, `documents`, ... or `b`, bucket, `o`, ...).
    `variables` holds what the rules see: `request` (a map) and `resource` (a map, null, or symbolic for a query).
    """

    operation: Operation
    path: Sequence[RequestSegment]
    variables: dict[str, Value]


class Environment(Protocol):
    """What an evaluation may ask of its surroundings. Both look-ups answer None for a missing document."""

    def get(self, path: Path) -> Value | None:
        """The document at `path` before the request, as a map with `data`, `id` and `__name__`."""

    def get_after(self, path: Path) -> Value | None:
        """The document at `path` as it will be after the whole request."""

    def debug(self, value: Value) -> None:
        """Show a value that the rules' author asked for with `debug()`."""


class NoDocuments:
    """An environment without documents that shows nothing."""

    def get(self, path: Path) -> Value | None:
        """No document exists."""
        return None

    def get_after(self, path: Path) -> Value | None:
        """No document exists."""
        return None

    def debug(self, value: Value) -> None:
        """Nothing is shown."""


@dataclass(slots=True)
class AccessBudget:
    """Documents read by the rules, each path counted once; `shared` also counts for a whole batch.

    Source: firebase.google.com/docs/firestore/security/rules-conditions#access_call_limits.
    """

    limit: int = limits.DOCUMENT_ACCESSES_SINGLE
    shared: AccessBudget | None = None
    seen: dict[tuple[bool, Path], Value | None] = field(default_factory=dict)

    def admits(self, key: tuple[bool, Path]) -> bool:
        """Whether reading `key` stays within the limit."""
        if key not in self.seen and len(self.seen) >= self.limit:
            return False
        return self.shared is None or self.shared.admits(key)

    def note(self, key: tuple[bool, Path], value: Value | None) -> None:
        """Remember what was read."""
        self.seen[key] = value
        if self.shared is not None:
            self.shared.note(key, value)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one `allow` statement did not allow: its condition was false, or `cause` happened at `span`.

    `allow_line` is None when the cause lies before any statement.
    """

    operation: str
    allow_line: int | None = None
    span: Span | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a request is allowed, and if not, why. Reasons name places in the rules, never data."""

    allowed: bool
    reasons: tuple[Reason, ...] = ()

    def explain(self) -> str:
        """The refusal in the official server's words, on the line after an empty first one."""
        texts = [
            f"evaluation error at L{reason.span.line}:{reason.span.column} {_statement(reason)}"
            for reason in self.reasons
            if reason.span is not None
        ]
        texts += [f"{reason.cause or 'false'} {_statement(reason)}" for reason in self.reasons]
        return "\n" + (", ".join(texts) or "No matching allow statements")


def _statement(reason: Reason) -> str:
    place = "" if reason.allow_line is None else f" @ L{reason.allow_line}"
    return f"for '{reason.operation}'{place}"


ALLOWED = Decision(allowed=True)
