"""How built-in functions and methods are described: what runs, and how many arguments it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emulator.rules import limits
from emulator.rules.errors import EvaluationError
from emulator.rules.values import Symbolic, Undetermined, Value


@dataclass(frozen=True, slots=True)
class Builtin:
    """A function of the language; a method takes its receiver as the first of `run`'s arguments, not counted here."""

    run: Callable[..., Value]
    minimum_arguments: int = 0
    maximum_arguments: int = 0

    def accepts(self, count: int) -> bool:
        """Whether it can be called with `count` arguments."""
        return self.minimum_arguments <= count <= self.maximum_arguments


def takes(count: int, run: Callable[..., Any]) -> Builtin:
    """A built-in with exactly `count` arguments."""
    return Builtin(run, count, count)


def bounded(length: int) -> None:
    """Refuse to build a value of more than the admitted characters or elements.

    Raises:
        EvaluationError: it would be longer.

    """
    if length > limits.VALUE_LENGTH:
        raise EvaluationError("The value is too long.")


def require(value: Value, *kinds: type) -> Any:
    """The value, when it is of one of these types.

    Raises:
        EvaluationError: it is of another type.

    """
    if type(value) in kinds:
        return value
    if isinstance(value, Symbolic):
        raise Undetermined
    raise EvaluationError("Null value error." if value is None else "Unexpected argument type.")
