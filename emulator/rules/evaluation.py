"""The state of one evaluation: variables, captured names, and what is left of the budgets."""

from __future__ import annotations

from emulator.rules import limits
from emulator.rules.environment import AccessBudget, Environment
from emulator.rules.errors import EvaluationError
from emulator.rules.values import Path, Value


class Evaluation:
    """What the compiled expressions of one request share.

    `captures` are the values of the match wildcards on the way to the `allow` being tried, outermost first.
    """

    __slots__ = ("_access", "_environment", "captures", "remaining", "variables")

    def __init__(self, variables: dict[str, Value], environment: Environment, access: AccessBudget) -> None:
        self.variables = variables
        self.captures: list[Value] = []
        self.remaining = limits.EVALUATED_EXPRESSIONS
        self._environment = environment
        self._access = access

    def document(self, path: Path, *, after: bool, function: str) -> Value | None:
        """Look a document up; the same path again costs nothing.

        Raises:
            EvaluationError: the rules read more documents than the limit admits.

        """
        key = (after, path)
        seen = self._access.seen
        if key in seen:
            return seen[key]
        if not self._access.admits(key):
            raise EvaluationError(f"Service call error. Function: [{function}]. Too many document accesses.")
        value = self._environment.get_after(path) if after else self._environment.get(path)
        self._access.note(key, value)
        return value

    def debug(self, value: Value) -> Value:
        """Show a value and pass it on."""
        self._environment.debug(value)
        return value
