"""The conversion functions `int`, `float`, `string`, `bool` and `path`.

Sources: firebase.google.com/docs/reference/rules/rules.Integer, rules.Float, rules.String, rules.Boolean, rules.Path.
"""

from __future__ import annotations

import math
import re

from emulator.rules import limits
from emulator.rules.errors import EvaluationError
from emulator.rules.method import require
from emulator.rules.values import Path, Symbolic, Undetermined, Value

_INTEGER_TEXT = re.compile(r"[+-]?\d{1,19}")
_FLOAT_TEXT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def to_string(value: Value) -> str:
    """The text of a boolean, number, string or null."""
    kind = type(value)
    if kind is str:
        return str(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is float:
        return _float_text(value)
    raise _inconvertible(value, "string")


def to_integer(value: Value) -> int:
    """The integer of a number (towards zero) or of its decimal text."""
    number: int | None = None
    if type(value) is int:
        number = value
    elif (type(value) is float and math.isfinite(value)) or (type(value) is str and _INTEGER_TEXT.fullmatch(value)):
        number = int(value)
    if number is None or not limits.INTEGER_MINIMUM <= number <= limits.INTEGER_MAXIMUM:
        raise _inconvertible(value, "int")
    return number


def to_float(value: Value) -> float:
    """The float of a number or of its decimal text."""
    if type(value) in (int, float) or (type(value) is str and _FLOAT_TEXT.fullmatch(value)):
        return float(value)
    raise _inconvertible(value, "float")


def to_boolean(value: Value) -> bool:
    """The boolean itself, or of the texts `true` and `false` in any case."""
    if type(value) is bool:
        return value
    if type(value) is str and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise _inconvertible(value, "bool")


def to_path(value: Value) -> Path:
    """The path written in a string."""
    return Path.parse(require(value, str))


def _float_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)


def _inconvertible(value: Value, target: str) -> EvaluationError:
    if isinstance(value, Symbolic):
        return Undetermined()
    return EvaluationError(f"Value cannot be converted to {target}.")
