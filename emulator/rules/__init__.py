"""The security-rules language of Firestore and Cloud Storage, knowing neither service.

`compile_rules(source)` gives a `Ruleset` or raises `RulesError`; `ruleset.evaluate(service, request, environment)`
gives a `Decision`. Values of the language are plain Python ones plus the types of `emulator.rules.values`; converters
from a service's wire format live with that service (`firestore_values` here for Firestore's protobuf).
"""

from emulator.rules.environment import (
    GAP,
    UNKNOWN_SEGMENT,
    AccessBudget,
    Decision,
    Environment,
    NoDocuments,
    Reason,
    Request,
)
from emulator.rules.errors import EvaluationError
from emulator.rules.issues import Issue, RulesError, Span
from emulator.rules.ruleset import Ruleset, compile_rules

__all__ = [
    "GAP",
    "UNKNOWN_SEGMENT",
    "AccessBudget",
    "Decision",
    "Environment",
    "EvaluationError",
    "Issue",
    "NoDocuments",
    "Reason",
    "Request",
    "RulesError",
    "Ruleset",
    "Span",
    "compile_rules",
]
