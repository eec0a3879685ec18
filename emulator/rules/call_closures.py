"""The closures of calls: declared functions with their parameters and `let` values, built-ins, methods, look-ups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emulator.rules.closures import Frame, Run
from emulator.rules.errors import EvaluationError
from emulator.rules.evaluation import Evaluation
from emulator.rules.library import METHODS
from emulator.rules.method import Builtin, require
from emulator.rules.values import Path, Symbolic, Undetermined, Value


class FunctionBody:
    """The compiled body of a declared function; defined after the calls to it may already be compiled."""

    __slots__ = ("lets", "result")

    lets: Sequence[Run]
    result: Run

    def define(self, lets: Sequence[Run], result: Run) -> None:
        """Give the function its body."""
        self.lets = lets
        self.result = result


def user_call(body: FunctionBody, arguments: Sequence[Run]) -> Run:
    """A call of a declared function."""

    def run(evaluation: Evaluation, frame: Frame) -> Value:
        inner = [_attempt(argument, evaluation, frame) for argument in arguments]
        for let in body.lets:
            inner.append(_attempt(let, evaluation, inner))
        return body.result(evaluation, inner)

    return run


def builtin_call(builtin: Builtin | None, arguments: Sequence[Run], name: str) -> Run:
    """A call of a global function or of a namespace's function."""
    if builtin is None:
        return failing(f"Function not found error: Name: [{name}].")
    if not builtin.accepts(len(arguments)):
        return failing(f"Incorrect number of arguments supplied to function: {name}.")
    function = builtin.run
    return lambda evaluation, frame: function(*[argument(evaluation, frame) for argument in arguments])


def method_call(operand: Run, name: str, arguments: Sequence[Run]) -> Run:
    """A call of a method; which one depends on the receiver's type."""
    by_type = METHODS.get(name, {})

    def run(evaluation: Evaluation, frame: Frame) -> Value:
        receiver = operand(evaluation, frame)
        method = by_type.get(type(receiver))
        if method is None:
            raise _no_method(receiver, name)
        if not method.accepts(len(arguments)):
            raise EvaluationError(f"Incorrect number of arguments supplied to function: {name}.")
        return method.run(receiver, *[argument(evaluation, frame) for argument in arguments])

    return run


def access(argument: Run, name: str, *, after: bool, existence_only: bool) -> Run:
    """`get(path)`, `exists(path)` and their forms that look after the request.

    Getting a missing document gives null, so that what is asked of it fails: the official emulator's recorded words
    are "Null value error."
    """

    def run(evaluation: Evaluation, frame: Frame) -> Value:
        path: Path = require(argument(evaluation, frame), Path)
        document = evaluation.document(path, after=after, function=name)
        return document is not None if existence_only else document

    return run


def debug(argument: Run) -> Run:
    """`debug(x)`: shows the value and has it."""
    return lambda evaluation, frame: evaluation.debug(argument(evaluation, frame))


def failing(message: str) -> Run:
    """Always fails: the rules call something that does not exist."""

    def run(evaluation: Evaluation, frame: Frame) -> Value:
        raise EvaluationError(message)

    return run


def local(slot: int) -> Run:
    """A parameter or `let`."""

    def run(evaluation: Evaluation, frame: Frame) -> Value:
        value = frame[slot]
        if type(value) is _Failure:
            raise value.error
        return value

    return run


class _Failure:
    """An argument or `let` whose expression failed; the error counts only where the name is used."""

    __slots__ = ("error",)

    def __init__(self, error: EvaluationError) -> None:
        self.error = error


def _attempt(run: Run, evaluation: Evaluation, frame: Frame) -> Any:
    try:
        return run(evaluation, frame)
    except EvaluationError as error:
        return _Failure(error)


def _no_method(receiver: Value, name: str) -> EvaluationError:
    if isinstance(receiver, Symbolic):
        return Undetermined()
    return EvaluationError("Null value error." if receiver is None else f"Function not found error: Name: [{name}].")
