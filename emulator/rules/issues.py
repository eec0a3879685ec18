"""What the compiler has to say about a rules file: errors and warnings with their place in the source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["ERROR", "WARNING"]


@dataclass(frozen=True, slots=True)
class Span:
    """A range of the source text.

    `line` and `column` count from 1; `start` and `end` are offsets in Unicode characters from 0, `end` being the
    last character that belongs to the range (so an empty range has `end == start - 1`).
    """

    line: int
    column: int
    start: int
    end: int

    def as_json(self) -> dict[str, int]:
        """The range as the official `sourcePosition` object, without a file name."""
        return {"line": self.line, "column": self.column, "currentOffset": self.start, "endOffset": self.end}

    def until(self, other: Span) -> Span:
        """The range from here to the end of `other`."""
        return Span(self.line, self.column, self.start, other.end)


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding in a rules file."""

    span: Span
    description: str
    severity: Severity = "ERROR"

    def as_json(self, file_name: str) -> dict[str, Any]:
        """The finding as firebase-tools prints it (`sourcePosition`, `description`, `severity`)."""
        position: dict[str, Any] = {"fileName": file_name, **self.span.as_json()}
        return {"sourcePosition": position, "description": self.description, "severity": self.severity}

    def __str__(self) -> str:
        return f"L{self.span.line}:{self.span.column} {self.description}"


class RulesError(Exception):
    """A rules file that cannot be used; `issues` holds every error and warning found, in source order."""

    def __init__(self, issues: tuple[Issue, ...]) -> None:
        self.issues = issues
        errors = [str(issue) for issue in issues if issue.severity == "ERROR"]
        super().__init__("Error compiling rules:\n" + "\n".join(errors))
