"""The small functions that compiled rules are made of: one per kind of expression.

Each takes the evaluation's state and the frame of the running function (parameters, then `let` values).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from emulator.rules import limits, operators
from emulator.rules.coverage import Tally
from emulator.rules.errors import EvaluationError, LimitExceeded
from emulator.rules.evaluation import Evaluation
from emulator.rules.issues import Span
from emulator.rules.library import METHODS
from emulator.rules.method import Builtin, require
from emulator.rules.symbolic import known
from emulator.rules.values import Path, Symbolic, Undetermined, Value, equal, type_matches

Frame = list[Value]
Run = Callable[[Evaluation, Frame], Value]

_TOO_MANY = f"The maximum of {limits.EVALUATED_EXPRESSIONS} expressions to evaluate has been reached."


class _Failure:
    """An argument or `let` whose expression failed; the error counts only where the name is used."""

    __slots__ = ("error",)

    def __init__(self, error: EvaluationError) -> None:
        self.error = error


class FunctionBody:
    """The compiled body of a declared function; defined after the calls to it may already be compiled."""

    __slots__ = ("lets", "result")

    lets: Sequence[Run]
    result: Run

    def define(self, lets: Sequence[Run], result: Run) -> None:
        """Give the function its body."""
        self.lets = lets
        self.result = result


def counted(run: Run, span: Span, tally: Tally | None, cost: int = 1) -> Run:
    """`run`, charged to the evaluation's budget, with errors placed at `span`, its outcomes tallied."""

    def visit(evaluation: Evaluation, frame: Frame) -> Value:
        evaluation.remaining -= cost
        if evaluation.remaining < 0:
            raise LimitExceeded(_TOO_MANY)
        try:
            return run(evaluation, frame)
        except EvaluationError as error:
            if error.span is None:
                error.span = span
            raise

    if tally is None:
        return visit
    add = tally.add

    def visit_and_tally(evaluation: Evaluation, frame: Frame) -> Value:
        try:
            value = visit(evaluation, frame)
        except EvaluationError as error:
            add(error)
            raise
        add(value)
        return value

    return visit_and_tally


def failing(message: str) -> Run:
    """Always fails: the rules call something that does not exist."""

    def run(evaluation: Evaluation, frame: Frame) -> Value:
        raise EvaluationError(message)

    return run


def constant(value: Value) -> Run:
    """A literal."""
    return lambda evaluation, frame: value


def variable(name: str) -> Run:
    """A variable of the request."""

    def run(evaluation: Evaluation, frame: Frame) -> Value:
        try:
            return known(evaluation.variables[name])
        except KeyError:
            raise EvaluationError(f"Variable not found error: Name: [{name}].") from None

    return run


def capture(slot: int) -> Run:
    """A wildcard of the matched path."""
    return lambda evaluation, frame: known(evaluation.captures[slot])


def local(slot: int) -> Run:
    """A parameter or `let`."""

    def run(evaluation: Evaluation, frame: Frame) -> Value:
        value = frame[slot]
        if type(value) is _Failure:
            raise value.error
        return value

    return run


def unary(operator: str, operand: Run) -> Run:
    """`!x` or `-x`."""
    operation = operators.invert if operator == "!" else operators.negate
    return lambda evaluation, frame: operation(operand(evaluation, frame))


def binary(operator: str, left: Run, right: Run) -> Run:
    """Arithmetic, comparison, equality and `in`."""
    if operator == "==":
        return lambda evaluation, frame: equal(left(evaluation, frame), right(evaluation, frame))
    if operator == "!=":
        return lambda evaluation, frame: not equal(left(evaluation, frame), right(evaluation, frame))
    operation = operators.binary_operation(operator)
    return lambda evaluation, frame: operation(left(evaluation, frame), right(evaluation, frame))


def logical(operands: Sequence[Run], *, decisive: bool, tallies: Sequence[Tally] | None, cost: int) -> Run:
    """A chain of `||` (`decisive` true) or `&&` (`decisive` false).

    An operand with the decisive value decides, whatever failed before it; else the first failure is the outcome.
    `tallies` count the outcome of each prefix of the chain that has at least two operands.
    """
    note = _nothing if tallies is None else _prefix_tally(tallies)

    def run(evaluation: Evaluation, frame: Frame) -> Value:
        evaluation.remaining -= cost
        if evaluation.remaining < 0:
            raise LimitExceeded(_TOO_MANY)
        failure: EvaluationError | None = None
        for position, operand in enumerate(operands):
            try:
                value = operand(evaluation, frame)
            except EvaluationError as error:
                failure = failure or error
            else:
                if value is decisive:
                    note(position, decisive, True)
                    return decisive
                if type(value) is not bool:
                    failure = failure or _not_boolean(value)
            note(position, failure if failure is not None else not decisive, False)
        if failure is not None:
            raise failure
        return not decisive

    return run


