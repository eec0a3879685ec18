"""The small functions that compiled rules are made of: one per kind of expression.

Each takes the evaluation's state and the frame of the running function (parameters, then `let` values).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from emulator.rules import limits, operators
from emulator.rules.coverage import Tally
from emulator.rules.errors import EvaluationError, LimitExceeded
from emulator.rules.evaluation import Evaluation
from emulator.rules.issues import Span
from emulator.rules.method import require
from emulator.rules.symbolic import known
from emulator.rules.values import Path, Symbolic, Undetermined, Value, equal, type_matches

Frame = list[Value]
Run = Callable[[Evaluation, Frame], Value]

_TOO_MANY = f"The maximum of {limits.EVALUATED_EXPRESSIONS} expressions to evaluate has been reached."


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
