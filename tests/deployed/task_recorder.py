"""The wire of Cloud Tasks as its emulator speaks it, but tasks wait here until a test delivers them.

The emulator of firebase-tools delivers when it likes (up to two seconds later), and never forgets a name; the vendor
module is proved against it in tests/integration/vendors/test_task_queue.py.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_PATH = re.compile(r"/projects/[a-z0-9-]+/locations/[a-z0-9-]+/queues/([A-Za-z0-9-]+)/tasks")
_NAME = re.compile(r"projects/[a-z0-9-]+/locations/[a-z0-9-]+/queues/[A-Za-z0-9-]+/tasks/[A-Za-z0-9_-]{1,500}")


@dataclass(frozen=True)
class Task:
    """A task: the function it is for, its name, the body of its request."""

    function: str
    name: str
    body: bytes

    @property
    def data(self) -> dict[str, Any]:
        """What the function reads."""
        found: dict[str, Any] = json.loads(self.body)["data"]
        return found


@dataclass
class TaskRecorder:
    """The queues of one deployment. ``waiting`` is for the test to take from; ``received`` counts every request."""

    address: str = ""
    queues: frozenset[str] = frozenset()
    waiting: deque[Task] = field(default_factory=deque)
    received: int = 0
    _names: set[str] = field(default_factory=set)

    def reset(self) -> None:
        """Forget every task and every name."""
        self.waiting.clear()
        self._names.clear()

    def create(self, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Take a CreateTask request; its answer."""
        self.received += 1
        found = _PATH.fullmatch(path.partition("?")[0])
        if found is None or found[1] not in self.queues:
            return 404, {"error": {"code": 404, "message": "no such queue", "status": "NOT_FOUND"}}
        task = json.loads(body)["task"]
        if not _NAME.fullmatch(task["name"]):
            return 400, {"error": {"code": 400, "message": "bad name", "status": "INVALID_ARGUMENT"}}
        if task["name"] in self._names:
            return 409, {"error": {"code": 409, "message": "exists", "status": "ALREADY_EXISTS"}}
        self._names.add(task["name"])
        self.waiting.append(Task(found[1], task["name"], base64.b64decode(task["httpRequest"]["body"])))
        return 200, {"task": task}


@contextmanager
def start_recorder(queues: Iterable[str]) -> Iterator[TaskRecorder]:
    """A recorder on a free port while the block runs, with these queues."""
    recorder = TaskRecorder(queues=frozenset(queues))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer leaves in one piece

        def do_POST(self) -> None:
            status, answer = recorder.create(self.path, self.rfile.read(int(self.headers["content-length"])))
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        recorder.address = f"127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield recorder
        finally:
            server.shutdown()
            thread.join()
