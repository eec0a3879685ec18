"""Serves Firestore's REST form: finds the call and its request in method, path, parameters and body."""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from emulator.firestore.errors import StatusError, failed_precondition, not_found, unimplemented
from emulator.transport.calls import CALLS, Call, Performer
from emulator.transport.http_bodies import json_response, read_body
from emulator.transport.rest_json import as_json, error_body, fill, from_parameters, http_status, parse_body

PATH = re.compile(r"(?P<root>(?P<database>projects/[^/]+/databases/[^/:]+)/documents)(?:/(?P<path>.+))?", re.DOTALL)
DATABASE_METHODS = {
    "batchGet": "BatchGetDocuments",
    "beginTransaction": "BeginTransaction",
    "commit": "Commit",
    "rollback": "Rollback",
    "batchWrite": "BatchWrite",
}
PARENT_METHODS = {
    "runQuery": "RunQuery",
    "runAggregationQuery": "RunAggregationQuery",
    "listCollectionIds": "ListCollectionIds",
    "partitionQuery": "PartitionQuery",
}
CUSTOM_METHODS = frozenset({*DATABASE_METHODS, *PARENT_METHODS, "listen", "write", "executePipeline"})
Found = tuple[Call, dict[str, Any]]
"""A call and the JSON content of its request."""


class RestApi:
    """The `/v1/` endpoints."""

    def __init__(self, performer: Performer) -> None:
        self._performer = performer

    async def __call__(self, request: Request) -> Response:
        """Serves one request below `/v1/`; raises StatusError for what is no such endpoint."""
        call, content = await self._find(request)
        try:
            message = fill(call.request(), content)
            responses = await self._performer.perform(call, message, request.headers.get("authorization"))
        except StatusError as error:
            body = error_body(error)
            return json_response([body] if call.answers_many else body, http_status(error))
        answered = [as_json(response) for response in responses]
        return json_response(answered if call.answers_many else answered[0])

    async def _find(self, request: Request) -> Found:
        name, custom = _split_custom(request.path_params["name"], request.method)
        match = PATH.fullmatch(name)
        if not match:
            raise not_found("No such endpoint.")
        if custom:
            return _custom(custom, match, parse_body(await read_body(request)))
        if not match["path"]:
            raise not_found("The path names neither a collection nor a document.")
        parameters = request.query_params.multi_items()
        if request.method in {"GET", "DELETE"}:
            return _without_body(request.method, match, parameters)
        return _with_body(request.method, match, parameters, parse_body(await read_body(request)))


def _split_custom(name: str, method: str) -> tuple[str, str]:
    """Parts `documents:commit`. Custom methods are POST only; otherwise a colon belongs to an id."""
    before, _, custom = name.rpartition(":")
    if method == "POST" and custom in CUSTOM_METHODS:
        return before, custom
    return name, ""


def _custom(custom: str, match: re.Match[str], body: dict[str, Any]) -> Found:
    if custom in DATABASE_METHODS:
        return CALLS[DATABASE_METHODS[custom]], {**body, "database": match["database"]}
    if custom in PARENT_METHODS:
        parent = match["root"] + (f"/{match['path']}" if match["path"] else "")
        return CALLS[PARENT_METHODS[custom]], {**body, "parent": parent}
    if custom == "executePipeline":
        raise failed_precondition("Pipeline queries need an enterprise edition database.")
    raise unimplemented(f"{custom} has no REST form; use gRPC or WebChannel.")


def _without_body(method: str, match: re.Match[str], parameters: list[tuple[str, str]]) -> Found:
    name = f"{match['root']}/{match['path']}"
    if _is_document(match):
        call = CALLS["DeleteDocument" if method == "DELETE" else "GetDocument"]
        return call, {**from_parameters(call.request, parameters), "name": name}
    if method == "DELETE":
        raise not_found("A collection cannot be deleted.")
    call = CALLS["ListDocuments"]
    parent, _, collection_id = name.rpartition("/")
    return call, {**from_parameters(call.request, parameters), "parent": parent, "collectionId": collection_id}


def _with_body(method: str, match: re.Match[str], parameters: list[tuple[str, str]], body: dict[str, Any]) -> Found:
    name = f"{match['root']}/{match['path']}"
    if method == "PATCH" and _is_document(match):
        call = CALLS["UpdateDocument"]
        return call, {**from_parameters(call.request, parameters), "document": {**body, "name": name}}
    if method == "POST" and not _is_document(match):
        call = CALLS["CreateDocument"]
        parent, _, collection_id = name.rpartition("/")
        content = from_parameters(call.request, parameters)
        return call, {**content, "parent": parent, "collectionId": collection_id, "document": body}
    raise not_found(f"{method} is not possible on this path.")


def _is_document(match: re.Match[str]) -> bool:
    return bool(match["path"].count("/") % 2)
