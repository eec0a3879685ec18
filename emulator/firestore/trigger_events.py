"""Decides which triggers a change fires and writes the event each of them expects.

Second-generation functions get binary-mode CloudEvents with a base64 protobuf body, first-generation ones JSON; both as
the functions emulator of firebase-tools forwards them (lib/emulator/functionsEmulator.js).
"""

import base64
import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from google.events.cloud.firestore import DocumentEventData
from google.protobuf.json_format import MessageToDict

from emulator.firestore import fieldpaths
from emulator.firestore.errors import invalid_argument
from emulator.firestore.trigger_outbox import Event

KINDS = {"create": "created", "update": "updated", "delete": "deleted", "write": "written"}
"""First-generation verbs and their second-generation participles."""
SECOND_GENERATION = re.compile(
    r"google\.cloud\.firestore\.document\.v1\.(created|updated|deleted|written)(\.withAuthContext)?"
)
FIRST_GENERATION = re.compile(
    r"(?:providers/cloud\.firestore/eventTypes/|google\.firestore\.)document\.(create|update|delete|write)"
)
REGION = re.compile(r"[a-z]+-[a-z]+\d+")
DATA_SCHEMA = (
    "https://github.com/googleapis/google-cloudevents/blob/main/proto/google/events/cloud/firestore/v1/data.proto"
)

_EventData: Any = DocumentEventData.pb()


@dataclass(frozen=True, slots=True)
class Actor:
    """Who made the change, as `ce-authtype` and `ce-authid` say it."""

    auth_type: str
    auth_id: str


@dataclass(frozen=True, slots=True)
class Trigger:
    """One registered function: the documents and the kind of change it wants."""

    key: str
    project: str
    database: str
    pattern: re.Pattern[str]
    kind: str
    event_type: str
    generation: int

    def wants(self, change: Any) -> bool:
        """Whether `change` (name, before, after) fires this trigger."""
        start = f"projects/{self.project}/databases/{self.database}/documents/"
        if not change.name.startswith(start) or self.kind not in {"written", _kind_of(change)}:
            return False
        path = change.name[len(start) :]
        return path.count("/") % 2 == 1 and self.pattern.fullmatch(path) is not None

    def event(self, change: Any, commit_time: Any, actor: Actor) -> Event:
        """The request that tells the function about `change`."""
        write = _cloud_event if self.generation == 2 else _background_event
        headers, body = write(self, change, commit_time, actor)
        return Event(
            project=self.project,
            trigger_key=self.key,
            document=change.name,
            headers=headers,
            body=body,
            created_seconds=commit_time.ToNanoseconds() / 1e9,
        )


def first_generation(project: str, key: str, body: dict[str, Any]) -> Trigger:
    """A trigger out of a `PUT .../triggers/{key}` body. Raises StatusError INVALID_ARGUMENT."""
    event = body.get("eventTrigger")
    if not isinstance(event, dict):
        raise invalid_argument("The body has no eventTrigger.")
    match = FIRST_GENERATION.fullmatch(str(event.get("eventType", "")))
    parts = str(event.get("resource", "")).split("/", 5)
    if not match or len(parts) != 6 or (parts[0], parts[2], parts[4]) != ("projects", "databases", "documents"):
        raise invalid_argument("The eventTrigger has no known eventType and document resource.")
    kind = KINDS[match.group(1)]
    return Trigger(key, parts[1], parts[3], _pattern(parts[5]), kind, str(event["eventType"]), generation=1)


def second_generation(project: str, key: str, body: dict[str, Any]) -> Trigger:
    """A trigger out of a `POST .../eventarcTrigger` body. Raises StatusError INVALID_ARGUMENT."""
    match = SECOND_GENERATION.fullmatch(str(body.get("eventType", "")))
    document = body.get("document")
    if not match or not isinstance(document, dict) or not isinstance(document.get("value"), str):
        raise invalid_argument("The body has no known eventType and document value.")
    database = str(body.get("database") or "(default)")
    value = document["value"].strip("/")
    pattern = re.compile(re.escape(value)) if document.get("matchType") == "EXACT" else _pattern(value)
    return Trigger(key, project, database, pattern, match.group(1), str(body["eventType"]), generation=2)


