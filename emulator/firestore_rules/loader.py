"""Compiles rules files for the Firestore server and makes the guards of its callers."""

from __future__ import annotations

import json
import logging
from typing import Any

from emulator.firestore_rules.guard import Identity, ReadDocument, RulesGuard
from emulator.rules import Issue, RulesError, Ruleset, compile_rules
from emulator.rules.coverage import value_as_json
from emulator.rules.coverage_page import coverage_page
from emulator.rules.values import Value

log = logging.getLogger(__name__)


class LoadedRules:
    """One rules file in force, with the coverage since it was loaded."""

    def __init__(self, ruleset: Ruleset, read: ReadDocument) -> None:
        self._ruleset = ruleset
        self._read = read

    def guard(self, identity: Identity | None, database: str) -> RulesGuard:
        """The guard for one caller (None: not signed in) and one database (`projects/p/databases/d`)."""
        return RulesGuard(self._ruleset, identity, database, self._read, _show_debug)

    def coverage(self) -> dict[str, Any]:
        """The official `ruleCoverage` answer."""
        return {} if self._ruleset.coverage is None else self._ruleset.coverage.as_json()

    def coverage_page(self) -> str:
        """The same as an HTML page."""
        return coverage_page(self.coverage())


def load_rules(source: str, file_name: str, read: ReadDocument) -> tuple[LoadedRules | None, tuple[Issue, ...]]:
    """Compile a rules file; no rules when the issues contain an error.

    `read` finds the committed document of a full name, for `get()` and `exists()` in the rules.
    """
    try:
        ruleset = compile_rules(source, file_name, with_coverage=True)
    except RulesError as error:
        return None, error.issues
    return LoadedRules(ruleset, read), ruleset.warnings


def _show_debug(value: Value) -> None:
    """Print what a rule passes to `debug()`: the rules' author asked to see it."""
    log.info("debug() in rules: %s", json.dumps(value_as_json(value), ensure_ascii=False))
