"""Everything a client can do wrong, again and again: clear errors, a server that goes on, and flat memory."""

import json
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import psutil
import pytest

from tests.firestore_process import FirestoreProcess, start_firestore
from tests.integration.emulator.random_messages import Randomizer
from tests.integration.emulator.streams import ListenRequest, open_stream

RULES = Path("firestore.rules").read_text("utf-8")
PROJECT = "demo-abuse"
DATABASE = f"projects/{PROJECT}/databases/(default)"
ROOT = f"/v1/{DATABASE}/documents"
OWNER = {"Authorization": "Bearer owner"}
WARM_ROUNDS, ROUNDS = 3, 6
GROWTH_BYTES_MAX = 12 << 20
"""Less than the oversize documents of a single round: keeping any of them would show."""
DESCRIPTORS_MAX = 16
REFUSALS = range(400, 500)
SNIPPETS = (
    "{",
    "}",
    "(",
    ")",
    "match",
    "allow",
    "/**",
    "'",
    '"',
    "\x00",
    "서울",
    "$(",
    ";",
    "get(",
    "9" * 40,
    "!" * 99,
)


@pytest.fixture
def own() -> Iterator[FirestoreProcess]:
    """A server that nobody else troubles."""
    with start_firestore() as process:
        yield process


@pytest.fixture
def http(own: FirestoreProcess) -> Iterator[httpx.Client]:
    """An HTTP client of it."""
    with httpx.Client(base_url=own.url, trust_env=False, timeout=60) as made:
        yield made


def test_abuse_costs_no_memory(own: FirestoreProcess, http: httpx.Client) -> None:
    inside = psutil.Process(own.process.pid)
    chance = random.Random(7)
    for _ in range(WARM_ROUNDS):
        _abuse(own, http, chance)
    bytes_before, descriptors_before = inside.memory_info().rss, inside.num_fds()
    for _ in range(ROUNDS):
        _abuse(own, http, chance)
    assert http.get("/").text.strip() == "Ok"
    assert inside.memory_info().rss - bytes_before < GROWTH_BYTES_MAX
    assert inside.num_fds() - descriptors_before < DESCRIPTORS_MAX
    assert not any("Traceback" in line for line in own.output)


def _abuse(own: FirestoreProcess, http: httpx.Client, chance: random.Random) -> None:
    _random_bytes(own, chance)
    _broken_rules(http, chance)
    _malformed_json(http, chance)
    _oversize_documents(http)
    _abandoned_channels(http)
    _abandoned_streams(own, chance)


def _random_bytes(own: FirestoreProcess, chance: random.Random) -> None:
    post = b"POST /v1/x HTTP/1.1\r\nContent-Length: 99\r\n\r\n"
    starts = (b"", b"GET / HTTP/1.1\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", post)
    for start in starts * 5:
        with socket.create_connection((own.host, own.port), timeout=30) as connection:
            try:
                connection.sendall(start + chance.randbytes(2000))
            except OSError:
                continue  # the server may cut the connection at any point


def _broken_rules(http: httpx.Client, chance: random.Random) -> None:
    for _ in range(8):
        text = RULES
        for _ in range(chance.randint(1, 4)):
            start = chance.randrange(len(text))
            text = text[:start] + chance.choice(SNIPPETS) + text[start + chance.randrange(40) :]
        body = {"rules": {"files": [{"name": "firestore.rules", "content": text}]}}
        answer = http.put(f"/emulator/v1/projects/{PROJECT}:securityRules", json=body)
        assert answer.status_code in {200, 400}, answer.text
        if answer.status_code == 400:
            assert "INVALID_ARGUMENT" in answer.text


def _malformed_json(http: httpx.Client, chance: random.Random) -> None:
    update = {"name": f"{DATABASE}/documents/a/1", "fields": {"n": {"integerValue": "1"}}}
    whole = json.dumps({"writes": [{"update": update}]}).encode()
    torn = [whole[: chance.randrange(1, len(whole))] for _ in range(10)]
    for body in [b"", b"[]", b"null", b"{" * 5000, b"\xff\xfe", *torn]:
        answer = http.post(f"{ROOT}:commit", content=body, headers=OWNER)
        # Nothing at all is a commit without writes.
        assert answer.status_code in REFUSALS or body in {b"", b"null"}, (body, answer.text)
    odd = (f"{ROOT}/a/1?mask.fieldPaths=`", f"{ROOT}:unheard", "/%00", "/v1/nonsense", "/v1/" + "a/" * 3000)
    for path in odd:
        assert http.get(path, headers=OWNER).status_code < 500


def _oversize_documents(http: httpx.Client) -> None:
    for fields in ({"text": {"stringValue": "x" * (3 << 20)}}, _nested(25), {"f" * 2000: {"nullValue": None}}):
        answer = http.patch(f"{ROOT}/a/big", json={"fields": fields}, headers=OWNER)
        assert answer.status_code == 400
        assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"


def _nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {"nullValue": None}
    for _ in range(depth):
        value = {"mapValue": {"fields": {"a": value}}}
    return {"a": value}


def _abandoned_channels(http: httpx.Client) -> None:
    """Channels that are opened, listened on, and ended by their client; and such as never made sense."""
    path = "/google.firestore.v1.Firestore/Listen/channel"
    query = {"structuredQuery": {"from": [{"collectionId": "a"}]}, "parent": f"{DATABASE}/documents"}
    listen = json.dumps({"database": DATABASE, "addTarget": {"targetId": 2, "query": query}})
    form = {"headers": "Authorization:Bearer owner\r\n", "count": "1", "ofs": "0", "req0___data__": listen}
    for _ in range(5):
        opened = http.post(path, params={"VER": "8", "RID": "1", "database": DATABASE}, content=urlencode(form))
        session = json.loads(opened.text.partition("\n")[2])[0][1][1]
        known = {"VER": "8", "SID": session, "AID": "0"}
        http.get(path, params={**known, "RID": "rpc", "CI": "1", "TYPE": "xmlhttp"})
        assert http.post(path, params={**known, "RID": "2"}, content="count=1&ofs=1&req0___data__={").status_code == 200
        assert http.post(path, params={**known, "RID": "3", "TYPE": "terminate"}).status_code in {200, 400}
        assert http.post(path, params={**known, "RID": "4"}).status_code == 400


def _abandoned_streams(own: FirestoreProcess, chance: random.Random) -> None:
    randomizer = Randomizer(chance.randrange(1 << 30), DATABASE)
    for _ in range(10):
        with open_stream(own.address, "Listen") as stream:
            whole = ListenRequest(database=DATABASE)
            whole.add_target.documents.documents.append(f"{DATABASE}/documents/a/1")
            stream.send(whole)
            assert stream.next().HasField("target_change")
            stream.send(randomizer.fill(ListenRequest()))
