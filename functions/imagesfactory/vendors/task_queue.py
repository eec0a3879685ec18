"""Hands work to task functions through Cloud Tasks, or its emulator."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from imagesfactory.vendors.google_calls import translated
from imagesfactory.vendors.once import Once

if TYPE_CHECKING:
    from google.cloud.tasks_v2 import CloudTasksClient

ATTEMPT_SECONDS = 5.0
RETRY_SECONDS = 15.0
"""Repeating is safe because every task has a name."""
DISPATCH_DEADLINE_SECONDS = 600
"""How long Cloud Tasks waits for a task function to answer; it allows 15 to 1800."""


class CloudTasksQueue:
    """A Queue. Task names should differ in their first letters (a hash does), or Cloud Tasks slows down.

    Source: cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks/create.
    """

    def __init__(
        self,
        *,
        project: str,
        region: str,
        task_invoker: str,
        emulator: str = "",
        dispatch_deadline_seconds: int = DISPATCH_DEADLINE_SECONDS,
        connect: Callable[[], CloudTasksClient] | None = None,
    ) -> None:
        """Where the queues are, and as whom the functions are called.

        Args:
            project: the project's id.
            region: where the queues and the functions are.
            task_invoker: e-mail of the service account whose token a task carries; it may call the functions.
            emulator: host:port of the emulator (CLOUD_TASKS_EMULATOR_HOST), empty in production.
            dispatch_deadline_seconds: see DISPATCH_DEADLINE_SECONDS.
            connect: makes the client, for another way to reach Cloud Tasks than by its public address.

        """
        self._project, self._region = project, region
        self._task_invoker = task_invoker
        self._is_emulator = bool(emulator)
        self._dispatch_deadline_seconds = dispatch_deadline_seconds
        self._client = Once(connect or (lambda: _connect(emulator)))

    def enqueue(self, function: str, name: str, payload: dict[str, str | int]) -> None:
        """Deliver ``payload`` to the task function; see the port.

        Raises:
            RetryLater: the queue does not answer now.
            GoogleServiceUnusable: it will not until an operator acts.

        """
        from google.api_core.exceptions import Aborted, Conflict

        with translated("queue"):
            try:
                self._create(function, name, payload)
            except Aborted:  # a Conflict to the library as well, but one that passes
                raise
            except Conflict:  # AlreadyExists over gRPC, a plain 409 from the emulator: the name was used before
                return

    def _create(self, function: str, name: str, payload: dict[str, str | int]) -> None:
        from google.cloud import tasks_v2

        queue = f"projects/{self._project}/locations/{self._region}/queues/{function}"
        self._client().create_task(
            parent=queue,
            task=tasks_v2.Task(
                name=f"{queue}/tasks/{name}",
                http_request=self._http_request(function, payload),
                dispatch_deadline=timedelta(seconds=self._dispatch_deadline_seconds),
            ),
            timeout=ATTEMPT_SECONDS,
            retry=_retry(),
        )

    def _http_request(self, function: str, payload: dict[str, str | int]) -> dict[str, Any]:
        url = f"https://{self._region}-{self._project}.cloudfunctions.net/{function}"
        request: dict[str, Any] = {
            "http_method": "POST",
            "url": url,
            "headers": {"Content-Type": "application/json"},
            "body": json.dumps({"data": payload}).encode(),  # the one key that task functions read
        }
        if not self._is_emulator:
            request["oidc_token"] = {"service_account_email": self._task_invoker, "audience": url}
        return request


def _connect(emulator: str) -> CloudTasksClient:
    from google.cloud import tasks_v2

    if not emulator:
        return tasks_v2.CloudTasksClient()
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksRestTransport

    from imagesfactory.vendors.tasks_emulator_adapter import TasksEmulatorAdapter

    anonymous = AnonymousCredentials()  # type: ignore[no-untyped-call]
    transport = CloudTasksRestTransport(host=emulator, url_scheme="http", credentials=anonymous)
    transport._session.mount("http://", TasksEmulatorAdapter())
    return tasks_v2.CloudTasksClient(transport=transport)


def _retry() -> Any:
    from google.api_core import exceptions
    from google.api_core.retry import Retry, if_exception_type

    transient = (exceptions.ServiceUnavailable, exceptions.DeadlineExceeded, exceptions.InternalServerError)
    return Retry(predicate=if_exception_type(*transient), initial=0.2, maximum=3.0, timeout=RETRY_SECONDS)
