"""Remembers each project's security rules and, when a rules engine is plugged in, puts them in force."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from emulator.transport.callers import AccessPolicy, GuardFactory

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Issue:
    """A finding of the rules compiler. Lines and columns count from 1; severity is ERROR or WARNING."""

    line: int
    column: int
    description: str
    severity: str
    file_name: str = ""

    def as_json(self) -> dict[str, Any]:
        """As the emulator suite's command line reads it."""
        position: dict[str, Any] = {"line": self.line, "column": self.column}
        if self.file_name:
            position["fileName"] = self.file_name
        return {"sourcePosition": position, "description": self.description, "severity": self.severity}


class RulesCompiler(Protocol):
    """What a rules engine has to offer."""

    def compile(self, source: str, file_name: str) -> tuple[GuardFactory | None, list[Issue]]:
        """The guards of a rules file, None when the issues contain an ERROR."""


class Rulesets:
    """The rules in force per project. A refused text leaves the former one in force."""

    def __init__(
        self, policy: AccessPolicy, on_change: Callable[[], None], compiler: RulesCompiler | None = None
    ) -> None:
        """`on_change` is called after new rules are in force, so that listening streams are checked again."""
        self._policy = policy
        self._on_change = on_change
        self._compiler = compiler
        self._sources: dict[str, str] = {}

    def load(self, project: str, source: str, file_name: str = "firestore.rules") -> list[Issue]:
        """Puts `source` in force for `project` unless it has errors; returns what the compiler found."""
        if self._compiler is None:
            self._sources[project] = source
            log.warning("Rules of project %s are kept but no rules engine is here: only the admin may pass.", project)
            return []
        factory, issues = self._compiler.compile(source, file_name)
        if factory is None:
            log.warning("Rules of project %s were refused: %d issues.", project, len(issues))
            return issues
        self._sources[project] = source
        self._policy.install(project, factory)
        self._on_change()
        log.info("Rules of project %s are in force.", project)
        return issues

    def source(self, project: str) -> str | None:
        """The text in force."""
        return self._sources.get(project)
