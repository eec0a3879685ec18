"""Serves the emulator suite's control endpoints: rules, clearing, triggers, export, and the billed usage."""

import re
import time
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from emulator.firestore.errors import invalid_argument
from emulator.firestore.paths import parse_database
from emulator.firestore.service import FirestoreService
from emulator.firestore.trigger_events import first_generation, second_generation
from emulator.firestore.triggers import TriggerDispatcher
from emulator.firestore_export import write_export
from emulator.transport.http_bodies import answers, json_response, read_body
from emulator.transport.rest_json import parse_body
from emulator.transport.rulesets import FILE_NAME, Rulesets
from emulator.transport.usage_log import UsageLog
from emulator.transport.usage_page import render

PROJECT = "/emulator/v1/projects/{project}"


class Control:
    """The control endpoints; none asks for authorization, as the official emulator's do not."""

    def __init__(
        self, service: FirestoreService, rulesets: Rulesets, triggers: TriggerDispatcher, usage_log: UsageLog
    ) -> None:
        self._service = service
        self._rulesets = rulesets
        self._triggers = triggers
        self._usage_log = usage_log

    def routes(self) -> list[Route]:
        """The endpoints for a Starlette application."""
        return [
            _route("/", self._health, "GET"),
            _route("/emulator/v1/usage", self._usage, "GET", "DELETE"),
            _route("/emulator/v1/usage.html", self._usage_page, "GET"),
            _route(f"{PROJECT}:securityRules", self._rules, "PUT"),
            _route(f"{PROJECT}:export", self._export, "POST"),
            _route(f"{PROJECT}:ruleCoverage", self._coverage, "GET"),
            _route(f"{PROJECT}:ruleCoverage.html", self._coverage_page, "GET"),
            _route(f"{PROJECT}/databases/{{database}}/documents", self._clear, "DELETE"),
            _route(f"{PROJECT}/databases/{{database}}/documents/{{path:path}}", self._clear_path, "DELETE"),
            _route(f"{PROJECT}/triggers/{{key:path}}", self._trigger, "PUT", "DELETE"),
            _route(f"{PROJECT}/eventarcTrigger", self._eventarc_trigger, "POST"),
        ]

    async def _health(self, _request: Request) -> Response:
        return PlainTextResponse("Ok\n")

    async def _rules(self, request: Request) -> Response:
        body = parse_body(await read_body(request))
        files = (body.get("rules") or {}).get("files") if isinstance(body.get("rules"), dict) else None
        if not isinstance(files, list) or not files or not isinstance(files[0], dict):
            raise invalid_argument("The body has no rules.files.")
        source, name = str(files[0].get("content", "")), str(files[0].get("name") or FILE_NAME)
        issues = self._rulesets.load(request.path_params["project"], source, name)
        errors = [issue for issue in issues if issue.severity == "ERROR"]
        if errors and not body.get("ignore_errors"):
            lines = "\n".join(map(str, errors))
            raise invalid_argument(f"INVALID_ARGUMENT: Error compiling rules:\n{lines}")
        return json_response({"issues": [issue.as_json(name) for issue in issues]} if issues else {})

    async def _clear(self, request: Request) -> Response:
        database = _database(request)
        self._triggers.mute(database)
        try:
            await self._service.clear(database)
        finally:
            self._triggers.unmute(database)
        return json_response({})

    async def _clear_path(self, request: Request) -> Response:
        await self._service.clear(_database(request), request.path_params["path"].strip("/") or None)
        return json_response({})

    async def _trigger(self, request: Request) -> Response:
        key = request.path_params["key"]
        if request.method == "DELETE":
            self._triggers.unregister(key)
            return json_response({})
        body = parse_body(await read_body(request))
        self._triggers.register(first_generation(request.path_params["project"], key, body))
        return json_response({})

    async def _eventarc_trigger(self, request: Request) -> Response:
        key = request.query_params.get("eventarcTriggerId", "")
        if not key:
            raise invalid_argument("The parameter eventarcTriggerId is missing.")
        body = parse_body(await read_body(request))
        self._triggers.register(second_generation(request.path_params["project"], key, body))
        return json_response(body)

    async def _export(self, request: Request) -> Response:
        body = parse_body(await read_body(request))
        database, folder, name = (str(body.get(key, "")) for key in ("database", "export_directory", "export_name"))
        if not folder or not re.fullmatch(r"[^/\\]+", name) or name in {".", ".."}:
            raise invalid_argument("The body needs an export_directory and, as one path segment, an export_name.")
        documents = self._service.documents(parse_database(database))
        try:
            write_export(documents, Path(folder), name, time.time_ns() // 1000)
        except OSError as error:
            raise invalid_argument(f"The export cannot be written: {error.strerror}.") from error
        return json_response({})

    async def _coverage(self, request: Request) -> Response:
        return json_response(self._rulesets.coverage(request.path_params["project"]))

    async def _coverage_page(self, request: Request) -> Response:
        return HTMLResponse(self._rulesets.coverage_page(request.path_params["project"]))

    async def _usage(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._usage_log.reset()
            return json_response({})
        since = request.query_params.get("since")
        if since is not None and not re.fullmatch(r"\d{1,18}", since):
            raise invalid_argument("The parameter since is not a sequence number.")
        return json_response(self._usage_log.as_json(None if since is None else int(since)))

    async def _usage_page(self, _request: Request) -> Response:
        return HTMLResponse(render(self._usage_log))


def _route(path: str, endpoint: Any, *methods: str) -> Route:
    return Route(path, answers(endpoint), methods=list(methods))


def _database(request: Request) -> str:
    parameters = request.path_params
    return f"projects/{parameters['project']}/databases/{parameters['database']}"
