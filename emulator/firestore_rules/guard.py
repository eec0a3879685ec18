"""Refuses what the security rules do not allow: the Firestore server's `Guard`, answered by a ruleset."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.firestore.errors import StatusError, invalid_argument, permission_denied
from emulator.firestore.guard import BatchView
from emulator.firestore.messages import Document, Write
from emulator.firestore.paths import parse_document
from emulator.firestore.query import CompiledQuery
from emulator.firestore_rules.query_proof import branches, query_variable
from emulator.rules import AccessBudget, EvaluationError, Request, Ruleset, limits
from emulator.rules.environment import Operation, RequestSegment
from emulator.rules.firestore_values import document_path, resource_of
from emulator.rules.values import NANOSECONDS_PER_SECOND, Path, Timestamp, Value

SERVICE = "cloud.firestore"

ReadDocument = Callable[[str], Document | None]
ShowDebug = Callable[[Value], None]


@dataclass(frozen=True, slots=True)
class Identity:
    """A signed-in user as rules see one: `request.auth`."""

    uid: str
    claims: Mapping[str, Any]

    def as_value(self) -> dict[str, Value]:
        """The `request.auth` map."""
        return {"uid": self.uid, "token": dict(self.claims)}


class RulesGuard:
    """Asks a ruleset about the requests of one caller to one database.

    `identity` is None for somebody who is not signed in; `read` finds the committed document of a full name;
    `show_debug` gets the values that rules pass to `debug()`.
    """

    def __init__(
        self, ruleset: Ruleset, identity: Identity | None, database: str, read: ReadDocument, show_debug: ShowDebug
    ) -> None:
        self._ruleset = ruleset
        self._auth = None if identity is None else identity.as_value()
        self._project = "/".join(database.split("/")[:2])
        self._database = database
        self._read = read
        self._show_debug = show_debug
        self._batch: tuple[BatchView, AccessBudget] | None = None

    def check_get(self, name: str, document: Document | None) -> None:
        """Allow or refuse reading one document, which may be missing.

        Raises:
            StatusError: PERMISSION_DENIED.

        """
        path = document_path(name)
        resource = None if document is None else resource_of(document)
        environment = _Documents(self._project, self._database, self._read, self._read, self._show_debug)
        self._decide("get", path.segments, resource, {"path": path, "time": _now()}, environment, AccessBudget())

    def check_query(self, query: CompiledQuery) -> None:
        """Allow or refuse a query by every result it could have.

        Raises:
            StatusError: PERMISSION_DENIED.

        """
        environment = _Documents(self._project, self._database, self._read, self._read, self._show_debug)
        access = AccessBudget()
        extra = {"query": query_variable(query), "time": _now()}
        for path, resource in branches(query):
            self._decide("list", path, resource, extra, environment, access)

    def check_write(self, before: Document | None, after: Document | None, write: Write, batch_view: BatchView) -> None:
        """Allow or refuse one write of a commit.

        Raises:
            StatusError: PERMISSION_DENIED.

        """
        document = after if after is not None else before
        path = document_path(_target(write) if document is None else document.name)
        extra = {
            "path": path,
            "time": _now() if after is None or after is before else _moment(after.update_time),
            "resource": None if after is None else resource_of(after),
        }
        environment = _Documents(self._project, self._database, batch_view.before, batch_view.after, self._show_debug)
        access = AccessBudget(shared=self._batch_budget(batch_view))
        resource = None if before is None else resource_of(before)
        self._decide(_operation(before, after), path.segments, resource, extra, environment, access)

    def _batch_budget(self, batch_view: BatchView) -> AccessBudget:
        if self._batch is None or self._batch[0] is not batch_view:
            self._batch = (batch_view, AccessBudget(limits.DOCUMENT_ACCESSES_MULTIPLE))
        return self._batch[1]

    def _decide(
        self,
        operation: Operation,
        path: tuple[RequestSegment, ...],
        resource: Value,
        extra: dict[str, Value],
        environment: _Documents,
        access: AccessBudget,
    ) -> None:
        request = {"auth": self._auth, "method": operation, "resource": None, **extra}
        variables = {"request": request, "resource": resource}
        decision = self._ruleset.evaluate(SERVICE, Request(operation, path, variables), environment, access)
        if not decision.allowed:
            raise permission_denied(decision.explain())


@dataclass(frozen=True, slots=True)
class _Documents:
    """The documents that rules may look up: those of the request's own database."""

    project: str
    database: str
    before: ReadDocument
    after: ReadDocument
    show: ShowDebug

    def get(self, path: Path) -> Value | None:
        """The document before the request."""
        return self._resource(self.before, path)

    def get_after(self, path: Path) -> Value | None:
        """The document after the whole request."""
        return self._resource(self.after, path)

    def debug(self, value: Value) -> None:
        """Show a value."""
        self.show(value)

    def _resource(self, read: ReadDocument, path: Path) -> Value | None:
        name = f"{self.project}{path}"
        try:
            parsed = parse_document(name)
            if parsed.database != self.database:
                raise invalid_argument("another database")
        except StatusError:
            raise EvaluationError("Service call error. The path is no document of this database.") from None
        document = read(name)
        return None if document is None else resource_of(document)


def _operation(before: Document | None, after: Document | None) -> Operation:
    if after is None:
        return "delete"
    return "create" if before is None else "update"


def _target(write: Write) -> str:
    """The document that a write without effect is about (a delete of a missing document)."""
    return str(write.delete)


def _moment(timestamp: Any) -> Timestamp:
    return Timestamp(timestamp.seconds * NANOSECONDS_PER_SECOND + timestamp.nanos)


def _now() -> Timestamp:
    return Timestamp(time.time_ns())
