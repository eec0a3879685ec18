"""Answers the Storage emulator's questions about its rules: one JSON object in, at most one out.

The protocol is that of firebase-tools' lib/emulator/storage/rules/runtime.js. Every answer says status `ok`, because
the emulator never resolves a request that is answered otherwise; what is wrong goes into `errors`. A rule that reads
a Firestore document makes the answer a question of ours under the same id; the evaluation is repeated from the start
once the document is here, so nothing waits and any number of requests can be under way.
"""

from __future__ import annotations

import logging
import traceback
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast, get_args

from emulator.rules import AccessBudget, EvaluationError, Issue, Request, RulesError, Ruleset, compile_rules, limits
from emulator.rules.environment import Operation
from emulator.rules.values import Path, Value
from emulator.storage_rules.wire import MalformedValue, document_from_rest, value_from_wire

READY = {"id": -1, "status": "ok", "errors": [], "warnings": [], "result": {}}
WAITING_REQUESTS = 10_000  # verifies whose document has not come; the oldest are forgotten (and so refused)
RULESETS = 100  # the emulator loads a new one at every change and never unloads

log = logging.getLogger(__name__)

Message = dict[str, Any]
ShowDebug = Callable[[Value], None]


class BadRequest(Exception):
    """A request that cannot be answered; its text goes back in `errors`."""


class _DocumentNeeded(Exception):
    """The evaluation cannot go on without a Firestore document that was not fetched yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__()


@dataclass(slots=True)
class _Verification:
    """One `verify` under way, with the documents fetched for it so far (None: missing)."""

    ruleset: Ruleset
    service: str
    request: Request
    documents: dict[Path, Value | None] = field(default_factory=dict)
    awaited: Path | None = None


@dataclass(frozen=True, slots=True)
class _FetchedDocuments:
    """The environment of an evaluation: documents already fetched, or a demand for one."""

    documents: dict[Path, Value | None]
    show: ShowDebug

    def get(self, path: Path) -> Value | None:
        """A Firestore document."""
        segments = path.segments
        if len(segments) < 5 or segments[0] != "databases" or segments[2] != "documents" or not len(segments) % 2:
            raise EvaluationError("Service call error. The path is no document.")
        if path not in self.documents:
            raise _DocumentNeeded(path)
        return self.documents[path]

    def get_after(self, path: Path) -> Value | None:
        """Storage changes no Firestore document."""
        return self.get(path)

    def debug(self, value: Value) -> None:
        """Show a value."""
        self.show(value)


class StorageRulesRuntime:
    """The state of the process: loaded rulesets by name and verifications that wait for a document."""

    def __init__(self, show_debug: ShowDebug) -> None:
        self._rulesets: OrderedDict[str, Ruleset] = OrderedDict()
        self._waiting: OrderedDict[int, _Verification] = OrderedDict()
        self._show_debug = show_debug

    def handle(self, message: Any) -> Message | None:
        """The answer to one message, or None for what has no id to answer to. Never raises."""
        if not isinstance(message, dict) or type(message.get("id")) is not int:
            log.warning("A message without a numeric id was ignored.")
            return None
        number: int = message["id"]
        try:
            return self._answer(number, message)
        except (BadRequest, MalformedValue) as error:
            return _answered(number, {"permit": False}, errors=[str(error)])
        except Exception as error:
            # Without the error's text, which could quote data.
            frames = "".join(traceback.format_tb(error.__traceback__))
            log.error("A message could not be handled: %s at\n%s", type(error).__name__, frames)
            return _answered(number, {"permit": False}, errors=["The rules runtime failed; see its log."])

    def _answer(self, number: int, message: Message) -> Message | None:
        action = message.get("action")
        if action == "load_ruleset":
            return self._load(number, _object(message, "context"))
        if action == "verify":
            verification = self._verification(_object(message, "context"))
            return self._verify(number, verification)
        if action is None and number in self._waiting:
            return self._resume(number, message)
        if action is None:
            log.warning("An answer came that nothing waits for.")
            return None
        raise BadRequest("The action is unknown.")

    def _load(self, number: int, context: Message) -> Message:
        name = str(context.get("rulesetName"))
        files = _object(context, "source").get("files")
        if not isinstance(files, list) or len(files) != 1 or not isinstance(files[0], dict):
            raise BadRequest("A ruleset must have exactly one file.")
        file_name, content = str(files[0].get("name", "storage.rules")), files[0].get("content")
        if not isinstance(content, str):
            raise BadRequest("The file of the ruleset has no content.")
        try:
            ruleset = compile_rules(content, file_name)
        except RulesError as error:
            return _answered(number, {}, errors=[_text(file_name, issue) for issue in error.issues])
        self._rulesets[name] = ruleset
        while len(self._rulesets) > RULESETS:
            self._rulesets.popitem(last=False)
        warnings = [_text(file_name, issue) for issue in ruleset.warnings]
        return _answered(number, {"rulesVersion": ruleset.version}, warnings=warnings)

    def _verification(self, context: Message) -> _Verification:
        ruleset = self._rulesets.get(str(context.get("rulesetName")))
        if ruleset is None:
            raise BadRequest("No ruleset of that name is loaded: everything is refused.")
        operation, path = context.get("method"), context.get("path")
        if operation not in get_args(Operation) or not isinstance(path, str):
            raise BadRequest("The request has no known method, or no path.")
        variables = {name: value_from_wire(value) for name, value in _object(context, "variables").items()}
        if isinstance(variables.get("request"), dict):
            variables["request"] = {"method": operation, **variables["request"]}
        request = Request(cast("Operation", operation), Path.parse(path).segments, variables)
        return _Verification(ruleset, str(context.get("service", "firebase.storage")), request)

    def _verify(self, number: int, verification: _Verification) -> Message:
        environment = _FetchedDocuments(verification.documents, self._show_debug)
        access = AccessBudget(limits.DOCUMENT_ACCESSES_STORAGE)
        try:
            decision = verification.ruleset.evaluate(verification.service, verification.request, environment, access)
        except _DocumentNeeded as needed:
            verification.awaited = needed.path
            self._waiting[number] = verification
            while len(self._waiting) > WAITING_REQUESTS:
                self._waiting.popitem(last=False)
            return {
                "id": number,
                "server_request_id": number,
                "status": "ok",
                "action": "fetch_firestore_document",
                "context": {"path": str(needed.path)},
            }
        warnings = [] if decision.allowed else [f"Permission denied.{decision.explain()}"]
        return _answered(number, {"permit": decision.allowed}, warnings=warnings)

    def _resume(self, number: int, message: Message) -> Message:
        verification = self._waiting.pop(number)
        result = message.get("result")
        document: Value | None = None
        if message.get("status") == "ok" and isinstance(result, dict):
            document = document_from_rest(str(result.get("name", "")), result.get("fields"))
        if verification.awaited is not None:
            verification.documents[verification.awaited] = document
        return self._verify(number, verification)


def _text(file_name: str, issue: Issue) -> str:
    return f"{file_name}:{issue.span.line}:{issue.span.column} {issue.severity} {issue.description}"


def _object(message: Message, name: str) -> Message:
    part = message.get(name)
    if not isinstance(part, dict):
        raise BadRequest(f"The message has no {name}.")
    return part


def _answered(
    number: int, result: Message, *, errors: list[str] | None = None, warnings: list[str] | None = None
) -> Message:
    return {"id": number, "status": "ok", "result": result, "warnings": warnings or [], "errors": errors or []}
