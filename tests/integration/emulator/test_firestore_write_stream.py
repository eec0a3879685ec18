"""The Write stream, message by message."""

from typing import Any

import grpc
import pytest

from tests.firestore_process import FirestoreProcess
from tests.integration.emulator.streams import WriteRequest, open_stream


def test_writes_are_answered_in_order_with_new_tokens(server: FirestoreProcess, client: Any, project: str) -> None:
    database = f"projects/{project}/databases/(default)"
    with open_stream(server.address, "Write") as stream:
        stream.send(WriteRequest(database=database))
        opened = stream.next()
        assert opened.stream_id
        assert opened.stream_token
        for number in range(3):
            request = WriteRequest(stream_token=opened.stream_token)
            write = request.writes.add()
            write.update.name = f"{database}/documents/a/{number}"
            write.update.fields["n"].integer_value = number
            stream.send(request)
        answers = [stream.next() for _ in range(3)]
        stream.send(WriteRequest(stream_token=answers[-1].stream_token))
        assert not stream.next().write_results
    times = [answer.commit_time.ToNanoseconds() for answer in answers]
    assert times == sorted(set(times))
    assert len({answer.stream_token for answer in answers}) == 3
    assert [len(answer.write_results) for answer in answers] == [1, 1, 1]
    assert sorted(found.get("n") for found in client.collection("a").stream()) == [0, 1, 2]


def test_a_failed_precondition_ends_the_stream(server: FirestoreProcess, project: str) -> None:
    database = f"projects/{project}/databases/(default)"
    with open_stream(server.address, "Write") as stream:
        stream.send(WriteRequest(database=database))
        stream.next()
        request = WriteRequest()
        write = request.writes.add()
        write.update.name = f"{database}/documents/a/1"
        write.current_document.exists = True
        stream.send(request)
        with pytest.raises(grpc.RpcError) as ended:
            stream.next()
    assert ended.value.code() is grpc.StatusCode.NOT_FOUND


def test_an_old_stream_cannot_be_resumed(server: FirestoreProcess, project: str) -> None:
    with open_stream(server.address, "Write") as stream:
        stream.send(WriteRequest(database=f"projects/{project}/databases/(default)", stream_id="x", stream_token=b"1"))
        with pytest.raises(grpc.RpcError) as ended:
            stream.next()
    assert ended.value.code() is grpc.StatusCode.ABORTED
    assert ended.value.details() == "resuming a stream not supported"


def test_nobody_may_write_without_rules(server: FirestoreProcess, project: str) -> None:
    with open_stream(server.address, "Write", metadata=()) as stream:
        stream.send(WriteRequest(database=f"projects/{project}/databases/(default)"))
        with pytest.raises(grpc.RpcError) as ended:
            stream.next()
    assert ended.value.code() is grpc.StatusCode.PERMISSION_DENIED
