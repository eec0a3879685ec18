"""Translates between Firestore's REST JSON and protobuf, and errors into Google's JSON error body."""

import json
from collections.abc import Iterable
from typing import Any

import grpc
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError

from emulator.firestore.errors import StatusError, invalid_argument

HTTP_STATUS = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.CANCELLED: 499,
    grpc.StatusCode.INTERNAL: 500,
    grpc.StatusCode.UNKNOWN: 500,
    grpc.StatusCode.DATA_LOSS: 500,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}
"""The HTTP code of each status (google.rpc.Code)."""
SYSTEM_PARAMETERS = frozenset(
    {"key", "alt", "prettyPrint", "fields", "quotaUser", "access_token", "oauth_token", "callback", "uploadType"}
)
"""Query parameters that belong to Google's front end (cloud.google.com/apis/docs/system-parameters)."""


def parse_body(body: bytes) -> dict[str, Any]:
    """The JSON object in a request body, empty for an empty body; raises StatusError INVALID_ARGUMENT."""
    if not body.strip():
        return {}
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise invalid_argument("Invalid JSON payload received.") from error
    if not isinstance(parsed, dict):
        raise invalid_argument("Invalid JSON payload received. The root is not an object.")
    return parsed


def fill(message: Any, content: dict[str, Any]) -> Any:
    """`message` with the JSON `content` parsed into it; raises StatusError INVALID_ARGUMENT."""
    try:
        return ParseDict(content, message)
    except (ParseError, ValueError, TypeError, RecursionError, AttributeError) as error:
        raise invalid_argument(f"Invalid JSON payload received. {error}") from error


def from_parameters(message_class: Any, parameters: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Query parameters (`mask.fieldPaths=a`) as the JSON object they abbreviate; raises INVALID_ARGUMENT."""
    content: dict[str, Any] = {}
    for name, text in parameters:
        if name not in SYSTEM_PARAMETERS and not name.startswith("$"):
            _place(content, message_class.DESCRIPTOR, name, text)
    return content


def _place(content: dict[str, Any], descriptor: Any, name: str, text: str) -> None:
    *parents, last = name.split(".")
    for parent in parents:
        field = _field(descriptor, parent, name)
        if field.message_type is None:
            raise _unknown(name)
        content = content.setdefault(field.json_name, {})
        descriptor = field.message_type
    field = _field(descriptor, last, name)
    value: Any = text
    if field.type == FieldDescriptor.TYPE_BOOL:
        if text.lower() not in {"true", "false", "1", "0"}:
            raise invalid_argument(f'Invalid value at "{name}": "{text}" is no boolean.')
        value = text.lower() in {"true", "1"}
    if field.is_repeated:
        content.setdefault(field.json_name, []).append(value)
    else:
        content[field.json_name] = value


def _field(descriptor: Any, name: str, whole: str) -> Any:
    field = descriptor.fields_by_camelcase_name.get(name) or descriptor.fields_by_name.get(name)
    if field is None:
        raise _unknown(whole)
    return field


def _unknown(name: str) -> StatusError:
    return invalid_argument(f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter.')


def as_json(message: Any) -> Any:
    """A response message as Firestore's REST JSON."""
    return MessageToDict(message)


def error_body(error: StatusError) -> dict[str, Any]:
    """`{error: {code, message, status}}`, as every Google API answers."""
    return {"error": {"code": http_status(error), "message": error.message, "status": error.code.name}}


def http_status(error: StatusError) -> int:
    """The HTTP code for a status."""
    return HTTP_STATUS.get(error.code, 500)
