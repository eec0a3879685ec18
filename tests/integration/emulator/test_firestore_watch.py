"""Listening: through the real client's on_snapshot, and message by message."""

import threading
from typing import Any

import grpc
import pytest
from google.cloud.firestore_v1.base_query import FieldFilter

from emulator.firestore.existence import bits_of
from tests.firestore_process import FirestoreProcess
from tests.integration.emulator.streams import ListenRequest, Stream, kinds, open_stream

WAIT_SECONDS_MAX = 30.0


class Seen:
    """Collects snapshots and lets a test wait for a state."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self.states: list[dict[str, Any]] = []

    def __call__(self, snapshots: Any, _changes: Any, _read_time: Any) -> None:
        state = {snapshot.id: snapshot.to_dict() for snapshot in snapshots if snapshot.exists}
        with self._condition:
            self.states.append(state)
            self._condition.notify_all()

    def wait_for(self, state: dict[str, Any]) -> None:
        with self._condition:
            arrived = self._condition.wait_for(lambda: state in self.states[-1:], WAIT_SECONDS_MAX)
        assert arrived, f"last seen: {self.states[-1:]}"


def test_on_snapshot_of_a_document_sees_its_life(client: Any) -> None:
    reference, seen = client.document("a/1"), Seen()
    watch = reference.on_snapshot(seen)
    seen.wait_for({})
    reference.set({"n": 1})
    seen.wait_for({"1": {"n": 1}})
    reference.update({"n": 2})
    seen.wait_for({"1": {"n": 2}})
    reference.delete()
    seen.wait_for({})
    watch.unsubscribe()


def test_on_snapshot_of_a_query_sees_documents_come_and_go(client: Any) -> None:
    client.document("a/1").set({"n": 1})
    seen = Seen()
    watch = client.collection("a").where(filter=FieldFilter("n", "<", 10)).on_snapshot(seen)
    seen.wait_for({"1": {"n": 1}})
    client.document("a/2").set({"n": 2})
    seen.wait_for({"1": {"n": 1}, "2": {"n": 2}})
    client.document("a/1").set({"n": 11})
    seen.wait_for({"2": {"n": 2}})
    client.document("a/2").delete()
    seen.wait_for({})
    client.document("b/1").set({"n": 1})
    client.document("a/3").set({"n": 3})
    seen.wait_for({"3": {"n": 3}})
    watch.unsubscribe()


def test_on_snapshot_of_a_limited_query_lets_the_next_one_in(client: Any) -> None:
    for number in range(4):
        client.document(f"a/{number}").set({"n": number})
    seen = Seen()
    watch = client.collection("a").order_by("n").limit(2).on_snapshot(seen)
    seen.wait_for({"0": {"n": 0}, "1": {"n": 1}})
    client.document("a/0").delete()
    seen.wait_for({"1": {"n": 1}, "2": {"n": 2}})
    client.document("a/3").set({"n": 0})
    seen.wait_for({"3": {"n": 0}, "1": {"n": 1}})
    watch.unsubscribe()


def test_a_commit_is_one_snapshot(client: Any) -> None:
    seen = Seen()
    watch = client.collection("pairs").on_snapshot(seen)
    seen.wait_for({})
    for number in range(10):
        batch = client.batch()
        batch.set(client.document("pairs/left"), {"n": number})
        batch.set(client.document("pairs/right"), {"n": number})
        batch.commit()
    seen.wait_for({"left": {"n": 9}, "right": {"n": 9}})
    watch.unsubscribe()
    assert all(not state or state["left"] == state["right"] for state in seen.states)


def test_a_hundred_listeners_all_hear_a_commit(server: FirestoreProcess, client: Any, project: str) -> None:
    with open_stream(server.address, "Listen") as stream:
        for number in range(1, 101):
            stream.send(_query(project, target_id=number))
        current = 0
        while current < 100:
            current += kinds(stream.until_snapshot()).count("CURRENT")
        client.document("a/1").set({"n": 1})
        told: set[int] = set()
        while len(told) < 100:
            for response in stream.until_snapshot():
                told.update(response.document_change.target_ids)
        assert told == set(range(1, 101))


def test_a_first_snapshot_has_production_order(server: FirestoreProcess, client: Any, project: str) -> None:
    client.document("a/1").set({"n": 1})
    with open_stream(server.address, "Listen") as stream:
        stream.send(_query(project))
        responses = stream.until_snapshot()
        assert kinds(responses) == ["ADD", "change 1", "CURRENT", "NO_CHANGE"]
        assert responses[-1].target_change.resume_token
        assert responses[-1].target_change.HasField("read_time")
        client.document("a/2").set({"n": 2})
        assert kinds(stream.until_snapshot()) == ["change 2", "NO_CHANGE"]


def test_a_resumed_target_gets_only_what_it_missed(server: FirestoreProcess, client: Any, project: str) -> None:
    for number in range(3):
        client.document(f"a/{number}").set({"n": number})
    token = _token(server, project)
    client.document("a/1").set({"n": 100})
    client.document("a/2").delete()
    client.document("other/1").set({"n": 1})
    with open_stream(server.address, "Listen") as stream:
        stream.send(_query(project, resume_token=token, expected_count=3))
        found = kinds(stream.until_snapshot())
        assert sorted(found[1:-2]) == ["change 1", "delete 2"]
        assert "RESET" not in found


def test_a_client_that_held_too_much_is_told_what_is_still_right(
    server: FirestoreProcess, client: Any, project: str
) -> None:
    for number in range(4):
        client.document(f"a/{number}").set({"n": number})
    token = _token(server, project)
    client.document("a/0").delete()
    client.document("a/1").set({"n": 100})
    with open_stream(server.address, "Listen") as stream:
        stream.send(_query(project, resume_token=token, expected_count=7))
        responses = stream.until_snapshot()
    [told] = [response.filter for response in responses if response.HasField("filter")]
    assert (told.target_id, told.count) == (2, 3)
    bits = int.from_bytes(told.unchanged_names.bits.bitmap, "little")
    size = len(told.unchanged_names.bits.bitmap) * 8 - told.unchanged_names.bits.padding
    root = f"projects/{project}/databases/(default)/documents"
    unchanged = [
        number
        for number in range(4)
        if all(bits >> bit & 1 for bit in bits_of(f"{root}/a/{number}", size, told.unchanged_names.hash_count))
    ]
    assert {2, 3} <= set(unchanged) != {0, 1, 2, 3}
    assert not any(response.target_change.target_change_type == 4 for response in responses), "no reset is needed"


@pytest.mark.parametrize(("limit", "expected_count"), [(2, 2)])
def test_a_target_that_cannot_be_resumed_is_reset(
    server: FirestoreProcess, client: Any, project: str, limit: int | None, expected_count: int
) -> None:
    for number in range(3):
        client.document(f"a/{number}").set({"n": number})
    token = _token(server, project, limit=limit)
    client.document("a/0").delete()
    with open_stream(server.address, "Listen") as stream:
        stream.send(_query(project, limit=limit, resume_token=token, expected_count=expected_count))
        assert kinds(stream.until_snapshot()) == ["ADD", "RESET", "change 1", "change 2", "CURRENT", "NO_CHANGE"]


def test_a_bad_target_ends_alone(server: FirestoreProcess, client: Any, project: str) -> None:
    client.document("a/1").set({"n": 1})
    with open_stream(server.address, "Listen") as stream:
        stream.send(_query(project, target_id=2, resume_token=b"nonsense"))
        stream.send(_query(project, target_id=4))
        removed, snapshot = _removed_and_snapshot(stream)
        assert removed.target_ids == [2]
        assert removed.cause.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
        assert removed.cause.message == "bad resume token"
        assert "change 1" in snapshot


def test_targets_can_be_removed_or_last_one_snapshot_only(server: FirestoreProcess, client: Any, project: str) -> None:
    client.document("a/1").set({"n": 1})
    with open_stream(server.address, "Listen") as stream:
        once = _query(project, target_id=2)
        once.add_target.once = True
        stream.send(once)
        assert kinds(stream.until_snapshot()) == ["ADD", "change 1", "CURRENT", "NO_CHANGE"]
        ended = stream.next().target_change
        assert (ended.target_ids, ended.cause.code) == ([2], 0)
        stream.send(_query(project, target_id=4))
        stream.until_snapshot()
        stream.send(ListenRequest(database=_database(project), remove_target=4))
        assert kinds([stream.next()]) == ["REMOVE"]
        client.document("a/2").set({"n": 2})
        stream.send(_query(project, target_id=6))
        assert kinds(stream.until_snapshot()) == ["ADD", "change 1", "change 2", "CURRENT", "NO_CHANGE"]


def test_document_targets_tell_missing_ones(server: FirestoreProcess, client: Any, project: str) -> None:
    client.document("a/1").set({"n": 1})
    request = ListenRequest(database=_database(project))
    request.add_target.target_id = 2
    names = [f"{_database(project)}/documents/a/{number}" for number in (1, 2)]
    request.add_target.documents.documents.extend(names)
    with open_stream(server.address, "Listen") as stream:
        stream.send(request)
        assert kinds(stream.until_snapshot()) == ["ADD", "change 1", "delete 2", "CURRENT", "NO_CHANGE"]
        client.document("a/2").set({"n": 2})
        assert kinds(stream.until_snapshot()) == ["change 2", "NO_CHANGE"]


def test_a_client_that_does_not_read_costs_no_memory_and_ends_up_right(
    server: FirestoreProcess, client: Any, project: str
) -> None:
    commits, kilobytes = 80, 500
    with open_stream(server.address, "Listen") as stream:
        stream.send(_query(project))
        stream.until_snapshot()
        for number in range(commits):
            client.document("a/1").set({"n": number, "filler": b"x" * kilobytes * 1000})
        told: list[int] = []
        while not told or told[-1] != commits - 1:
            found = stream.until_snapshot()
            told += [response.document_change.document.fields["n"].integer_value for response in found[:-1]]
    assert told == sorted(set(told))
    assert len(told) < commits / 2, "what the client was too slow for must be left out, not queued"


def test_clearing_the_database_is_heard(server: FirestoreProcess, client: Any, project: str) -> None:
    import httpx

    client.document("a/1").set({"n": 1})
    with open_stream(server.address, "Listen") as stream:
        stream.send(_query(project))
        stream.until_snapshot()
        url = f"{server.url}/emulator/v1/projects/{project}/databases/(default)/documents"
        assert httpx.delete(url, trust_env=False).json() == {}
        assert kinds(stream.until_snapshot()) == ["delete 1", "NO_CHANGE"]


def test_nobody_may_listen_without_rules(server: FirestoreProcess, project: str) -> None:
    with open_stream(server.address, "Listen", metadata=()) as stream:
        stream.send(_query(project))
        assert kinds([stream.next()]) == ["ADD"]
        cause = stream.next().target_change.cause
        assert cause.code == grpc.StatusCode.PERMISSION_DENIED.value[0]


def _removed_and_snapshot(stream: Stream) -> tuple[Any, list[str]]:
    responses = []
    while True:
        response = stream.next()
        responses.append(response)
        done = kinds(responses)
        if "REMOVE" in done and "NO_CHANGE" in done:
            return responses[done.index("REMOVE")].target_change, done


def _token(server: FirestoreProcess, project: str, limit: int | None = None) -> bytes:
    with open_stream(server.address, "Listen") as stream:
        stream.send(_query(project, limit=limit))
        return bytes(stream.until_snapshot()[-1].target_change.resume_token)


def _query(
    project: str,
    target_id: int = 2,
    limit: int | None = None,
    resume_token: bytes = b"",
    expected_count: int | None = None,
) -> Any:
    request = ListenRequest(database=_database(project))
    target = request.add_target
    target.target_id = target_id
    target.query.parent = _database(project) + "/documents"
    target.query.structured_query.from_.add(collection_id="a")
    if limit:
        target.query.structured_query.limit.value = limit
    if resume_token:
        target.resume_token = resume_token
    if expected_count is not None:
        target.expected_count.value = expected_count
    return request


def _database(project: str) -> str:
    return f"projects/{project}/databases/(default)"
