"""Keys of providers are read as the operators' account, for the process alone; whatever cannot be read is said."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import google.auth
import pytest
from google.auth.credentials import AnonymousCredentials

from local.deployment.accounts import KEYS_OF_PROVIDERS
from local.operator import Backend, keys
from local.operator.keys import KeysMissing, require_payment_keys

REAL = Backend("my-project", is_local=False)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Values by name, as Secret Manager gives them."""
    values: dict[str, str] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.removeprefix("/v1/projects/my-project/secrets/").removesuffix("/versions/latest:access")
            found = values.get(name)
            self.send_response(200 if found else 404)
            self.end_headers()
            if found:
                self.wfile.write(json.dumps({"payload": {"data": base64.b64encode(found.encode()).decode()}}).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setattr(keys, "ORIGIN", f"http://127.0.0.1:{server.server_port}")
        nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]
        monkeypatch.setattr(google.auth, "default", lambda **_: (nobody, None))
        yield values
        server.shutdown()
        thread.join()


def test_keys_of_a_real_project_are_read_from_it(held: dict[str, str]) -> None:
    held |= dict.fromkeys(KEYS_OF_PROVIDERS, "a key")
    environment: dict[str, str] = {}
    require_payment_keys(REAL, environment)
    assert environment == held


def test_a_key_that_cannot_be_read_is_named(held: dict[str, str]) -> None:
    first, *others = KEYS_OF_PROVIDERS
    held[first] = "a key"
    with pytest.raises(KeysMissing, match=f"missing: {', '.join(others)}"):
        require_payment_keys(REAL, {})


def test_a_backend_of_here_has_its_keys_already() -> None:
    require_payment_keys(Backend("demo-here", is_local=True), dict.fromkeys(KEYS_OF_PROVIDERS, "local"))
    with pytest.raises(KeysMissing):
        require_payment_keys(Backend("demo-here", is_local=True), {})
