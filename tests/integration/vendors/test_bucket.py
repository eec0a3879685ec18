"""The bucket: google-cloud-storage against the Storage emulator of firebase-tools, and against a small server that
keeps the precondition the emulator ignores.
"""

from __future__ import annotations

import gc
import json
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import requests
from imagesfactory.kit.errors import RetryLater
from imagesfactory.privacy.purge.ports import StoredFile
from imagesfactory.vendors import bucket as bucket_module
from imagesfactory.vendors.bucket import CloudStorageBucket
from imagesfactory.vendors.bucket_folders import BucketFolders
from imagesfactory.vendors.google_calls import GoogleServiceUnusable

from tests.emulators import EmulatorAddresses
from tests.integration.vendors.limits import PROJECT

BUCKET = "demo-vendors.firebasestorage.app"
PNG = b"\x89PNG some bytes"


class _StoppedClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.fixture
def bucket(emulators: EmulatorAddresses) -> Iterator[CloudStorageBucket]:
    bucket = CloudStorageBucket(name=BUCKET, project=PROJECT, emulator=f"http://{emulators.storage}")
    yield bucket
    _disconnect(bucket)


def _disconnect(bucket: CloudStorageBucket) -> None:
    """A function keeps its connections until it ends; a test must not. Those of refused downloads the library
    leaves to the garbage collector.
    """
    bucket._bucket().client.close()
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()


def test_a_stored_picture_is_got_back_and_a_second_one_does_not_replace_it(bucket: CloudStorageBucket) -> None:
    bucket.put("images/u/job/0.png", PNG)
    bucket.put("images/u/job/0.png", b"another")
    assert bucket.get("images/u/job/0.png") == PNG


def test_what_is_stored_says_what_it_is(bucket: CloudStorageBucket, emulators: EmulatorAddresses) -> None:
    bucket.put("images/u/job/1.png", PNG)
    url = f"http://{emulators.storage}/storage/v1/b/{BUCKET}/o/images%2Fu%2Fjob%2F1.png"
    stored = requests.get(url, timeout=10).json()
    assert stored["contentType"] == "image/png"
    assert stored["cacheControl"] == "private, max-age=300, no-transform"
    assert stored["contentDisposition"] == 'inline; filename="1.png"'


def test_a_picture_that_is_not_there_is_said_so_and_deleting_is_final(bucket: CloudStorageBucket) -> None:
    with pytest.raises(FileNotFoundError):
        bucket.get("images/u/job/none.png")
    bucket.delete("images/u/job/none.png")
    bucket.put("images/u/job/2.png", PNG)
    bucket.delete("images/u/job/2.png")
    with pytest.raises(FileNotFoundError):
        bucket.get("images/u/job/2.png")


def test_nobody_listening_means_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket_module, "RETRY_SECONDS", 0.1)
    nowhere = CloudStorageBucket(name=BUCKET, project=PROJECT, emulator="http://127.0.0.1:9")
    name = "images/u/job/0.png"
    for act in (lambda: nowhere.put(name, PNG), lambda: nowhere.get(name), lambda: nowhere.delete(name)):
        with pytest.raises(RetryLater, match="bucket"):
            act()


def test_files_are_dated_by_our_clock(emulators: EmulatorAddresses) -> None:
    where: Any = {"name": BUCKET, "project": PROJECT, "emulator": f"http://{emulators.storage}"}
    bucket = CloudStorageBucket(**where, clock=_StoppedClock())
    folders = BucketFolders(**where, clock=_StoppedClock())
    bucket.put("images/dated/job/0.png", PNG)
    with folders.writer("images/dated/job/1.png", "image/png") as file:
        file.write(PNG)
    assert bucket.page("images/dated/", "", 10) == [
        StoredFile(name, _StoppedClock().now()) for name in ("images/dated/job/0.png", "images/dated/job/1.png")
    ]
    _disconnect(bucket)
    folders._bucket().client.close()


class _Storage(BaseHTTPRequestHandler):
    """Answers every request with the server's status, and remembers the queries."""

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def do_GET(self) -> None:
        self._answer()

    do_DELETE = do_GET  # noqa: N815 - the base class's form of a method name

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def _answer(self, received: bytes = b"") -> None:
        server: Any = self.server
        server.received.append((self.path, received))
        body = json.dumps({"error": {"code": server.status, "message": "about images/u/job/1.png"}}).encode()
        self.send_response(server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def storage() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Storage)
    server.received = []
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def real_bucket(storage: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudStorageBucket]:
    """As in production, except for the address, which the library reads from the environment itself."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{storage.server_address[1]}")
    monkeypatch.setattr(bucket_module, "RETRY_SECONDS", 0.1)
    bucket = CloudStorageBucket(name=BUCKET, project=PROJECT, clock=_StoppedClock())
    yield bucket
    _disconnect(bucket)


def test_in_production_the_precondition_decides_and_the_lifecycle_can_count(
    storage: Any, real_bucket: CloudStorageBucket
) -> None:
    storage.status = 412
    real_bucket.put("images/u/job/1.png", PNG)
    ((path, received),) = storage.received
    assert "ifGenerationMatch=0" in path
    assert b'"customTime": "2026-11-24T03:00:00' in received


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        (400, GoogleServiceUnusable),
        (401, GoogleServiceUnusable),
        (403, GoogleServiceUnusable),
        (408, RetryLater),
        (429, RetryLater),
        (500, RetryLater),
        (503, RetryLater),
    ],
)
def test_each_failure_becomes_ours(
    storage: Any, real_bucket: CloudStorageBucket, status: int, ours: type[Exception]
) -> None:
    storage.status = status
    for act in (
        lambda: real_bucket.put("images/u/job/1.png", PNG),
        lambda: real_bucket.get("images/u/job/1.png"),
        lambda: real_bucket.delete("images/u/job/1.png"),
    ):
        with pytest.raises(ours) as raised:
            act()
        assert "images" not in str(raised.value)