def _pattern(text: str) -> re.Pattern[str]:
    """A path pattern as an expression: `{x}` and `*` stand for one segment, `{x=**}` and `**` for one or more."""
    return re.compile("/".join(_segment(segment) for segment in text.strip("/").split("/")))


def _segment(segment: str) -> str:
    if segment == "**" or re.fullmatch(r"\{\w*=\*\*\}", segment):
        return ".+"
    if segment == "*" or re.fullmatch(r"\{\w*(=\*)?\}", segment):
        return "[^/]+"
    return re.escape(segment)


def _kind_of(change: Any) -> str:
    if change.before is None:
        return "created"
    return "deleted" if change.after is None else "updated"


def _cloud_event(trigger: Trigger, change: Any, commit_time: Any, actor: Actor) -> tuple[dict[str, str], bytes]:
    data = _EventData()
    if change.after is not None:
        data.value.MergeFromString(change.after.SerializeToString())
    if change.before is not None:
        data.old_value.MergeFromString(change.before.SerializeToString())
    if change.before is not None and change.after is not None:
        data.update_mask.field_paths.extend(changed_paths(change.before.fields, change.after.fields))
    path = change.name.split("/", 5)[5]
    region = REGION.match(trigger.key)
    headers = {
        "content-type": "application/protobuf",
        "ce-specversion": "1.0",
        "ce-id": str(uuid.uuid4()),
        "ce-type": trigger.event_type,
        "ce-time": _time(commit_time),
        "ce-source": f"//firestore.googleapis.com/projects/{trigger.project}/databases/{trigger.database}",
        "ce-subject": _header(f"documents/{path}"),
        "ce-datacontenttype": "application/protobuf",
        "ce-dataschema": DATA_SCHEMA,
        "ce-location": region.group() if region else "us-central1",
        "ce-project": trigger.project,
        "ce-database": trigger.database,
        "ce-namespace": "(default)",
        "ce-document": _header(path),
    }
    if trigger.event_type.endswith(".withAuthContext"):
        headers["ce-authtype"] = actor.auth_type
        headers["ce-authid"] = _header(actor.auth_id)
    return headers, base64.b64encode(data.SerializeToString())


def _background_event(trigger: Trigger, change: Any, commit_time: Any, _actor: Actor) -> tuple[dict[str, str], bytes]:
    data: dict[str, Any] = {"updateMask": {}}
    if change.after is not None:
        data["value"] = MessageToDict(change.after)
    if change.before is not None:
        data["oldValue"] = MessageToDict(change.before)
    if change.before is not None and change.after is not None:
        data["updateMask"] = {"fieldPaths": list(changed_paths(change.before.fields, change.after.fields))}
    context = {
        "eventId": str(uuid.uuid4()),
        "timestamp": _time(commit_time),
        "eventType": trigger.event_type,
        "resource": {"name": change.name, "service": "firestore.googleapis.com"},
    }
    body = json.dumps({"data": data, "context": context}, ensure_ascii=False).encode()
    return {"content-type": "application/json"}, body


def changed_paths(before: Any, after: Any, above: fieldpaths.FieldPath = ()) -> Iterator[str]:
    """Field paths whose values differ between two field maps; inside maps present on both sides, the inner paths."""
    for name in sorted(set(before) | set(after)):
        path = (*above, name)
        if name not in before or name not in after:
            yield fieldpaths.text_of(path)
        elif before[name].HasField("map_value") and after[name].HasField("map_value"):
            yield from changed_paths(before[name].map_value.fields, after[name].map_value.fields, path)
        elif before[name] != after[name]:
            yield fieldpaths.text_of(path)


def _header(text: str) -> str:
    """CloudEvents over HTTP percent-encode what a header cannot carry (binding, section 3.1.3.2)."""
    safe = (
        character if " " < character <= "~" and character not in '"%' else _percent(character) for character in text
    )
    return "".join(safe)


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())


def _time(commit_time: Any) -> str:
    return datetime.fromtimestamp(commit_time.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
