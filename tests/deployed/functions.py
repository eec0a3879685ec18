"""The deployed functions, found by their names in functions/main.py and called in this process by their real wire.

Each is served by functions-framework's own application, as Google serves it: callables and tasks by the callable
protocol, triggers by CloudEvents, blocking functions by the tokens of Firebase Authentication, the rest by plain HTTP.
Nothing between the request and the function is ours.
"""

from __future__ import annotations

import json
import sys
import uuid
from datetime import UTC, datetime
from enum import Enum
from types import ModuleType
from typing import Any, NamedTuple

import functions_framework
from flask import Flask
from google.cloud import firestore
from google.events.cloud.firestore import DocumentEventData
from imagesfactory.kit.clock import Clock
from imagesfactory.kit.settings import REGION

from tests.deployed import tokens
from tests.deployed.tokens import SignIn
from tests.firestore_process import ROOT

SOURCE = ROOT / "functions" / "main.py"
CALLER_ADDRESS = "198.51.100.7"


class Answer(NamedTuple):
    """What a function answered. ``body`` is what its JSON says, or the text if it is none."""

    status: int
    body: Any


class Kind(Enum):
    """How the platform calls a function."""

    CALLABLE = "callable"
    TASK = "task"
    SCHEDULE = "schedule"
    TRIGGER = "trigger"
    BLOCKING = "blocking"
    REQUEST = "request"


def main_module() -> ModuleType:
    """functions/main.py, imported as Google's runtime imports it: as ``main``, from its own folder."""
    import main

    return main


def names() -> list[str]:
    """The names of all functions that are deployed."""
    return dir(main_module())


def kind_of(name: str) -> Kind:
    """How the platform calls the function of that name."""
    endpoint = getattr(main_module(), name).__firebase_endpoint__
    if endpoint.callableTrigger is not None:
        return Kind.CALLABLE
    if endpoint.taskQueueTrigger is not None:
        return Kind.TASK
    if endpoint.scheduleTrigger is not None:
        return Kind.SCHEDULE
    if endpoint.eventTrigger is not None:
        return Kind.TRIGGER
    return Kind.BLOCKING if endpoint.blockingTrigger is not None else Kind.REQUEST


class Deployed:
    """Every deployed function, by its name. What a function raises as a BaseException comes out of these methods."""

    def __init__(self, project: str, clock: Clock) -> None:
        self.project = project
        self._clock = clock
        self._apps: dict[str, Flask] = {}

    def token(self, who: SignIn, **claims: Any) -> str:
        """The ID token of somebody who signs in now, by the time outside."""
        return tokens.id_token(self.project, who, datetime.now(UTC), **claims)

    def call(self, name: str, data: Any = None, token: str | None = None, **headers: str) -> Answer:
        """Call a callable as a client app does.

        Args:
            name: the function.
            data: what the app sends, before it is wrapped.
            token: an ID token, or none for nobody.
            headers: more headers, with underscores for hyphens.

        """
        sent = {"X-Forwarded-For": CALLER_ADDRESS, **_named(headers)}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        return self.request(name, "POST", json.dumps({"data": data}).encode(), JSON | sent)

    def post(self, name: str, body: bytes, headers: dict[str, str] | None = None, **more: Any) -> Answer:
        """POST a body as it is to any function."""
        return self.request(name, "POST", body, headers, **more)

    def request(
        self, name: str, method: str, body: bytes = b"", headers: dict[str, str] | None = None, path: str = "/"
    ) -> Answer:
        """Send an HTTP request to any function; ``path`` may hold a query."""
        with self._app(name).test_client(use_cookies=False) as client:
            answer = client.open(path, method=method, data=body, headers=headers or {})
            is_json = answer.mimetype == "application/json" and answer.data
            return Answer(answer.status_code, json.loads(answer.data) if is_json else answer.get_data(as_text=True))

    def cookie_of(self, name: str, body: str, headers: dict[str, str]) -> str:
        """The cookie that a POST is answered with, as a browser would send it back."""
        with self._app(name).test_client(use_cookies=False) as client:
            set_cookie = client.post("/", data=body, headers=headers).headers["Set-Cookie"]
            return str(set_cookie).partition(";")[0]

    def task(self, name: str, body: bytes, task_name: str = "task", retries: int = 0) -> Answer:
        """Deliver a task as Cloud Tasks does."""
        headers = {
            "X-CloudTasks-QueueName": name,
            "X-CloudTasks-TaskName": task_name.rsplit("/", 1)[-1],
            "X-CloudTasks-TaskRetryCount": str(retries),
            "X-CloudTasks-TaskExecutionCount": str(retries),
        }
        return self.request(name, "POST", body, JSON | headers)

    def schedule(self, name: str) -> Answer:
        """Fire a scheduled function as Cloud Scheduler does."""
        headers = {
            "X-CloudScheduler": "true",
            "X-CloudScheduler-JobName": name,
            "X-CloudScheduler-ScheduleTime": self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return self.request(name, "POST", b"", headers)

    def created(self, name: str, document: firestore.DocumentSnapshot[Any]) -> Answer:
        """Tell a trigger that ``document`` was created, as Eventarc does."""
        pb = _document_message(document)
        data: Any = DocumentEventData.pb()()
        data.value.MergeFromString(pb.SerializeToString())
        path = document.reference.path
        headers = {
            "content-type": "application/protobuf",
            "ce-specversion": "1.0",
            "ce-id": str(uuid.uuid5(uuid.NAMESPACE_URL, pb.name)),
            "ce-type": "google.cloud.firestore.document.v1.created",
            "ce-source": f"//firestore.googleapis.com/projects/{self.project}/databases/(default)",
            "ce-time": document.create_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "ce-subject": f"documents/{path}",
            "ce-datacontenttype": "application/protobuf",
            "ce-location": REGION,
            "ce-project": self.project,
            "ce-namespace": "(default)",
            "ce-database": "(default)",
            "ce-document": path,
        }
        return self.request(name, "POST", data.SerializeToString(), headers)

    def block(self, name: str, who: SignIn, event_id: str = "") -> Answer:
        """Ask a blocking function as Firebase Authentication does; one of its events has one ``event_id``."""
        token = tokens.blocking_token(self.project, name, who, event_id or uuid.uuid4().hex, datetime.now(UTC))
        return self.request(name, "POST", json.dumps({"data": {"jwt": token}}).encode(), JSON)

    def _app(self, name: str) -> Flask:
        if name not in self._apps:
            signature = "cloudevent" if kind_of(name) is Kind.TRIGGER else "http"
            before = list(sys.path)
            made: Any = functions_framework.create_app(name, str(SOURCE), signature)  # type: ignore[no-untyped-call]
            sys.path[:] = before  # it adds the folder once more for every function
            self._apps[name] = made
        return self._apps[name]


JSON = {"Content-Type": "application/json"}


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _document_message(document: firestore.DocumentSnapshot[Any]) -> Any:
    """The document as the server holds it."""
    from google.cloud.firestore_v1 import _helpers
    from google.cloud.firestore_v1.types import Document

    client = document.reference._client
    message = Document(
        name=f"{client._database_string}/documents/{document.reference.path}",
        fields=_helpers.encode_dict(document.to_dict() or {}),
        create_time=document.create_time,
        update_time=document.update_time,
    )
    return Document.pb(message)
