"""Finds what a well-formed rules file still gets wrong: names, bounds, recursion.

Which findings are errors and which are warnings, and their words, follow published recordings of the production
compiler; where it only warns, evaluation fails at that place instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from emulator.rules import library, limits, syntax
from emulator.rules.issues import Issue, Severity, Span
from emulator.rules.syntax_walk import children, walk
from emulator.rules.values import TESTABLE_TYPES

REQUEST_VARIABLES = frozenset({"request", "resource"})


@dataclass(frozen=True, slots=True)
class Names:
    """The names visible at one place of the file."""

    service: str
    variables: frozenset[str] = REQUEST_VARIABLES
    functions: Mapping[str, syntax.Function] = field(default_factory=dict)
    segments: int = 0
    captures: int = 0
    depth: int = 0


def check(file: syntax.RulesFile) -> tuple[Issue, ...]:
    """Every error and warning of a parsed file, in source order."""
    return Checker(file).issues()


class Checker:
    """Walks a file once, collecting issues."""

    def __init__(self, file: syntax.RulesFile) -> None:
        self._file = file
        self._found: list[Issue] = []
        self._called: set[int] = set()
        self._chain_reported = False

    def issues(self) -> tuple[Issue, ...]:
        """The issues, in source order."""
        for service in self._file.services:
            names = self._declare(self._file.functions, Names(service.name))
            self._match(service.root, names)
            self._bodies(self._file.functions, names)
        for function in self._all_functions():
            if id(function) not in self._called:
                self._report(function.name_span, f"Unused function: {function.name}.", "WARNING")
        unique = {(issue.span, issue.description): issue for issue in self._found}
        return tuple(sorted(unique.values(), key=lambda issue: (issue.span.start, issue.severity)))

    def _report(self, span: Span, description: str, severity: Severity = "ERROR") -> None:
        self._found.append(Issue(span, description, severity))

    def _all_functions(self) -> Iterator[syntax.Function]:
        yield from self._file.functions
        pending = [service.root for service in self._file.services]
        while pending:
            match = pending.pop()
            yield from match.functions
            pending.extend(match.matches)

    def _declare(self, functions: Iterable[syntax.Function], names: Names) -> Names:
        visible = dict(names.functions)
        own: set[str] = set()
        for function in functions:
            if function.name in own:
                self._bound_twice(function.name, function.name_span)
            own.add(function.name)
            visible[function.name] = function
        return Names(names.service, names.variables, visible, names.segments, names.captures, names.depth)

    def _match(self, match: syntax.Match, outer: Names) -> None:
        names = self._pattern(match, outer)
        names = self._declare(match.functions, names)
        self._bodies(match.functions, names)
        for allow in match.allows:
            if allow.condition is not None:
                self._expression(allow.condition, names)
        for child in match.matches:
            self._match(child, names)

    def _pattern(self, match: syntax.Match, outer: Names) -> Names:
        captured = [segment for segment in match.pattern if segment.name is not None]
        for segment in captured:
            self._variable_name(segment.name or "", segment.name_span)
        self._globs(match.pattern)
        segments = outer.segments + len(match.pattern)
        captures = outer.captures + len(captured)
        depth = outer.depth + (1 if match.pattern else 0)
        self._bound(match.span, "segments in one path", segments, limits.PATH_SEGMENTS)
        self._bound(match.span, "path variables", captures, limits.PATH_CAPTURES)
        self._bound(match.span, "nested match blocks", depth, limits.MATCH_DEPTH)
        variables = outer.variables | {segment.name for segment in captured if segment.name}
        return Names(outer.service, variables, outer.functions, segments, captures, depth)

    def _globs(self, pattern: tuple[syntax.PatternSegment, ...]) -> None:
        recursive = [position for position, segment in enumerate(pattern) if segment.recursive]
        if len(recursive) > 1:
            self._report(
                pattern[recursive[1]].span,
                "Invalid glob match expression. Only one glob match is permitted in a match declaration path.",
            )
        elif recursive and self._file.version == 1 and recursive[0] != len(pattern) - 1:
            self._report(
                pattern[recursive[0]].span,
                "Invalid glob match expression. A glob match must be the last segment before rules_version = '2'.",
            )

    def _bodies(self, functions: Iterable[syntax.Function], names: Names) -> None:
        for function in functions:
            self._function(function, names)

    def _function(self, function: syntax.Function, names: Names) -> None:
        self._bound(function.name_span, "function parameters", len(function.parameters), limits.FUNCTION_PARAMETERS)
        self._bound(function.name_span, "let bindings", len(function.lets), limits.FUNCTION_LETS)
        local: set[str] = set()
        for parameter in function.parameters:
            self._local_name(parameter.name, parameter.span, local)
        for position, let in enumerate(function.lets):
            self._expression(let.value, self._with(names, local))
            self._local_name(let.name, let.name_span, local)
            later = [*(other.value for other in function.lets[position + 1 :]), function.result]
            repeated = any(other.name == let.name for other in function.lets[position + 1 :])
            if repeated or not any(_mentions(expression, let.name) for expression in later):
                self._report(let.name_span, f"Unused variable: {let.name}.", "WARNING")
        self._expression(function.result, self._with(names, local))
        if _recursive(function, names.functions):
            self._report(function.name_span, "Recursive call is not allowed.")
        else:
            self._call_depth(function, names.functions)

    def _call_depth(self, function: syntax.Function, visible: Mapping[str, syntax.Function]) -> None:
        chain = _longest_chain(function, visible, {})
        if len(chain) > limits.CALL_DEPTH + 1 and not self._chain_reported:
            self._chain_reported = True  # the functions further down the chain add nothing
            stack = "->".join(chain[: limits.CALL_DEPTH + 1])
            text = f"Maximum allowed call depth of {limits.CALL_DEPTH} is reached for [{stack}] call stack."
            self._report(function.name_span, text)

    @staticmethod
    def _with(names: Names, local: set[str]) -> Names:
        variables = names.variables | local
        return Names(names.service, variables, names.functions, names.segments, names.captures, names.depth)

    def _local_name(self, name: str, span: Span, local: set[str]) -> None:
        self._variable_name(name, span)
        if name in local:
            self._bound_twice(name, span)
        local.add(name)

    def _bound_twice(self, name: str, span: Span) -> None:
        self._report(span, f"The identifier [{name}] is already bound in the current scope.")

    def _variable_name(self, name: str, span: Span) -> None:
        if name in library.NAMESPACES:
            self._report(span, f"{name} is a package and cannot be used as variable name.")

    def _bound(self, span: Span, what: str, actual: int, limit: int) -> None:
        if actual > limit:
            self._report(span, f"Too many {what}: {actual}, at most {limit} are allowed.")

    def _expression(self, expression: syntax.Expression, names: Names) -> None:
        pending = [expression]
        while pending:
            node = pending.pop()
            self._node(node, names)
            receiver = node.operand if isinstance(node, syntax.MethodCall) else None
            namespace = isinstance(receiver, syntax.Variable) and _namespace(receiver.name, names) is not None
            pending.extend(child for child in children(node) if not (namespace and child is receiver))

    def _node(self, node: syntax.Expression, names: Names) -> None:
        if isinstance(node, syntax.Constant):
            if type(node.value) is int and node.value > limits.INTEGER_MAXIMUM:
                self._report(node.span, "Integer literal is out of the 64-bit range.")
        elif isinstance(node, syntax.Variable):
            self._variable(node, names)
        elif isinstance(node, syntax.TypeTest) and node.type_name not in TESTABLE_TYPES:
            self._report(node.type_span, f"Invalid type name: {node.type_name}.")
        elif isinstance(node, syntax.Call):
            self._call(node, names)
        elif isinstance(node, syntax.MethodCall):
            self._method_call(node, names)

    def _variable(self, node: syntax.Variable, names: Names) -> None:
        if node.name in library.NAMESPACES:
            self._variable_name(node.name, node.span)
        elif node.name not in names.variables:
            self._report(node.span, f"Invalid variable name: {node.name}.", "WARNING")

    def _call(self, node: syntax.Call, names: Names) -> None:
        function = names.functions.get(node.name)
        if function is not None:
            self._called.add(id(function))
            accepted = len(node.arguments) == len(function.parameters)
        elif node.name == "debug" or node.name in _accesses(names.service):
            accepted = len(node.arguments) == 1
        elif node.name in library.FUNCTIONS:
            accepted = library.FUNCTIONS[node.name].accepts(len(node.arguments))
        else:
            self._report(node.name_span, f"Invalid function name: {node.name}.", "WARNING")
            return
        if not accepted:
            self._wrong_count(node.name_span, node.name)

    def _method_call(self, node: syntax.MethodCall, names: Names) -> None:
        namespace = _namespace(node.operand.name, names) if isinstance(node.operand, syntax.Variable) else None
        if namespace is not None and isinstance(node.operand, syntax.Variable):
            full_name = f"{node.operand.name}.{node.name}"
            if node.name not in namespace:
                self._report(node.name_span, f"Invalid function name: {full_name}.", "WARNING")
            elif len(node.arguments) != namespace[node.name]:
                self._wrong_count(node.name_span, full_name)
        elif node.name not in library.METHODS:
            self._report(node.name_span, f"Invalid function name: {node.name}.", "WARNING")
        elif not any(method.accepts(len(node.arguments)) for method in library.METHODS[node.name].values()):
            self._wrong_count(node.name_span, node.name)

    def _wrong_count(self, span: Span, name: str) -> None:
        self._report(span, f"Incorrect number of arguments supplied to function: {name}.", "WARNING")


def _namespace(name: str, names: Names) -> Mapping[str, int] | None:
    """The functions of a namespace with their number of arguments; None when the name is not one here."""
    if name in library.NAMESPACES:
        return {function: builtin.maximum_arguments for function, builtin in library.NAMESPACES[name].items()}
    if name == "firestore" and names.service == library.STORAGE_SERVICE and name not in names.variables:
        return dict.fromkeys(library.STORAGE_ACCESSES, 1)
    return None


def _accesses(service: str) -> Iterable[str]:
    return () if service == library.STORAGE_SERVICE else library.FIRESTORE_ACCESSES


def _mentions(expression: syntax.Expression, name: str) -> bool:
    return any(isinstance(node, syntax.Variable) and node.name == name for node in walk(expression))


def _recursive(function: syntax.Function, visible: Mapping[str, syntax.Function]) -> bool:
    """Whether a function can come to call itself, by the names visible where it is declared."""
    seen: set[int] = set()
    pending = [function]
    while pending:
        for name in _called_names(pending.pop()):
            callee = visible.get(name)
            if callee is function:
                return True
            if callee is not None and id(callee) not in seen:
                seen.add(id(callee))
                pending.append(callee)
    return False


def _longest_chain(
    function: syntax.Function, visible: Mapping[str, syntax.Function], known: dict[int, list[str]]
) -> list[str]:
    """The names of the longest chain of calls that begins with a function, cycles cut short."""
    if id(function) not in known:
        known[id(function)] = [function.name]
        callees = [visible[name] for name in _called_names(function) if name in visible]
        longest = max((_longest_chain(callee, visible, known) for callee in callees), key=len, default=[])
        known[id(function)] = [function.name, *longest]
    return known[id(function)]


def _called_names(function: syntax.Function) -> Iterator[str]:
    for expression in (*(let.value for let in function.lets), function.result):
        for node in walk(expression):
            if isinstance(node, syntax.Call):
                yield node.name
