# ruff: noqa: D102 - each method is named after the grammar rule it builds
"""Builds the records of `syntax` while the parser reduces: one method per grammar rule.

Reported ranges start at the first character of an expression and end before its closing bracket, as the official
coverage reports do.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from lark import Token, Transformer, v_args

from emulator.rules import limits, syntax
from emulator.rules.issues import Issue, Span

OPERATIONS = frozenset({"read", "write", "get", "list", "create", "update", "delete"})

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)


class IssueFound(Exception):
    """A construct that the grammar accepts and the language does not."""

    def __init__(self, issue: Issue) -> None:
        self.issue = issue
        super().__init__(issue.description)


def span_of(token: Token) -> Span:
    """The range of one token."""
    start = token.start_pos or 0
    return Span(token.line or 1, token.column or 1, start, (token.end_pos or start + 1) - 1)


@v_args(inline=True)
class TreeBuilder(Transformer[Token, Any]):
    """Grammar reductions to records. Children arrive as built records or tokens."""

    def start(self, *parts: Any) -> syntax.RulesFile:
        version = next((part for part in parts if isinstance(part, int)), 1)
        services = tuple(part for part in parts if isinstance(part, syntax.Service))
        functions = tuple(part for part in parts if isinstance(part, syntax.Function))
        return syntax.RulesFile(version, services, functions)

    def version(self, token: Token) -> int:
        text = _unquote(token)
        if text not in {"1", "2"}:
            raise IssueFound(Issue(span_of(token), f"Unknown rules version: {text}."))
        return int(text)

    def service_name(self, *names: Token) -> Token:
        return Token.new_borrow_pos("NAME", ".".join(names), names[0])

    def service(self, name: Token, *items: Any) -> syntax.Service:
        return syntax.Service(str(name), _block((), items, span_of(name)))

    def match(self, keyword: Token, pattern: tuple[syntax.PatternSegment, ...], *items: Any) -> syntax.Match:
        return _block(pattern, items, span_of(keyword))

    def pattern(self, *segments: syntax.PatternSegment) -> tuple[syntax.PatternSegment, ...]:
        return segments

    def pattern_segment(self, slash: Token, name: Token, glob: Token | None = None) -> syntax.PatternSegment:
        spans = (span_of(slash), span_of(name))
        if name.type == "PATH_SEGMENT":
            return syntax.PatternSegment(str(name), None, False, *spans)
        return syntax.PatternSegment(None, str(name), glob == "**", *spans)

    def operation(self, name: Token) -> Token:
        if name not in OPERATIONS:
            raise IssueFound(Issue(span_of(name), f"Invalid method name: {name}."))
        return name

    def allow(self, keyword: Token, *parts: Any) -> syntax.Allow:
        operations = tuple(str(part) for part in parts if isinstance(part, Token) and part.type == "NAME")
        condition = parts[-1] if parts and not isinstance(parts[-1], Token) else None
        return syntax.Allow(operations, condition, span_of(keyword))

    def parameters(self, *names: Token) -> tuple[syntax.Parameter, ...]:
        return tuple(syntax.Parameter(str(name), span_of(name)) for name in names)

    def let(self, keyword: Token, name: Token, value: syntax.Expression) -> syntax.Let:
        return syntax.Let(str(name), value, span_of(name), span_of(keyword).until(value.span))

    def function(self, name: Token, parameters: tuple[syntax.Parameter, ...] | None, *body: Any) -> syntax.Function:
        return syntax.Function(str(name), parameters or (), tuple(body[:-1]), body[-1], span_of(name))

    def ternary(self, condition: Any, consequent: Any, alternative: Any) -> syntax.Ternary:
        return syntax.Ternary(condition, consequent, alternative, condition.span.until(alternative.span))

    def logical(self, left: Any, operator: Token, right: Any) -> syntax.Logical:
        return syntax.Logical(str(operator), left, right, left.span.until(right.span))

    def binary(self, left: Any, operator: Token, right: Any) -> syntax.Binary:
        return syntax.Binary(str(operator), left, right, left.span.until(right.span))

    def type_test(self, operand: Any, name: Token) -> syntax.TypeTest:
        return syntax.TypeTest(operand, str(name), span_of(name), operand.span.until(span_of(name)))

    def unary(self, operator: Token, operand: Any) -> syntax.Unary | syntax.Constant:
        span = span_of(operator).until(operand.span)
        if operator == "-" and isinstance(operand, syntax.Constant) and type(operand.value) in (int, float):
            return syntax.Constant(-operand.value, span)  # type: ignore[operator]
        return syntax.Unary(str(operator), operand, span)

    def member(self, operand: Any, name: Token) -> syntax.Member:
        return syntax.Member(operand, str(name), operand.span.until(span_of(name)))

    def method_call(self, operand: Any, name: Token, arguments: tuple[Any, ...] | None) -> syntax.MethodCall:
        span = operand.span.until(_last_span(arguments, span_of(name)))
        return syntax.MethodCall(operand, str(name), arguments or (), span_of(name), span)

    def index(self, operand: Any, index: Any) -> syntax.Index:
        return syntax.Index(operand, index, operand.span.until(index.span))

    def slice(self, operand: Any, start: Any, stop: Any) -> syntax.Slice:
        return syntax.Slice(operand, start, stop, operand.span.until(stop.span))

    def variable(self, name: Token) -> syntax.Variable:
        return syntax.Variable(str(name), span_of(name))

    def call(self, name: Token, arguments: tuple[Any, ...] | None) -> syntax.Call:
        span = span_of(name).until(_last_span(arguments, span_of(name)))
        return syntax.Call(str(name), arguments or (), span_of(name), span)

    def integer(self, token: Token) -> syntax.Constant:
        digits = token.lstrip("0") or "0"
        if len(digits) > 19 or int(digits) > limits.INTEGER_MAXIMUM + 1:
            raise IssueFound(Issue(span_of(token), "Integer literal is out of the 64-bit range."))
        return syntax.Constant(int(digits), span_of(token))

    def float(self, token: Token) -> syntax.Constant:
        return syntax.Constant(float(token), span_of(token))

    def string(self, token: Token) -> syntax.Constant:
        return syntax.Constant(_unquote(token), span_of(token))

    def true(self, token: Token) -> syntax.Constant:
        return syntax.Constant(True, span_of(token))

    def false(self, token: Token) -> syntax.Constant:
        return syntax.Constant(False, span_of(token))

    def null(self, token: Token) -> syntax.Constant:
        return syntax.Constant(None, span_of(token))

    def list_literal(self, bracket: Token, items: tuple[Any, ...] | None) -> syntax.ListLiteral:
        return syntax.ListLiteral(items or (), span_of(bracket).until(_last_span(items, span_of(bracket))))

    def map_literal(self, brace: Token, entries: tuple[Any, ...] | None) -> syntax.MapLiteral:
        last = entries[-1][1].span if entries else span_of(brace)
        return syntax.MapLiteral(entries or (), span_of(brace).until(last))

    def group(self, parenthesis: Token, inner: Any) -> Any:
        return dataclasses.replace(inner, span=span_of(parenthesis).until(inner.span))

    def arguments(self, *items: Any) -> tuple[Any, ...]:
        return items

    def entries(self, *items: Any) -> tuple[Any, ...]:
        return items

    def entry(self, key: Any, value: Any) -> tuple[Any, Any]:
        return key, value

    def path_segment(self, slash: Token, part: Any) -> tuple[Span, str | Any]:
        if isinstance(part, Token):
            return span_of(slash).until(span_of(part)), str(part)
        span = span_of(slash).until(part.span)
        closing = Span(span.line, span.column, span.start, span.end + 1)
        return closing, part

    def path(self, *segments: tuple[Span, Any]) -> syntax.PathLiteral:
        span = segments[0][0].until(segments[-1][0])
        return syntax.PathLiteral(tuple(part for _, part in segments), span)


def _last_span(items: tuple[Any, ...] | None, otherwise: Span) -> Span:
    if not items:
        return otherwise
    span: Span = items[-1].span
    return span


def _block(pattern: tuple[syntax.PatternSegment, ...], items: tuple[Any, ...], span: Span) -> syntax.Match:
    return syntax.Match(
        pattern,
        tuple(item for item in items if isinstance(item, syntax.Match)),
        tuple(item for item in items if isinstance(item, syntax.Allow)),
        tuple(item for item in items if isinstance(item, syntax.Function)),
        span,
    )


def _unquote(token: Token) -> str:
    try:
        return _ESCAPE.sub(_unescape, str(token)[1:-1])
    except (ValueError, OverflowError):
        raise IssueFound(Issue(span_of(token), "Invalid character code in string.")) from None


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code:
        return chr(int(code, 16))
    character: str = match[4]
    if character in "\\'\"`":
        return character
    # An unknown escape keeps its backslash, so that '\d' in a pattern means what its author thought.
    return _ESCAPES.get(character, "\\" + character)
