"""Makes google-cloud-tasks' REST transport speak to the Tasks emulator, whose API differs in two places.

Its paths lack the version, and it knows the address of each function itself: it uses that when the task's URL is
there and empty (firebase-tools, lib/emulator/tasksEmulator.js and taskQueue.js).
"""

from __future__ import annotations

import json
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter


class TasksEmulatorAdapter(HTTPAdapter):
    """Mounted on the transport's session; rewrites each request before it leaves."""

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        """Send ``request`` in the emulator's form."""
        request.url = (request.url or "").replace("/v2/", "/", 1)
        if request.body:
            document = json.loads(request.body)
            document["task"]["httpRequest"]["url"] = ""
            body = json.dumps(document)
            request.body = body
            request.headers["Content-Length"] = str(len(body.encode()))
        return super().send(request, *args, **options)
