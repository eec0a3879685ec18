"""A compiled rules file: decides requests and counts its coverage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emulator.rules.checker import check
from emulator.rules.compiler import Compiler
from emulator.rules.coverage import Coverage
from emulator.rules.environment import ALLOWED, AccessBudget, Decision, Environment, Reason, Request
from emulator.rules.errors import EvaluationError, LimitExceeded
from emulator.rules.evaluation import Evaluation
from emulator.rules.issues import Issue, RulesError, Span
from emulator.rules.matching import AllowRule, Condition, Matcher, MatchRule
from emulator.rules.parser import parse
from emulator.rules.values import Value

TOO_DEEP = "Expressions nest too deeply."


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A rules file that compiled; safe to use from one thread at a time.

    `version` is the language version (1 or 2), `warnings` what the compiler doubts, `services` the names of the
    services it has rules for. `coverage` is None unless it was asked for.
    """

    version: int
    warnings: tuple[Issue, ...]
    services: tuple[str, ...]
    coverage: Coverage | None
    _rules: tuple[tuple[str, MatchRule], ...]

    def evaluate(
        self, service: str, request: Request, environment: Environment, access: AccessBudget | None = None
    ) -> Decision:
        """Decide one request; whatever no `allow` statement permits is refused.

        `access` bounds the documents that the rules may read; by default the bound for a single request.
        """
        evaluation = Evaluation(request.variables, environment, AccessBudget() if access is None else access)
        reasons: list[Reason] = []
        try:
            for allow, captures in self._applicable(service, request):
                if allow.condition is None:
                    return ALLOWED
                evaluation.captures = captures
                outcome = _outcome(allow.condition, evaluation)
                if outcome is True:
                    return ALLOWED
                reasons.append(_reason(request.operation, allow, outcome))
                if isinstance(outcome, LimitExceeded):
                    break
        except LimitExceeded as error:
            reasons.append(Reason(request.operation, cause=str(error)))
        return Decision(allowed=False, reasons=tuple(reasons))

    def _applicable(self, service: str, request: Request) -> Iterator[tuple[AllowRule, list[Value]]]:
        minimum = 1 if self.version == 1 else 0
        matcher = Matcher(request.path, request.operation, minimum_recursive=minimum)
        for name, rule in self._rules:
            if name == service:
                yield from matcher.applicable(rule)


def compile_rules(source: str, file_name: str = "firestore.rules", *, with_coverage: bool = False) -> Ruleset:
    """Compile the text of a rules file.

    `with_coverage` keeps, for every expression, which values it had: useful to look at, and data of the requests.

    Raises:
        RulesError: the text is not a usable rules file.

    """
    try:
        file = parse(source)
        issues = check(file)
        if any(issue.severity == "ERROR" for issue in issues):
            raise RulesError(issues)
        coverage = Coverage(file_name, source) if with_coverage else None
        compiler = Compiler(None if coverage is None else coverage.nodes)
        rules = tuple((service.name, compiler.service(service, file.functions)) for service in file.services)
    except RecursionError:
        raise RulesError((Issue(Span(1, 1, 0, 0), TOO_DEEP),)) from None
    return Ruleset(file.version, issues, tuple(name for name, _ in rules), coverage, rules)


def _reason(operation: str, allow: AllowRule, outcome: object) -> Reason:
    if isinstance(outcome, EvaluationError):
        return Reason(operation, allow.line, outcome.span, outcome.message)
    cause = str(outcome) if isinstance(outcome, LimitExceeded) else None
    return Reason(operation, allow.line, cause=cause)


def _outcome(condition: Condition, evaluation: Evaluation) -> object:
    try:
        value = condition(evaluation, [])
    except (EvaluationError, LimitExceeded) as error:
        return error
    except RecursionError:
        return LimitExceeded(TOO_DEEP)
    if type(value) is bool:
        return value
    return EvaluationError("Condition is not a boolean.")
