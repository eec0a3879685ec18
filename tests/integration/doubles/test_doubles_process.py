"""`python -m local.doubles` as a process: ready line, given ports, clean end."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from local.doubles import FaultRule, Ports, PortTaken, running
from local.doubles.control import ControlClient

ROOT = Path(__file__).parents[3]


@contextmanager
def process(*options: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "local.doubles", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as started:
        try:
            yield started
        finally:
            started.kill()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_process_says_where_it_is_and_ends_when_told(ending: signal.Signals) -> None:
    with process() as started:
        assert started.stdout is not None
        ready = json.loads(started.stdout.readline())
        assert ready["ready"] is True
        for name in ("home", "mailbox", "gallery"):
            assert requests.get(ready[name], timeout=60).status_code == 200
        # A call that is being held must not keep the process alive.
        control = ControlClient(ready["home"])
        fault = control.plan(FaultRule(effect="hold", provider="openai"))
        with socket.create_connection(("127.0.0.1", int(ready["openai_base_url"].split(":")[2].split("/")[0]))) as held:
            held.sendall(b"GET /v1/models HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer x\r\n\r\n")
            control.wait_until_held(fault)
            started.send_signal(ending)
            assert started.wait(timeout=60) == 0


def test_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with process("--openai-port", str(port)) as started:
            _, errors = started.communicate(timeout=60)
        assert started.returncode == 1
        assert f"port {port} is in use" in errors
        for ports in (Ports(sendgrid=port), Ports(stability_grpc=port)):
            with pytest.raises(PortTaken), running(ports):
                pass


def test_given_ports_are_taken_and_given_back() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    for _ in range(2):
        with running(Ports(openai=port)) as doubles:
            assert doubles.addresses.openai_base_url == f"http://127.0.0.1:{port}/v1"
