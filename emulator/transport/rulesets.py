"""Puts each project's security rules in force and keeps the former ones when a new text does not compile."""

import logging
from collections.abc import Callable
from typing import Any

from emulator.firestore.errors import not_found
from emulator.firestore.guard import Guard
from emulator.firestore_rules.guard import Identity, ReadDocument
from emulator.firestore_rules.loader import LoadedRules, load_rules
from emulator.rules import Issue
from emulator.transport.callers import AccessPolicy, Caller, CallerKind

FILE_NAME = "firestore.rules"

log = logging.getLogger(__name__)


class Rulesets:
    """The rules in force per project."""

    def __init__(self, policy: AccessPolicy, on_change: Callable[[], None], read: ReadDocument) -> None:
        """`read` finds committed documents for rules that look them up; `on_change` is told of new rules."""
        self._policy = policy
        self._read = read
        self._on_change = on_change
        self._loaded: dict[str, LoadedRules] = {}

    def load(self, project: str, source: str, file_name: str = FILE_NAME) -> tuple[Issue, ...]:
        """Puts `source` in force for `project` unless it has errors; returns what the compiler found.

        The empty project stands for every project without rules of its own.
        """
        loaded, issues = load_rules(source, file_name, self._read)
        for issue in issues:
            log.warning("%s: %s %s", file_name, issue.severity, issue)
        if loaded is None:
            log.error("%s has errors: what was in force stays in force.", file_name)
            return issues
        self._loaded[project] = loaded
        self._policy.install(project, lambda caller, database: _guard(loaded, caller, database))
        self._on_change()
        log.info("%s is in force for %s.", file_name, f"project {project}" if project else "all projects")
        return issues

    def coverage(self, project: str) -> dict[str, Any]:
        """The official `ruleCoverage` answer; raises StatusError NOT_FOUND when the project has no rules."""
        return self._in_force(project).coverage()

    def coverage_page(self, project: str) -> str:
        """The same as an HTML page."""
        return self._in_force(project).coverage_page()

    def _in_force(self, project: str) -> LoadedRules:
        loaded = self._loaded.get(project) or self._loaded.get("")
        if loaded is None:
            raise not_found("No security rules are in force for this project.")
        return loaded


def _guard(loaded: LoadedRules, caller: Caller, database: str) -> Guard:
    identity = Identity(caller.uid, caller.claims) if caller.kind is CallerKind.USER else None
    return loaded.guard(identity, database)
