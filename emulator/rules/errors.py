"""What goes wrong while a rule is evaluated."""

from __future__ import annotations

from emulator.rules.issues import Span


class EvaluationError(Exception):
    """An expression without a value. It makes its `allow` false, unless `||` or `&&` decide without it.

    `message` names things of the rules file only, never data of a request. `span` is where it happened, filled in by
    the innermost expression that knows its place.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.span: Span | None = None


class LimitExceeded(Exception):
    """A bound on the work for one request was passed: the request is refused, no branch can rescue it."""
