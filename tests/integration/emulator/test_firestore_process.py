"""The server as a process: its port under bad input, its start and end, what a kill leaves."""

import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import grpc
import httpx
import psutil
import pytest
from google.cloud.firestore_v1.types import firestore
from websockets.sync.client import connect

from tests.firestore_process import ROOT, FirestoreProcess, start_firestore
from tests.integration.emulator.streams import OWNER, ListenRequest, open_stream

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@pytest.fixture(scope="module")
def own() -> Iterator[FirestoreProcess]:
    """A server of this module's own, since it is treated badly."""
    with start_firestore() as process:
        yield process


def _connect(server: FirestoreProcess) -> socket.socket:
    return socket.create_connection((server.host, server.port), timeout=20)


def _channel(server: FirestoreProcess, *options: tuple[str, int]) -> Any:
    return grpc.insecure_channel(server.address, options=options)


def _serves(server: FirestoreProcess) -> bool:
    client = server.client("demo-still-alive")
    with closing(client):
        client.document("a/1").set({"n": 1})
        alive: bool = client.document("a/1").get().get("n") == 1
    return alive and httpx.get(server.url, trust_env=False).text.strip() == "Ok"


def test_random_bytes_do_no_harm(own: FirestoreProcess) -> None:
    generator = random.Random(7)
    for start in (b"", b"PRI ", PREFACE, b"GET / HTTP/1.1\r\n", b"\x16\x03\x01"):
        for size in (1, 100, 5000):
            with _connect(own) as connection:
                try:
                    connection.sendall(start + generator.randbytes(size))
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65536):
                        pass
                except OSError:
                    continue  # the server may cut the connection at any point
    assert _serves(own)


def test_a_half_open_client_gets_an_answer_and_leaves_nothing_behind(own: FirestoreProcess) -> None:
    inside = psutil.Process(own.process.pid)
    assert _serves(own)
    before = inside.num_fds()
    for start in (b"P", b"PRI", b"GET / HT", PREFACE, b""):
        connections = [_connect(own) for _ in range(10)]
        for connection in connections:
            connection.sendall(start)
        for connection in connections:
            connection.close()
    with _connect(own) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    assert _serves(own)
    deadline = time.monotonic() + 20
    while inside.num_fds() > before + 12:  # closing takes the server a moment; each round gives it work to do
        assert time.monotonic() < deadline, "connections leak"
        assert _serves(own)


def test_tls_is_refused_at_once(own: FirestoreProcess) -> None:
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"https://{own.address}/", trust_env=False, verify=False)
    assert _serves(own)


def test_a_message_beyond_the_limit_is_refused_and_the_next_one_served(own: FirestoreProcess) -> None:
    with _channel(own, ("grpc.max_send_message_length", -1)) as channel:
        method = channel.unary_unary("/google.firestore.v1.Firestore/Commit")
        with pytest.raises(grpc.RpcError) as refused:
            method(b"\0" * (17 << 20), metadata=OWNER)
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        with pytest.raises(grpc.RpcError) as refused:
            method(b"\xff\xff\xff", metadata=OWNER)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        request = firestore.CommitRequest.pb()(database="nonsense").SerializeToString()
        with pytest.raises(grpc.RpcError) as refused:
            method(request, metadata=OWNER)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        with pytest.raises(grpc.RpcError) as refused:
            channel.unary_unary("/google.firestore.v1.Firestore/Unheard")(b"", metadata=OWNER)
        assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ((), grpc.StatusCode.PERMISSION_DENIED),
        ((("authorization", "Bearer x"),), grpc.StatusCode.UNAUTHENTICATED),
    ],
)
@pytest.mark.parametrize("rpc", ["GetDocument", "Commit", "RunQuery", "BatchWrite", "ListCollectionIds"])
def test_only_the_admin_passes_without_rules(
    own: FirestoreProcess, rpc: str, metadata: tuple[tuple[str, str], ...], code: grpc.StatusCode
) -> None:
    database = "projects/demo-x/databases/(default)"
    requests = {
        "GetDocument": firestore.GetDocumentRequest.pb()(name=f"{database}/documents/a/1"),
        "Commit": firestore.CommitRequest.pb()(database=database),
        "RunQuery": firestore.RunQueryRequest.pb()(parent=f"{database}/documents"),
        "BatchWrite": firestore.BatchWriteRequest.pb()(database=database),
        "ListCollectionIds": firestore.ListCollectionIdsRequest.pb()(parent=f"{database}/documents"),
    }
    with _channel(own) as channel:
        method = channel.unary_stream(f"/google.firestore.v1.Firestore/{rpc}")
        responses = method(requests[rpc].SerializeToString(), metadata=metadata)
        with pytest.raises(grpc.RpcError) as refused:
            next(responses)
    assert refused.value.code() is code


