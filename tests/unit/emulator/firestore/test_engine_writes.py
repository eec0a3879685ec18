"""Writes: masks, preconditions, transforms, limits, and the statuses and texts clients rely on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import grpc
import pytest

from emulator.firestore import fieldpaths, sizes
from emulator.firestore import messages as m
from emulator.firestore.errors import StatusError
from emulator.firestore.history import Committed
from emulator.firestore.service import FirestoreService
from emulator.firestore.usage import Usage
from tests.unit.emulator.firestore.engine_support import (
    DATABASE,
    ROOT,
    commit,
    delete_write,
    name,
    run,
    set_write,
    value,
)

INT64_MAX = 2**63 - 1
NAN = float("nan")


async def get(service: FirestoreService, path: str) -> m.Document:
    return await service.get_document(m.GetDocumentRequest(name=name(path)), usage=Usage())


def after(*writes: m.Write) -> m.Document:
    """The document c/x after some commits."""

    async def scenario() -> m.Document:
        service = FirestoreService.open(None)
        for write in writes:
            await commit(service, write)
        document = await get(service, "c/x")
        service.close()
        return document

    return run(scenario())


def refusal(*writes: m.Write, before: tuple[m.Write, ...] = ()) -> StatusError:
    """The error of one commit of all writes, which must leave nothing behind."""

    async def scenario() -> StatusError:
        service = FirestoreService.open(None)
        if before:
            await commit(service, *before)
        version = service.version(DATABASE)
        with pytest.raises(StatusError) as caught:
            await commit(service, *writes)
        assert service.version(DATABASE) == version
        service.close()
        return caught.value

    return run(scenario())


def fields(native: dict[str, Any]) -> dict[str, m.Value]:
    return dict(value(native).map_value.fields)


def transform(path: str, **operation: Any) -> m.Write:
    write = m.Write()
    write.update.name = name("c/x")
    write.update_mask.SetInParent()
    write.update_transforms.add(field_path=path, **operation)
    return write


MASKED = [
    ({"a": 1, "b": 2}, {"a": 9}, None, {"a": 9}),
    ({"a": 1, "b": 2}, {"a": 9}, ["a"], {"a": 9, "b": 2}),
    ({"a": 1, "b": 2}, {"a": 9}, ["b"], {"a": 1}),
    ({"a": 1}, {"b": 1}, [], {"a": 1}),
    ({"m": {"x": 1, "y": 2}}, {"m": {"x": 5}}, ["m.x"], {"m": {"x": 5, "y": 2}}),
    ({"m": {"x": 1, "y": 2}}, {}, ["m.x"], {"m": {"y": 2}}),
    ({"m": 1}, {"m": {"x": 5}}, ["m.x"], {"m": {"x": 5}}),
    ({"m": 1}, {}, ["m.x"], {"m": 1}),
    ({}, {"a b": {"c`d": 1}}, ["`a b`.`c\\`d`"], {"a b": {"c`d": 1}}),
]


@pytest.mark.parametrize(("stored", "body", "mask", "expected"), MASKED)
def test_a_mask_says_which_fields_are_set_or_deleted(
    stored: dict[str, Any], body: dict[str, Any], mask: list[str] | None, expected: dict[str, Any]
) -> None:
    assert dict(after(set_write("c/x", stored), set_write("c/x", body, mask=mask)).fields) == fields(expected)


TRANSFORMS = [
    (1, {"increment": value(2)}, 3),
    (1, {"increment": value(0.5)}, 1.5),
    (INT64_MAX, {"increment": value(5)}, INT64_MAX),
    (-INT64_MAX, {"increment": value(-5)}, -(2**63)),
    ("text", {"increment": value(2)}, 2),
    (None, {"increment": value(2)}, 2),
    (3, {"maximum": value(3.0)}, 3),
    (3, {"maximum": value(4.5)}, 4.5),
    (3, {"minimum": value(3.0)}, 3),
    (3, {"minimum": value(-1)}, -1),
    ("text", {"minimum": value(-1)}, -1),
    ([1, 2], {"append_missing_elements": value([2.0, 3, 3]).array_value}, [1, 2, 3]),
    (7, {"append_missing_elements": value([3]).array_value}, [3]),
    ([1, 2, 1.0, "a"], {"remove_all_from_array": value([1]).array_value}, [2, "a"]),
    (7, {"remove_all_from_array": value([1]).array_value}, []),
]


@pytest.mark.parametrize(("stored", "operation", "expected"), TRANSFORMS)
def test_transforms_compute_on_what_is_stored(stored: Any, operation: dict[str, Any], expected: Any) -> None:
    document = after(set_write("c/x", {"f": stored}), transform("f", **operation))
    assert document.fields["f"] == value(expected)


def test_transforms_answer_their_results_and_the_commit_time() -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        write = set_write("c/x", {"n": 1})
        write.update_transforms.add(field_path="n", increment=value(2))
        write.update_transforms.add(field_path="tags", append_missing_elements=value(["a"]).array_value)
        write.update_transforms.add(field_path="at.time", set_to_server_value=1)
        answer = await commit(service, write)
        number, tags, time = answer.write_results[0].transform_results
        assert (number, tags) == (value(3), value(None))
        assert time.timestamp_value == answer.commit_time == answer.write_results[0].update_time
        document = await get(service, "c/x")
        assert document.fields["at"].map_value.fields["time"] == time
        service.close()

    run(scenario())


def test_identical_writes_keep_the_update_time_and_tell_no_change() -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        heard: list[Committed] = []
        unsubscribe = service.subscribe(heard.append)
        first = await commit(service, set_write("c/x", {"a": 1, "n": NAN}))
        second = await commit(service, set_write("c/x", {"n": NAN, "a": 1}))
        assert second.write_results[0].update_time == first.commit_time
        assert second.commit_time.ToMicroseconds() > first.commit_time.ToMicroseconds()
        assert [len(commit.changes) for commit in heard] == [1, 0]
        await commit(service, set_write("c/x", {"a": 1.0, "n": NAN}), delete_write("c/missing"))
        assert [change.name for change in heard[-1].changes] == [name("c/x")]
        unsubscribe()
        await commit(service, delete_write("c/x"))
        assert len(heard) == 3
        service.close()

    run(scenario())


def test_a_document_created_again_has_a_new_create_time() -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        await commit(service, set_write("c/x", {"a": 1}))
        changed = await commit(service, set_write("c/x", {"a": 2}))
        document = await get(service, "c/x")
        assert document.create_time.ToMicroseconds() < document.update_time.ToMicroseconds()
        assert document.update_time == changed.commit_time
        await commit(service, delete_write("c/x"))
        again = await commit(service, set_write("c/x", {"a": 3}))
        assert (await get(service, "c/x")).create_time == again.commit_time
        service.close()

    run(scenario())


STORED = (set_write("c/x", {"a": 1}),)
FUTURE = m.Timestamp(seconds=4_000_000_000)
PAST = m.Timestamp(seconds=1)
REFUSALS = [
    ([set_write("c/x", {}, exists=True)], (), "NOT_FOUND", f"No document to update: {name('c/x')}"),
    ([delete_write("c/x", exists=True)], (), "NOT_FOUND", "No document to update: "),
    ([set_write("c/x", {}, exists=False)], STORED, "ALREADY_EXISTS", f"Document already exists: {name('c/x')}"),
    ([set_write("c/x", {}, update_time=PAST)], STORED, "FAILED_PRECONDITION", "the stored version"),
    ([set_write("c/x", {}, update_time=PAST)], (), "FAILED_PRECONDITION", "the stored version (0)"),
    ([delete_write("c/x", update_time=FUTURE)], STORED, "INVALID_ARGUMENT", "future"),
    ([delete_write("c/x"), set_write("c/x", {})], (), "INVALID_ARGUMENT", "Cannot delete then update an entity"),
    ([set_write("c/y", {"a": 1}), set_write("c/x", {}, exists=True)], (), "NOT_FOUND", "No document"),
    ([m.Write(verify=name("c/x"), current_document=m.Precondition(exists=True))], (), "NOT_FOUND", "No document"),
    ([set_write("c/x", {"a": 1}, mask=["a", "a.b"])], (), "INVALID_ARGUMENT", "conflict"),
    ([set_write("c/x", {"a": 1}, mask=["a..b"])], (), "INVALID_ARGUMENT", "Invalid field path"),
    ([set_write("c/x", {"__a__": 1})], (), "INVALID_ARGUMENT", "reserved"),
    ([set_write("c/x", {"": 1})], (), "INVALID_ARGUMENT", "empty"),
    ([set_write("c/__x__", {})], (), "INVALID_ARGUMENT", 'Resource id "__x__" is invalid because it is reserved.'),
    ([set_write("c", {})], (), "INVALID_ARGUMENT", "even number of segments"),
    ([set_write("c/" + "x" * 1501, {})], (), "INVALID_ARGUMENT", "longer than 1500 bytes"),
    ([set_write("c/x", {"a": [[1]]})], (), "INVALID_ARGUMENT", "array value inside an array"),
    ([set_write("c/x", {"a": "x" * 1_048_488})], (), "INVALID_ARGUMENT", "longer than 1048487 bytes"),
    ([set_write("c/x", {"a": "x" * 900_000, "b": "x" * 200_000})], (), "INVALID_ARGUMENT", "exceeds the maximum"),
    ([set_write("c/x", {"a": list(range(40_001))})], (), "INVALID_ARGUMENT", "too many index entries"),
    ([transform("f", increment=value("x"))], (), "INVALID_ARGUMENT", "must be an integer or a double"),
    ([m.Write()], (), "INVALID_ARGUMENT", "operation"),
    ([m.Write(delete=name("c/x").replace("demo", "other"))], (), "INVALID_ARGUMENT", "does not belong"),
]


@pytest.mark.parametrize(("writes", "before", "code", "text"), REFUSALS)
def test_refused_commits_change_nothing(
    writes: list[m.Write], before: tuple[m.Write, ...], code: str, text: str
) -> None:
    error = refusal(*writes, before=before)
    assert (error.code.name, text in error.message) == (code, True), error.message


def nested(depth: int) -> Any:
    return 1 if depth == 0 else {"m": nested(depth - 1)}


def test_values_nest_twenty_levels_deep_and_no_deeper() -> None:
    after(set_write("c/x", nested(20)), set_write("c/x", {"a": "x" * 1_048_000}))
    assert "nest more than 20" in refusal(set_write("c/x", nested(22))).message


def test_timestamps_are_cut_to_microseconds() -> None:
    write = set_write("c/x", {"at": [datetime(2024, 1, 1, tzinfo=UTC).replace(tzinfo=None)]})
    write.update.fields["at"].array_value.values[0].timestamp_value.nanos = 1_999
    assert after(write).fields["at"].array_value.values[0].timestamp_value.nanos == 1_000


def test_sizes_follow_the_documented_example() -> None:
    # The example of cloud.google.com/firestore/docs/storage-size: 147 bytes.
    document = m.Document(name=f"{ROOT}/users/jeff/tasks/my_task_id")
    for key, item in fields({"type": "Personal", "done": False, "priority": 1}).items():
        document.fields[key].CopyFrom(item)
    document.fields["description"].CopyFrom(value("Learn Cloud Firestore"))
    assert sizes.document_size(document) == 147


def test_batch_writes_stand_alone() -> None:
    async def scenario() -> None:
        service, usage = FirestoreService.open(None), Usage()
        writes = [set_write("c/x", {"a": 1}), set_write("c/y", {}, exists=True), delete_write("c/z")]
        request = m.BatchWriteRequest(database=DATABASE, writes=writes)
        answer = await service.batch_write(request, usage=usage)
        assert [status.code for status in answer.status] == [0, grpc.StatusCode.NOT_FOUND.value[0], 0]
        assert answer.write_results[0].HasField("update_time")
        assert usage == Usage(writes=1, deletes=1)
        twice = m.BatchWriteRequest(database=DATABASE, writes=[delete_write("c/x"), delete_write("c/x")])
        with pytest.raises(StatusError) as caught:
            await service.batch_write(twice, usage=usage)
        assert caught.value.code is grpc.StatusCode.INVALID_ARGUMENT
        service.close()

    run(scenario())


class Recorder:
    """A guard that notes what it is asked and refuses one document."""

    def __init__(self, forbidden: str) -> None:
        self.asked: list[tuple[str, Any]] = []
        self._forbidden = forbidden

    def check_get(self, name: str, document: m.Document | None) -> None:
        self.asked.append(("get", document is not None))

    def check_query(self, query: Any) -> None:
        self.asked.append(("query", query.scope.collection_id))

    def check_write(self, before: m.Document | None, after: m.Document | None, write: m.Write, batch_view: Any) -> None:
        other = batch_view.after(name("c/y"))
        self.asked.append(("write", (before is not None, after is not None, other is not None)))
        if write.update.name == self._forbidden:
            raise StatusError(grpc.StatusCode.PERMISSION_DENIED, "no")


def test_the_guard_sees_every_write_with_the_whole_commit_in_view() -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        guard = Recorder(name("c/y"))
        verify = m.Write(verify=name("c/z"))
        writes = [set_write("c/x", {"a": 1}), set_write("c/x", {"a": 2}), verify, set_write("c/y", {})]
        request = m.CommitRequest(database=DATABASE, writes=writes)
        with pytest.raises(StatusError, match="no"):
            await service.commit(request, usage=Usage(), guard=guard)
        assert guard.asked == [
            ("write", (False, True, True)),
            ("write", (True, True, True)),
            ("get", False),
            ("write", (False, True, True)),
        ]
        assert service.read([name("c/x")]) == [None]
        service.close()

    run(scenario())


@pytest.mark.parametrize(
    "write",
    [
        set_write("c/y", {}, exists=True),
        set_write("c/y", {}, update_time=m.Timestamp(seconds=1)),
    ],
)
def test_the_guard_speaks_before_preconditions_do(write: m.Write) -> None:
    async def scenario() -> None:
        service = FirestoreService.open(None)
        request = m.CommitRequest(database=DATABASE, writes=[write])
        with pytest.raises(StatusError, match="no"):
            await service.commit(request, usage=Usage(), guard=Recorder(name("c/y")))
        with pytest.raises(StatusError) as refusal:
            await service.commit(request, usage=Usage(), guard=Recorder("nothing"))
        assert refusal.value.code in {grpc.StatusCode.NOT_FOUND, grpc.StatusCode.FAILED_PRECONDITION}
        service.close()

    run(scenario())


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a b", "1a", "`", "`a", "a``b", "``", "a.__b__"])
def test_malformed_field_paths_are_refused(text: str) -> None:
    with pytest.raises(StatusError):
        fieldpaths.parse(text)


@pytest.mark.parametrize("path", [("a",), ("a", "b"), ("a.b",), ("`",), ("\\",), ("1", "é"), ("a`\\b", "_c1")])
def test_field_paths_survive_their_text(path: tuple[str, ...]) -> None:
    assert fieldpaths.parse(fieldpaths.text_of(path)) == path
