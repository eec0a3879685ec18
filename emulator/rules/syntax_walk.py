"""Visits the expressions inside an expression."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from emulator.rules import syntax


def children(node: syntax.Expression) -> tuple[syntax.Expression, ...]:
    """The expressions directly inside `node`, in source order."""
    match node:
        case syntax.Unary(_, operand) | syntax.TypeTest(operand) | syntax.Member(operand):
            return (operand,)
        case syntax.Binary(_, left, right) | syntax.Logical(_, left, right):
            return (left, right)
        case syntax.Ternary(condition, consequent, alternative):
            return (condition, consequent, alternative)
        case syntax.Index(operand, index):
            return (operand, index)
        case syntax.Slice(operand, start, stop):
            return (operand, start, stop)
        case syntax.Call(_, arguments):
            return arguments
        case syntax.MethodCall(operand, _, arguments):
            return (operand, *arguments)
        case syntax.ListLiteral(items):
            return items
        case syntax.MapLiteral(entries):
            return tuple(itertools.chain.from_iterable(entries))
        case syntax.PathLiteral(segments):
            return tuple(segment for segment in segments if not isinstance(segment, str))
        case _:
            return ()


def walk(expression: syntax.Expression) -> Iterator[syntax.Expression]:
    """`expression` and everything inside it. Does not recurse: the depth of a file's expressions is not bounded."""
    pending = [expression]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(children(node))
