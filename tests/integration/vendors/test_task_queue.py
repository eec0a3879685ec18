"""The queue: google-cloud-tasks against the Tasks emulator of firebase-tools and against a gRPC server."""

from __future__ import annotations

import json
import queue
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import grpc
import pytest
import requests
from imagesfactory.kit.errors import RetryLater
from imagesfactory.vendors import task_queue
from imagesfactory.vendors.google_calls import GoogleServiceUnusable
from imagesfactory.vendors.task_queue import CloudTasksQueue

from tests.emulators import EmulatorAddresses
from tests.integration.vendors.limits import LONG_SECONDS, PROJECT

REGION = "asia-northeast3"
FUNCTION = "generateimage"
PAYLOAD: dict[str, str | int] = {"job_id": "j", "image": 0}


class _Function(BaseHTTPRequestHandler):
    """A task function: notes what it is given."""

    def do_POST(self) -> None:
        server: Any = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server.received.put((self.headers["X-CloudTasks-TaskName"], body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def function(emulators: EmulatorAddresses) -> Iterator[Any]:
    """A task function whose queue the emulator knows, as the functions emulator would have told it."""
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Function)
    server.received = queue.Queue()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    address = f"http://{emulators.tasks}/projects/{PROJECT}/locations/{REGION}/queues/{FUNCTION}"
    requests.post(
        address, json={"defaultUri": f"http://127.0.0.1:{server.server_address[1]}/"}, timeout=10
    ).raise_for_status()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _emulated(address: str) -> CloudTasksQueue:
    return CloudTasksQueue(project=PROJECT, region=REGION, task_invoker="nobody", emulator=address)


def test_the_emulator_delivers_a_named_task_once(emulators: EmulatorAddresses, function: Any) -> None:
    tasks = _emulated(emulators.tasks)
    tasks.enqueue(FUNCTION, "a1-j-0", PAYLOAD)
    tasks.enqueue(FUNCTION, "a1-j-0", PAYLOAD)
    tasks.enqueue(FUNCTION, "b2-j-1", {"job_id": "j", "image": 1})
    received = [function.received.get(timeout=LONG_SECONDS) for _ in range(2)]
    assert sorted(received, key=str) == [
        ("a1-j-0", {"data": {"job_id": "j", "image": 0}}),
        ("b2-j-1", {"data": {"job_id": "j", "image": 1}}),
    ]
    assert function.received.empty()


def test_a_queue_that_is_not_there_is_unusable_and_nobody_listening_means_later(
    emulators: EmulatorAddresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(GoogleServiceUnusable, match="status-404"):
        _emulated(emulators.tasks).enqueue("nosuchfunction", "a", PAYLOAD)
    monkeypatch.setattr(task_queue, "RETRY_SECONDS", 0.1)
    with pytest.raises(RetryLater, match="queue"):
        _emulated("127.0.0.1:9").enqueue(FUNCTION, "a", PAYLOAD)


@dataclass
class _CloudTasks:
    """CreateTask over gRPC: answers with ``status``, after ``failures`` times UNAVAILABLE."""

    status: grpc.StatusCode = grpc.StatusCode.OK
    failures: int = 0
    received: list[Any] = field(default_factory=list)
    channel: grpc.Channel | None = None

    def create_task(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.received.append(request)
        if len(self.received) <= self.failures:
            context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
        if self.status is not grpc.StatusCode.OK:
            context.abort(self.status, "about j")
        return request.task

    def queue(self) -> CloudTasksQueue:
        from google.cloud import tasks_v2
        from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

        return CloudTasksQueue(
            project="imagesfactory-prod",
            region=REGION,
            task_invoker="tasks-invoker@imagesfactory-prod.iam.gserviceaccount.com",
            connect=lambda: tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=self.channel)),
        )


@pytest.fixture
def cloud_tasks() -> Iterator[_CloudTasks]:
    from google.cloud import tasks_v2

    double = _CloudTasks()
    handler = grpc.unary_unary_rpc_method_handler(
        double.create_task,
        request_deserializer=tasks_v2.CreateTaskRequest.deserialize,
        response_serializer=tasks_v2.Task.serialize,
    )
    with ThreadPoolExecutor(2) as threads:
        server = grpc.server(threads)
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("google.cloud.tasks.v2.CloudTasks", {"CreateTask": handler}),)
        )
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as double.channel:
            yield double
        server.stop(None).wait()


def test_in_production_a_task_calls_the_function_as_the_invoker(cloud_tasks: _CloudTasks) -> None:
    cloud_tasks.queue().enqueue(FUNCTION, "a1-j-0", PAYLOAD)
    (request,) = cloud_tasks.received
    assert request.parent == f"projects/imagesfactory-prod/locations/{REGION}/queues/{FUNCTION}"
    task = request.task
    assert task.name == f"{request.parent}/tasks/a1-j-0"
    url = f"https://{REGION}-imagesfactory-prod.cloudfunctions.net/{FUNCTION}"
    assert (task.http_request.url, task.http_request.oidc_token.audience) == (url, url)
    assert task.http_request.oidc_token.service_account_email.startswith("tasks-invoker@")
    assert task.http_request.headers["Content-Type"] == "application/json"
    assert json.loads(task.http_request.body) == {"data": PAYLOAD}
    assert task.dispatch_deadline.total_seconds() == task_queue.DISPATCH_DEADLINE_SECONDS
    assert 15 <= task_queue.DISPATCH_DEADLINE_SECONDS <= 1800


def test_a_name_used_before_is_fine_and_a_short_outage_is_waited_out(cloud_tasks: _CloudTasks) -> None:
    cloud_tasks.status, cloud_tasks.failures = grpc.StatusCode.ALREADY_EXISTS, 1
    cloud_tasks.queue().enqueue(FUNCTION, "a", PAYLOAD)
    assert len(cloud_tasks.received) == 2


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        (grpc.StatusCode.ABORTED, RetryLater),
        (grpc.StatusCode.UNAVAILABLE, RetryLater),
        (grpc.StatusCode.DEADLINE_EXCEEDED, RetryLater),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, RetryLater),
        (grpc.StatusCode.INTERNAL, RetryLater),
        (grpc.StatusCode.UNKNOWN, RetryLater),
        (grpc.StatusCode.CANCELLED, RetryLater),
        (grpc.StatusCode.PERMISSION_DENIED, GoogleServiceUnusable),
        (grpc.StatusCode.UNAUTHENTICATED, GoogleServiceUnusable),
        (grpc.StatusCode.NOT_FOUND, GoogleServiceUnusable),
        (grpc.StatusCode.INVALID_ARGUMENT, GoogleServiceUnusable),
        (grpc.StatusCode.FAILED_PRECONDITION, GoogleServiceUnusable),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_each_failure_becomes_ours(
    cloud_tasks: _CloudTasks, monkeypatch: pytest.MonkeyPatch, status: grpc.StatusCode, ours: type[Exception]
) -> None:
    monkeypatch.setattr(task_queue, "RETRY_SECONDS", 0.1)
    cloud_tasks.status = status
    with pytest.raises(ours) as raised:
        cloud_tasks.queue().enqueue(FUNCTION, "a", PAYLOAD)
    assert "about" not in str(raised.value)
