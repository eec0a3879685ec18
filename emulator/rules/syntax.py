"""The shape of a parsed rules file: frozen records, no behaviour.

Parentheses leave no record: the expression inside takes their range.
"""

from __future__ import annotations

from dataclasses import dataclass

from emulator.rules.issues import Span


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal null, boolean, number or string."""

    value: bool | int | float | str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Variable:
    """A name: `request`, `resource`, a wildcard, a parameter or a `let`."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Unary:
    """`!x` or `-x`."""

    operator: str
    operand: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic, comparison, equality and `in`."""

    operator: str
    left: Expression
    right: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Logical:
    """`&&` or `||`."""

    operator: str
    left: Expression
    right: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Ternary:
    """`condition ? consequent : alternative`."""

    condition: Expression
    consequent: Expression
    alternative: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class TypeTest:
    """`x is string`."""

    operand: Expression
    type_name: str
    type_span: Span
    span: Span


@dataclass(frozen=True, slots=True)
class Member:
    """`x.name`."""

    operand: Expression
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Index:
    """`x[i]`."""

    operand: Expression
    index: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Slice:
    """`x[i:j]`."""

    operand: Expression
    start: Expression
    stop: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """`f(a, b)`."""

    name: str
    arguments: tuple[Expression, ...]
    name_span: Span
    span: Span


@dataclass(frozen=True, slots=True)
class MethodCall:
    """`x.f(a, b)`, also a function of a namespace such as `math.abs(x)`."""

    operand: Expression
    name: str
    arguments: tuple[Expression, ...]
    name_span: Span
    span: Span


@dataclass(frozen=True, slots=True)
class ListLiteral:
    """`[a, b]`."""

    items: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class MapLiteral:
    """`{k: v}`."""

    entries: tuple[tuple[Expression, Expression], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class PathLiteral:
    """`/a/$(b)/c`: fixed texts and expressions."""

    segments: tuple[str | Expression, ...]
    span: Span


Expression = (
    Constant
    | Variable
    | Unary
    | Binary
    | Logical
    | Ternary
    | TypeTest
    | Member
    | Index
    | Slice
    | Call
    | MethodCall
    | ListLiteral
    | MapLiteral
    | PathLiteral
)


@dataclass(frozen=True, slots=True)
class Let:
    """`let name = value;` in a function."""

    name: str
    value: Expression
    name_span: Span
    span: Span


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Function:
    """A function declared in a rules file."""

    name: str
    parameters: tuple[Parameter, ...]
    lets: tuple[Let, ...]
    result: Expression
    name_span: Span


@dataclass(frozen=True, slots=True)
class PatternSegment:
    """One segment of a match path: fixed text, `{name}`, or `{name=**}` when `recursive`."""

    text: str | None
    name: str | None
    recursive: bool
    span: Span
    name_span: Span


@dataclass(frozen=True, slots=True)
class Allow:
    """`allow operations: if condition;` (no condition: always)."""

    operations: tuple[str, ...]
    condition: Expression | None
    span: Span


@dataclass(frozen=True, slots=True)
class Match:
    """A match block with what it holds."""

    pattern: tuple[PatternSegment, ...]
    matches: tuple[Match, ...]
    allows: tuple[Allow, ...]
    functions: tuple[Function, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Service:
    """A service block; its own match and allow blocks hang below an empty pattern."""

    name: str
    root: Match


@dataclass(frozen=True, slots=True)
class RulesFile:
    """A whole rules file. `version` is 1 when the file does not say."""

    version: int
    services: tuple[Service, ...]
    functions: tuple[Function, ...]
