"""Arithmetic, comparison and access: what the operators of the language do with values.

Semantics: firebase.google.com/docs/reference/rules (each type's page) and /docs/reference/security/storage#errors.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from emulator.rules import limits
from emulator.rules.errors import EvaluationError
from emulator.rules.method import bounded
from emulator.rules.symbolic import OpenMap, SymbolicValue
from emulator.rules.values import Duration, Path, RulesSet, Symbolic, Timestamp, Undetermined, Value, contains

_ORDERED_TYPES = (str, bytes, Timestamp, Duration)


def binary_operation(operator: str) -> Callable[[Value, Value], Value]:
    """The function behind a binary operator other than `&&`, `||`, `==` and `!=`."""
    return _BINARY[operator]


def add(left: Value, right: Value) -> Value:
    """Sum of numbers, concatenation of strings, shift of a timestamp, sum of durations."""
    left_type, right_type = type(left), type(right)
    if left_type is right_type is str:
        bounded(len(left) + len(right))
        return left + right
    if _numeric(left_type, right_type):
        return _in_range(left + right)
    if left_type is Timestamp and right_type is Duration:
        return Timestamp(left.nanoseconds + right.nanoseconds)
    if left_type is Duration and right_type is Timestamp:
        return Timestamp(left.nanoseconds + right.nanoseconds)
    if left_type is right_type is Duration:
        return Duration(left.nanoseconds + right.nanoseconds)
    raise _unsupported("+", left, right)


def subtract(left: Value, right: Value) -> Value:
    """Difference of numbers, of timestamps (a duration), of durations; shift of a timestamp."""
    left_type, right_type = type(left), type(right)
    if _numeric(left_type, right_type):
        return _in_range(left - right)
    if left_type is Timestamp and right_type is Duration:
        return Timestamp(left.nanoseconds - right.nanoseconds)
    if left_type is right_type and left_type in (Timestamp, Duration):
        return Duration(left.nanoseconds - right.nanoseconds)
    raise _unsupported("-", left, right)


def multiply(left: Value, right: Value) -> Value:
    """Product of numbers."""
    if _numeric(type(left), type(right)):
        return _in_range(left * right)
    raise _unsupported("*", left, right)


def divide(left: Value, right: Value) -> Value:
    """Quotient of numbers; integers truncate towards zero."""
    left_type, right_type = type(left), type(right)
    if not _numeric(left_type, right_type):
        raise _unsupported("/", left, right)
    if right == 0:
        raise EvaluationError("Division by zero.")
    if left_type is right_type is int:
        quotient = abs(left) // abs(right)
        return _in_range(quotient if (left < 0) == (right < 0) else -quotient)
    return left / right


def modulo(left: Value, right: Value) -> Value:
    """Remainder of numbers, with the sign of the dividend."""
    left_type, right_type = type(left), type(right)
    if not _numeric(left_type, right_type):
        raise _unsupported("%", left, right)
    if right == 0:
        raise EvaluationError("Division by zero.")
    if left_type is right_type is int:
        remainder = abs(left) % abs(right)
        return -remainder if left < 0 else remainder
    return math.nan if math.isinf(left) else math.fmod(left, right)


def negate(operand: Value) -> Value:
    """The number with the other sign."""
    if type(operand) in (int, float):
        return _in_range(-operand)
    raise _unsupported("-", operand)


def invert(operand: Value) -> Value:
    """The other boolean."""
    if operand is True:
        return False
    if operand is False:
        return True
    raise _unsupported("!", operand)


def less(left: Value, right: Value) -> bool:
    """`left < right`."""
    if isinstance(left, SymbolicValue):
        return left.less_than(right, inclusive=False)
    if isinstance(right, SymbolicValue):
        return right.greater_than(left, inclusive=False)
    _require_ordered("<", left, right)
    return bool(left < right)


def less_or_equal(left: Value, right: Value) -> bool:
    """`left <= right`."""
    if isinstance(left, SymbolicValue):
        return left.less_than(right, inclusive=True)
    if isinstance(right, SymbolicValue):
        return right.greater_than(left, inclusive=True)
    _require_ordered("<=", left, right)
    return bool(left <= right)


def greater(left: Value, right: Value) -> bool:
    """`left > right`."""
    return less(right, left)


def greater_or_equal(left: Value, right: Value) -> bool:
    """`left >= right`."""
    return less_or_equal(right, left)


def within(item: Value, container: Value) -> bool:
    """`item in container`: an element of a list or set, a key of a map."""
    kind = type(container)
    if kind is list:
        return contains(container, item)
    if kind is RulesSet:
        return item in container
    if kind is dict:
        if isinstance(item, Symbolic):
            raise Undetermined
        return type(item) is str and item in container
    if isinstance(container, OpenMap | SymbolicValue):
        return container.has(item)
    raise _unsupported("in", item, container)


def index(container: Value, position: Value) -> Value:
    """`container[position]`: an element, a character, a segment, or the value of a key."""
    kind = type(container)
    if kind is dict:
        if type(position) is not str:
            raise _unsupported("[]", container, position)
        if position not in container:
            raise EvaluationError("Property is undefined on object.")
        return container[position]
    if isinstance(container, OpenMap) and type(position) is str:
        return container.member(position)
    if kind in (list, str, Path) and type(position) is int:
        items = container.segments if kind is Path else container
        if not 0 <= position < len(items):
            raise EvaluationError("Index is out of bounds.")
        return items[position]
    raise _unsupported("[]", container, position)


def cut(container: Value, start: Value, stop: Value) -> Value:
    """`container[start:stop]` of a list, string or path; `stop` is not included."""
    kind = type(container)
    if kind not in (list, str, Path) or type(start) is not int or type(stop) is not int:
        raise _unsupported("[:]", container, start, stop)
    items = container.segments if kind is Path else container
    if not 0 <= start <= stop <= len(items):
        raise EvaluationError("Range is out of bounds.")
    return Path(items[start:stop]) if kind is Path else items[start:stop]


def member(container: Value, name: str) -> Value:
    """`container.name`, a value of a map."""
    if type(container) is dict:
        try:
            return container[name]
        except KeyError:
            raise EvaluationError(f"Property {name} is undefined on object.") from None
    if isinstance(container, OpenMap):
        return container.member(name)
    if isinstance(container, Symbolic):
        raise Undetermined
    if container is None:
        raise EvaluationError("Null value error.")
    raise EvaluationError(f"Property {name} is undefined on object.")


def _numeric(left: type, right: type) -> bool:
    return (left is int or left is float) and (right is int or right is float)


def _in_range(number: float) -> float:
    if type(number) is int and not limits.INTEGER_MINIMUM <= number <= limits.INTEGER_MAXIMUM:
        raise EvaluationError("Integer overflow.")
    return number


def _require_ordered(operator: str, left: Value, right: Value) -> None:
    left_type, right_type = type(left), type(right)
    if not (_numeric(left_type, right_type) or (left_type is right_type and left_type in _ORDERED_TYPES)):
        raise _unsupported(operator, left, right)


def _unsupported(operator: str, *operands: Value) -> EvaluationError:
    if any(isinstance(operand, Symbolic) for operand in operands):
        return Undetermined()
    if any(operand is None for operand in operands):
        return EvaluationError("Null value error.")
    return EvaluationError(f"Unsupported operation error. Operator: {operator}.")


_BINARY: dict[str, Callable[[Value, Value], Value]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": modulo,
    "<": less,
    "<=": less_or_equal,
    ">": greater,
    ">=": greater_or_equal,
    "in": within,
}
