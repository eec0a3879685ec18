"""WebChannel as the browser SDK speaks it: handshake, both directions, replay, endings."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.firestore_process import FirestoreProcess

OWNER = "Authorization:Bearer owner\r\nContent-Type:text/plain\r\n"


class Channel:
    """One client's channel; reads and writes the raw protocol."""

    def __init__(self, http: httpx.Client, rpc: str, database: str) -> None:
        self.http = http
        self.path = f"/google.firestore.v1.Firestore/{rpc}/channel"
        self.database = database
        self.session_id = ""
        self.received = 0
        self._sent = 0

    def open(self, *messages: Any, headers: str = OWNER) -> None:
        query = {"VER": "8", "database": self.database, "RID": "4711", "CVER": "22", "t": "1"}
        answer = self.http.post(self.path, params=query, content=self._form(messages, headers))
        [[array_id, [word, self.session_id, host, version, _, keep_alive]]] = unframe(answer.text)[0]
        assert (answer.status_code, array_id, word, host, version, keep_alive) == (200, 0, "c", None, 8, 30_000)
        assert answer.headers["cache-control"] == "no-store"

    def forward(self, *messages: Any, first: int | None = None) -> list[int]:
        answer = self.http.post(self.path, params=self._query(RID="4712"), content=self._form(messages, first=first))
        assert answer.status_code == 200
        status: list[int] = unframe(answer.text)[0]
        return status

    @contextmanager
    def back(self, acknowledged: int | None = None) -> Iterator[Iterator[Any]]:
        """The arrays of a streaming back channel, one after the other."""
        query = self._query(RID="rpc", CI="0", TYPE="xmlhttp", AID=str(self._acknowledged(acknowledged)))
        with self.http.stream("GET", self.path, params=query) as response:
            assert response.status_code == 200
            yield self._arrays(response)

    def poll(self, acknowledged: int | None = None) -> list[Any]:
        """The arrays of one buffered back channel."""
        query = self._query(RID="rpc", CI="1", TYPE="xmlhttp", AID=str(self._acknowledged(acknowledged)))
        [arrays] = unframe(self.http.get(self.path, params=query).text)
        self.received = arrays[-1][0]
        return [content for _, content in arrays]

    def terminate(self) -> httpx.Response:
        return self.http.post(self.path, params=self._query(RID="4713", TYPE="terminate"))

    def _acknowledged(self, given: int | None) -> int:
        return self.received if given is None else given

    def _query(self, **more: str) -> dict[str, str]:
        return {"VER": "8", "database": self.database, "SID": self.session_id, "AID": str(self.received), **more}

    def _form(self, messages: tuple[Any, ...], headers: str = "", first: int | None = None) -> str:
        start = self._sent if first is None else first
        form = {"count": str(len(messages)), "ofs": str(start)}
        for index, message in enumerate(messages):
            form[f"req{index}___data__"] = json.dumps(message)
        self._sent = start + len(messages)
        return urlencode({"headers": headers, **form} if headers else form)

    def _arrays(self, response: httpx.Response) -> Iterator[Any]:
        text = ""
        for piece in response.iter_text():
            text += piece
            while (parted := split_chunk(text)) is not None:
                chunk, text = parted
                for array_id, content in json.loads(chunk):
                    assert array_id == self.received + 1
                    self.received = array_id
                    if content != ["noop"]:
                        yield content


def split_chunk(text: str) -> tuple[str, str] | None:
    """The first complete chunk and the rest; lengths count UTF-16 code units."""
    length, newline, rest = text.partition("\n")
    encoded = rest.encode("utf-16-le")
    if not newline or len(encoded) < int(length) * 2:
        return None
    return encoded[: int(length) * 2].decode("utf-16-le"), encoded[int(length) * 2 :].decode("utf-16-le")


def unframe(text: str) -> list[Any]:
    chunks = []
    while text:
        parted = split_chunk(text)
        assert parted, f"an incomplete chunk: {text!r}"
        chunks.append(json.loads(parted[0]))
        text = parted[1]
    return chunks


@pytest.fixture
def http(server: FirestoreProcess) -> Iterator[httpx.Client]:
    """An HTTP client of the server."""
    with httpx.Client(base_url=server.url, trust_env=False, timeout=30) as made:
        yield made


@pytest.fixture
def database(project: str) -> str:
    """The test's default database."""
    return f"projects/{project}/databases/(default)"


def _target(database: str, collection: str = "a", target_id: int = 2) -> dict[str, Any]:
    query = {"structuredQuery": {"from": [{"collectionId": collection}]}, "parent": f"{database}/documents"}
    return {"database": database, "addTarget": {"targetId": target_id, "query": query}}


def _kind(content: Any) -> str:
    [message] = content
    if "targetChange" in message:
        return str(message["targetChange"].get("targetChangeType", "NO_CHANGE"))
    return str(next(iter(message)))