def _nothing(position: int, outcome: Value, final: bool) -> None:
    """Without coverage there is nothing to note."""


def _prefix_tally(tallies: Sequence[Tally]) -> Callable[[int, Value, bool], None]:
    """Counts the outcomes of a chain's prefixes; a final outcome is that of all longer prefixes too."""

    def note(position: int, outcome: Value, final: bool) -> None:
        if final:
            for tally in tallies[max(position - 1, 0) :]:
                tally.add(outcome)
        elif position:
            tallies[position - 1].add(outcome)

    return note


def ternary(condition: Run, consequent: Run, alternative: Run) -> Run:
    """`condition ? consequent : alternative`; only the chosen branch is evaluated."""

    def run(evaluation: Evaluation, frame: Frame) -> Value:
        value = condition(evaluation, frame)
        if type(value) is not bool:
            raise _not_boolean(value)
        return consequent(evaluation, frame) if value else alternative(evaluation, frame)

    return run


def type_test(operand: Run, type_name: str) -> Run:
    """`x is type`."""

    def run(evaluation: Evaluation, frame: Frame) -> Value:
        value = operand(evaluation, frame)
        if isinstance(value, Symbolic):
            raise Undetermined
        kind: type = type(value)
        return type_matches(kind, type_name)

    return run


def member(operand: Run, name: str) -> Run:
    """`x.name`."""

    def run(evaluation: Evaluation, frame: Frame) -> Value:
        container = operand(evaluation, frame)
        if type(container) is dict and name in container:
            return container[name]
        return operators.member(container, name)

    return run


def index(operand: Run, position: Run) -> Run:
    """`x[i]`."""
    return lambda evaluation, frame: operators.index(operand(evaluation, frame), position(evaluation, frame))


def cut(operand: Run, start: Run, stop: Run) -> Run:
    """`x[i:j]`."""
    return lambda evaluation, frame: operators.cut(
        operand(evaluation, frame), start(evaluation, frame), stop(evaluation, frame)
    )


def list_of(items: Sequence[Run]) -> Run:
    """`[a, b]`."""
    return lambda evaluation, frame: [item(evaluation, frame) for item in items]


def map_of(entries: Sequence[tuple[Run, Run]]) -> Run:
    """`{k: v}`; keys are strings, a later key replaces an equal earlier one."""

    def run(evaluation: Evaluation, frame: Frame) -> Value:
        return {require(key(evaluation, frame), str): value(evaluation, frame) for key, value in entries}

    return run


def path_of(parts: Sequence[str | Run]) -> Run:
    """`/a/$(b)`; a string in it may hold several segments, a path is taken in whole."""
    if all(isinstance(part, str) for part in parts):
        return constant(Path(tuple(str(part) for part in parts)))

    def run(evaluation: Evaluation, frame: Frame) -> Value:
        segments: list[str] = []
        for part in parts:
            if isinstance(part, str):
                segments.append(part)
            else:
                segments.extend(_segments(part(evaluation, frame)))
        return Path(tuple(segments))

    return run


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


def _attempt(run: Run, evaluation: Evaluation, frame: Frame) -> Any:
    try:
        return run(evaluation, frame)
    except EvaluationError as error:
        return _Failure(error)


def _segments(value: Value) -> Sequence[str]:
    if type(value) is Path:
        return value.segments
    segments = tuple(segment for segment in require(value, str).split("/") if segment)
    if not segments:
        raise EvaluationError("Path segment is empty.")
    return segments


def _not_boolean(value: Value) -> EvaluationError:
    if isinstance(value, Symbolic):
        return Undetermined()
    return EvaluationError("Null value error." if value is None else "Condition is not a boolean.")


def _no_method(receiver: Value, name: str) -> EvaluationError:
    if isinstance(receiver, Symbolic):
        return Undetermined()
    return EvaluationError("Null value error." if receiver is None else f"Function not found error: Name: [{name}].")
