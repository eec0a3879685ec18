"""Turns the expressions and match blocks of a rules file into Python closures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from emulator.rules import call_closures, closures, library, syntax
from emulator.rules.closures import Run
from emulator.rules.coverage import CoverageNode
from emulator.rules.matching import AllowRule, MatchRule, operations_of
from emulator.rules.syntax_walk import children


@dataclass(slots=True)
class FunctionUnit:
    """A declared function; `run` is filled in when its body is compiled."""

    declaration: syntax.Function
    scope: Scope
    body: call_closures.FunctionBody = field(default_factory=call_closures.FunctionBody)
    compiled: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """The names visible at one place: wildcards and locals by their slot, functions by name."""

    service: str
    captures: Mapping[str, int] = field(default_factory=dict)
    functions: Mapping[str, FunctionUnit] = field(default_factory=dict)
    locals: Mapping[str, int] = field(default_factory=dict)
    capture_count: int = 0


class Compiler:
    """Compiles one service block. With `coverage`, every expression also counts its values into that list."""

    def __init__(self, coverage: list[CoverageNode] | None) -> None:
        self._coverage = coverage
        self._open: list[list[CoverageNode]] = [[]]

    def service(self, service: syntax.Service, functions: tuple[syntax.Function, ...]) -> MatchRule:
        """The compiled match tree of a service; `functions` are those declared outside any service."""
        scope = Scope(service.name)
        outer = self._declare(functions, scope)
        rule = self._match(service.root, outer)
        self._finish(outer)
        return rule

    def _match(self, match: syntax.Match, outer: Scope) -> MatchRule:
        names = [segment.name for segment in match.pattern if segment.name is not None]
        first = outer.capture_count
        captures = {**outer.captures, **{name: first + position for position, name in enumerate(names)}}
        scope = Scope(outer.service, captures, outer.functions, {}, first + len(names))
        scope = self._declare(match.functions, scope)
        allows = tuple(self._allow(allow, scope) for allow in match.allows)
        children = tuple(self._match(child, scope) for child in match.matches)
        self._finish(scope)
        return MatchRule(match.pattern, allows, children)

    def _allow(self, allow: syntax.Allow, scope: Scope) -> AllowRule:
        condition = None if allow.condition is None else self._root(allow.condition, scope)
        return AllowRule(operations_of(allow.operations), condition, allow.span.line)

    def _declare(self, functions: tuple[syntax.Function, ...], scope: Scope) -> Scope:
        visible = dict(scope.functions)
        inner = Scope(scope.service, scope.captures, visible, {}, scope.capture_count)
        for function in functions:
            visible[function.name] = FunctionUnit(function, inner)
        return inner

    def _finish(self, scope: Scope) -> None:
        for unit in scope.functions.values():
            self._compile(unit)

    def _compile(self, unit: FunctionUnit) -> None:
        if unit.compiled:
            return
        unit.compiled = True
        declaration = unit.declaration
        slots = {parameter.name: slot for slot, parameter in enumerate(declaration.parameters)}
        lets: list[Run] = []
        children: list[CoverageNode] = []
        self._open.append(children)
        for let in declaration.lets:
            lets.append(self.expression(let.value, self._within(unit.scope, slots)))
            slots = {**slots, let.name: len(slots)}
        result = self.expression(declaration.result, self._within(unit.scope, slots))
        self._open.pop()
        if declaration.lets and self._coverage is not None:
            node = CoverageNode(declaration.lets[0].span.until(declaration.result.span), children=children)
            result = closures.counted(result, node.span, node.tally)
            children = [node]
        if self._coverage is not None:
            self._coverage.extend(children)
        unit.body.define(lets, result)

    @staticmethod
    def _within(scope: Scope, slots: Mapping[str, int]) -> Scope:
        return Scope(scope.service, scope.captures, scope.functions, slots, scope.capture_count)

    def _root(self, expression: syntax.Expression, scope: Scope) -> Run:
        self._open.append([])
        run = self.expression(expression, scope)
        nodes = self._open.pop()
        if self._coverage is not None:
            self._coverage.extend(nodes)
        return run

    def expression(self, expression: syntax.Expression, scope: Scope) -> Run:
        """The closure that evaluates an expression."""
        if isinstance(expression, syntax.Constant):
            return closures.constant(expression.value)
        if isinstance(expression, syntax.Logical):
            return self._logical(expression, scope)
        self._open.append([])
        run = _COMPILERS[type(expression)](self, expression, scope)
        return self._count(run, expression, self._open.pop())

    def _count(self, run: Run, expression: syntax.Expression, children: list[CoverageNode]) -> Run:
        if self._coverage is None:
            return closures.counted(run, expression.span, None, _cost(expression))
        node = CoverageNode(expression.span, children=children)
        self._open[-1].append(node)
        return closures.counted(run, expression.span, node.tally, _cost(expression))

    def _logical(self, expression: syntax.Logical, scope: Scope) -> Run:
        """A chain `a && b && c` runs as one step, so that long chains do not nest deeply."""
        chain: list[syntax.Logical] = [expression]
        while isinstance(left := chain[-1].left, syntax.Logical) and left.operator == expression.operator:
            chain.append(left)
        chain.reverse()
        operands: list[Run] = []
        nodes: list[CoverageNode] = []
        self._open.append([])
        operands.append(self.expression(chain[0].left, scope))
        for link in chain:
            operands.append(self.expression(link.right, scope))
            nodes.append(CoverageNode(link.span, children=self._open.pop()))
            self._open.append([nodes[-1]])
        outermost = self._open.pop()
        tallies = None
        if self._coverage is not None:
            self._open[-1].extend(outermost)
            tallies = [node.tally for node in nodes]
        cost = sum(_cost(link) for link in chain)
        return closures.logical(operands, decisive=expression.operator == "||", tallies=tallies, cost=cost)

    def _variable(self, node: syntax.Variable, scope: Scope) -> Run:
        if node.name in scope.locals:
            return call_closures.local(scope.locals[node.name])
        if node.name in scope.captures:
            return closures.capture(scope.captures[node.name])
        return closures.variable(node.name)

    def _unary(self, node: syntax.Unary, scope: Scope) -> Run:
        return closures.unary(node.operator, self.expression(node.operand, scope))

    def _binary(self, node: syntax.Binary, scope: Scope) -> Run:
        return closures.binary(node.operator, self.expression(node.left, scope), self.expression(node.right, scope))

    def _ternary(self, node: syntax.Ternary, scope: Scope) -> Run:
        parts = [self.expression(part, scope) for part in (node.condition, node.consequent, node.alternative)]
        return closures.ternary(*parts)

    def _type_test(self, node: syntax.TypeTest, scope: Scope) -> Run:
        return closures.type_test(self.expression(node.operand, scope), node.type_name)

    def _member(self, node: syntax.Member, scope: Scope) -> Run:
        return closures.member(self.expression(node.operand, scope), node.name)

    def _index(self, node: syntax.Index, scope: Scope) -> Run:
        return closures.index(self.expression(node.operand, scope), self.expression(node.index, scope))

    def _slice(self, node: syntax.Slice, scope: Scope) -> Run:
        parts = [self.expression(part, scope) for part in (node.operand, node.start, node.stop)]
        return closures.cut(*parts)

    def _list(self, node: syntax.ListLiteral, scope: Scope) -> Run:
        return closures.list_of([self.expression(item, scope) for item in node.items])

    def _map(self, node: syntax.MapLiteral, scope: Scope) -> Run:
        entries = [(self.expression(key, scope), self.expression(value, scope)) for key, value in node.entries]
        return closures.map_of(entries)

    def _path(self, node: syntax.PathLiteral, scope: Scope) -> Run:
        parts = [part if isinstance(part, str) else self.expression(part, scope) for part in node.segments]
        return closures.path_of(parts)

    def _call(self, node: syntax.Call, scope: Scope) -> Run:
        arguments = self._arguments(node, scope)
        unit = scope.functions.get(node.name)
        if unit is not None:
            self._compile(unit)
            if len(arguments) != len(unit.declaration.parameters):
                return call_closures.failing(f"Incorrect number of arguments supplied to function: {node.name}.")
            return call_closures.user_call(unit.body, arguments)
        if node.name == "debug" and len(arguments) == 1:
            return call_closures.debug(arguments[0])
        if scope.service != library.STORAGE_SERVICE and node.name in library.FIRESTORE_ACCESSES:
            return self._access(node.name, library.FIRESTORE_ACCESSES[node.name], arguments)
        return call_closures.builtin_call(library.FUNCTIONS.get(node.name), arguments, node.name)

    def _method_call(self, node: syntax.MethodCall, scope: Scope) -> Run:
        receiver = node.operand.name if isinstance(node.operand, syntax.Variable) else ""
        if receiver in scope.locals or receiver in scope.captures:
            receiver = ""
        if receiver in library.NAMESPACES:
            function = library.NAMESPACES[receiver].get(node.name)
            return call_closures.builtin_call(function, self._arguments(node, scope), f"{receiver}.{node.name}")
        accesses = library.STORAGE_ACCESSES if scope.service == library.STORAGE_SERVICE else {}
        if receiver == "firestore" and node.name in accesses:
            return self._access(f"firestore.{node.name}", accesses[node.name], self._arguments(node, scope))
        operand = self.expression(node.operand, scope)
        return call_closures.method_call(operand, node.name, self._arguments(node, scope))

    def _arguments(self, node: syntax.Call | syntax.MethodCall, scope: Scope) -> list[Run]:
        return [self.expression(argument, scope) for argument in node.arguments]

    @staticmethod
    def _access(name: str, kind: tuple[bool, bool], arguments: list[Run]) -> Run:
        if len(arguments) != 1:
            return call_closures.failing(f"Incorrect number of arguments supplied to function: {name}.")
        after, existence_only = kind
        return call_closures.access(arguments[0], name, after=after, existence_only=existence_only)


def _cost(expression: syntax.Expression) -> int:
    """What one evaluation counts towards the limit of evaluated expressions.

    One for itself, one for each literal in it, and one more for a name: with this the recorded probes of the
    production service pass and fail here as they did there.
    """
    literals = sum(isinstance(child, syntax.Constant) for child in children(expression))
    return 1 + literals + isinstance(expression, syntax.Variable)


_COMPILERS: dict[type, Callable[..., Run]] = {
    syntax.Variable: Compiler._variable,
    syntax.Unary: Compiler._unary,
    syntax.Binary: Compiler._binary,
    syntax.Ternary: Compiler._ternary,
    syntax.TypeTest: Compiler._type_test,
    syntax.Member: Compiler._member,
    syntax.Index: Compiler._index,
    syntax.Slice: Compiler._slice,
    syntax.ListLiteral: Compiler._list,
    syntax.MapLiteral: Compiler._map,
    syntax.PathLiteral: Compiler._path,
    syntax.Call: Compiler._call,
    syntax.MethodCall: Compiler._method_call,
}