def test_a_taken_port_is_said_plainly(own: FirestoreProcess) -> None:
    command = [sys.executable, "-m", "emulator.firestore", "--port", str(own.port)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "address already in use" in ended.stderr
    assert "Traceback" not in ended.stderr + ended.stdout


def test_missing_files_and_unoffered_options_are_said_plainly(tmp_path: Path) -> None:
    for arguments in (
        ["--rules", str(tmp_path / "none")],
        ["--seed_from_export", "x"],
        ["--database-edition", "enterprise"],
    ):
        command = [sys.executable, "-m", "emulator.firestore", "--port", "0", *arguments]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        assert ended.returncode == 2
        assert arguments[0] in ended.stderr
        assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_official_options_start_it_and_a_signal_ends_it_cleanly(tmp_path: Path, number: int) -> None:
    rules = tmp_path / "firestore.rules"
    rules.write_text("service cloud.firestore {}")
    arguments = [
        *("--host", "localhost", "--websocket_port", "0", "--project_id", "demo-x", "--rules", str(rules)),
        *("--single_project_mode", "true", "--functions_emulator", "127.0.0.1:1", "--database-edition", "standard"),
        *("--from_the_future", "yes"),
    ]
    with start_firestore(None, *arguments) as server:
        client = server.client("demo-other")
        client.document("a/1").set({"n": 1})
        # Not the library's own watch: it reconnects for ever, one thread after the other, once its server is gone.
        with open_stream(server.address, "Listen") as stream:
            listen = ListenRequest(database="projects/demo-other/databases/(default)")
            listen.add_target.target_id = 2
            listen.add_target.documents.documents.append(f"{listen.database}/documents/a/1")
            stream.send(listen)
            assert stream.until_snapshot()
            server.process.send_signal(number)
            assert server.process.wait(20) == 0
        client.close()
    printed = "".join(server.output)
    assert "Traceback" not in printed
    assert "--from_the_future" in printed
    assert "demo-other" in printed, "a foreign project is noted in single-project mode"


def test_the_emulator_uis_request_log_is_an_empty_history() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (
        start_firestore(None, "--websocket_port", str(port)) as server,
        connect(f"ws://127.0.0.1:{port}/requests", proxy=None) as websocket,
    ):
        assert websocket.recv(timeout=20) == "[]"
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(20) == 0
    assert "Traceback" not in "".join(server.output)


def test_acknowledged_writes_survive_a_kill(tmp_path: Path) -> None:
    with start_firestore(tmp_path) as server:
        client = server.client()
        for number in range(30):
            client.document(f"a/{number}").set({"n": number})
        server.kill()
        client.close()
    with start_firestore(tmp_path) as server:
        client = server.client()
        found = {int(snapshot.id): snapshot.get("n") for snapshot in client.collection("a").stream()}
        client.close()
        assert server.stop() == 0
    assert found == {number: number for number in range(30)}


def test_logs_hold_no_content(own: FirestoreProcess) -> None:
    client = own.client("demo-quiet")
    client.document("users/secret-uid-1234567890").set({"email": "someone@example.com"})
    with _channel(own) as channel, pytest.raises(grpc.RpcError):
        channel.unary_unary("/google.firestore.v1.Firestore/GetDocument")(
            firestore.GetDocumentRequest.pb()(
                name="projects/demo-quiet/databases/(default)/documents/users/secret-uid-1234567890"
            ).SerializeToString(),
            metadata=(("authorization", "Bearer sometoken"),),
        )
    client.close()
    printed = "".join(own.output)
    assert "secret-uid" not in printed
    assert "someone@example.com" not in printed
    assert "sometoken" not in printed