def test_listening_over_a_streaming_back_channel(http: httpx.Client, database: str, client: Any) -> None:
    client.document("a/1").set({"text": "한글 🎨"})
    channel = Channel(http, "Listen", database)
    channel.open(_target(database))
    with channel.back() as arrays:
        first = [next(arrays) for _ in range(4)]
        assert [_kind(content) for content in first] == ["ADD", "documentChange", "CURRENT", "NO_CHANGE"]
        assert first[1][0]["documentChange"]["document"]["fields"] == {"text": {"stringValue": "한글 🎨"}}
        client.document("a/2").set({"n": 1})
        assert [_kind(next(arrays)) for _ in range(2)] == ["documentChange", "NO_CHANGE"]
        is_open, last_sent, outstanding = channel.forward({"database": database, "removeTarget": 2})
        assert (is_open, last_sent >= 6, outstanding >= 0) == (1, True, True)
        assert _kind(next(arrays)) == "REMOVE"
    assert channel.terminate().status_code == 200


def test_polling_and_the_replay_of_what_was_not_acknowledged(http: httpx.Client, database: str, client: Any) -> None:
    client.document("a/1").set({"n": 1})
    channel = Channel(http, "Listen", database)
    channel.open(_target(database))
    seen: list[Any] = []
    while "NO_CHANGE" not in map(_kind, seen):
        seen += channel.poll()
    again = channel.poll(acknowledged=1)
    assert again == seen[1:]
    client.document("a/2").set({"n": 2})
    assert _kind(channel.poll()[0]) == "documentChange"
    channel.terminate()


def test_repeated_messages_are_applied_once_and_early_ones_wait(http: httpx.Client, database: str, client: Any) -> None:
    channel = Channel(http, "Write", database)
    channel.open({"database": database})
    [[opened]] = channel.poll()
    increment = {"fieldPath": "n", "increment": {"integerValue": "1"}}
    name = f"{database}/documents/a/1"
    write = {"update": {"name": name}, "updateMask": {}, "updateTransforms": [increment]}
    message = {"streamToken": opened["streamToken"], "writes": [write]}
    channel.forward(message, first=2)
    channel.forward(message, first=1)
    channel.forward(message, message, first=1)
    answers: list[Any] = []
    while len(answers) < 2:
        answers += channel.poll()
    assert all(answer[0]["commitTime"] for answer in answers)
    channel.terminate()
    assert client.document("a/1").get().get("n") == 2


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [("X-Nothing:1\r\n", "PERMISSION_DENIED", 403), ("Authorization:Bearer bad\r\n", "UNAUTHENTICATED", 401)],
)
def test_a_refused_write_stream_says_why_and_stops(
    http: httpx.Client, database: str, headers: str, status: str, code: int
) -> None:
    channel = Channel(http, "Write", database)
    channel.open({"database": database}, headers=headers)
    with channel.back() as arrays:
        said = list(arrays)
    assert said[0][0]["error"]["status"] == status
    assert said[0][0]["error"]["code"] == code
    assert said[-1] == ["stop"]


def test_malformed_messages_end_the_channel_with_an_error(http: httpx.Client, database: str) -> None:
    channel = Channel(http, "Listen", database)
    channel.open({"database": database, "unheardOf": 1})
    with channel.back() as arrays:
        assert next(arrays)[0]["error"]["status"] == "INVALID_ARGUMENT"


def test_ended_and_unknown_sessions_are_said_to_be_unknown(http: httpx.Client, database: str) -> None:
    channel = Channel(http, "Listen", database)
    channel.open(_target(database))
    assert channel.terminate().text == ""
    gone = channel.terminate()
    assert gone.status_code == 400
    assert gone.text.find("Unknown SID") > 0


@pytest.mark.parametrize("body", ["count=x", "count=2&ofs=0&req0___data__=%7B%7D", "count=1&ofs=-1", "count=99999999"])
def test_malformed_forms_are_refused(http: httpx.Client, database: str, body: str) -> None:
    path = "/google.firestore.v1.Firestore/Listen/channel"
    assert http.post(path, params={"VER": "8", "RID": "1"}, content=body).status_code == 400
    assert http.post(path, params={"VER": "7", "RID": "1"}, content="").status_code == 400
    assert http.get(path, params={"VER": "8", "RID": "rpc"}).status_code == 400


def test_a_newer_back_channel_ends_the_older_one(http: httpx.Client, database: str) -> None:
    channel = Channel(http, "Listen", database)
    channel.open(_target(database))
    with channel.back() as older:
        assert [_kind(next(older)) for _ in range(3)] == ["ADD", "CURRENT", "NO_CHANGE"]
        with channel.back():
            assert list(older) == []
    channel.terminate()
