"""Records read leanly are what the library's own snapshots say, and are deleted only as they were read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.api_core.exceptions import FailedPrecondition, ServiceUnavailable
from google.cloud.firestore import FieldFilter
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from imagesfactory.kit import lean_query

from tests.purging import Purging

AT = datetime(2028, 2, 29, 14, 59, 59, 123456, tzinfo=UTC)
CONTENT = {
    "destroy_at": AT,
    "owner": "지수",
    "legs": {"paid": -3, "bonus": 3},
    "list": [1, None, {"a": b"x"}],
    "none": None,
}


@pytest.fixture
def client(purging: Purging) -> Any:
    for path in ("visits/a", "visits/b", "wallets/jisu/entries/settle:job:1", "wallets/sora/entries/a"):
        purging.client.document(path).set(CONTENT)
    purging.client.document("visits/later").set({"destroy_at": AT.replace(year=2032)})
    return purging.client


def queries(client: Any) -> list[Any]:
    due = FieldFilter("destroy_at", "<=", AT)
    visits, entries = client.collection("visits"), client.collection_group("entries")
    return [
        visits.where(filter=due).order_by("destroy_at").order_by("__name__"),
        visits.where(filter=due).order_by("destroy_at").order_by("__name__").select(["destroy_at"]).limit(1),
        entries.where(filter=due).order_by("destroy_at").order_by("__name__").select(["legs", "destroy_at"]),
        visits.where(filter=FieldFilter("destroy_at", "<", AT)),
    ]


def version(record: Any) -> datetime:
    """The library gives it as the wire has it, or of collection groups as a datetime."""
    raw = record.update_time
    read: datetime = raw
    if not isinstance(raw, datetime):
        read = DatetimeWithNanoseconds.from_timestamp_pb(raw)  # type: ignore[no-untyped-call]
    return read


def test_both_ways_read_the_same(client: Any) -> None:
    counts = []
    for query in queries(client):
        whole, lean = list(query.stream()), list(lean_query.stream(client, query))
        counts.append(len(lean))
        assert [one.reference for one in lean] == [one.reference for one in whole]
        assert [one.id for one in lean] == [one.id for one in whole]
        assert [one.to_dict() for one in lean] == [one.to_dict() for one in whole]
        assert [one.get("destroy_at") for one in lean] == [AT] * len(whole)
        assert list(map(version, lean)) == list(map(version, whole))
        for one in (*lean, *whole):
            with pytest.raises(KeyError):
                one.get("nothing")
    assert counts == [2, 1, 2, 0]


def test_the_version_that_was_read_guards_a_delete(client: Any) -> None:
    first, second = lean_query.stream(client, queries(client)[0])
    client.document("visits/b").update({"owner": "somebody"})
    for record in (first, second):
        option = client.write_option(last_update_time=record.update_time)
        if record is first:
            record.reference.delete(option=option)
        else:
            with pytest.raises(FailedPrecondition):
                record.reference.delete(option=option)
    assert not client.document("visits/a").get().exists
    assert client.document("visits/b").get().get("owner") == "somebody"


def test_a_purge_whose_answers_break_off_asks_again(purging: Purging, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        purging.client.document(f"visits/{number}").set({"destroy_at": purging.clock.now()})
    ask = FirestoreClient.run_query
    broken: list[bool] = []

    def breaks_off_once(self: Any, request: Any = None, **more: Any) -> Any:
        answers = ask(self, request=request, **more)
        if broken or not any(part.collection_id == "visits" for part in request["structured_query"].from_):
            return answers
        broken.append(True)
        return _cut(answers)

    monkeypatch.setattr(FirestoreClient, "run_query", breaks_off_once)
    run = purging.purge.run()
    assert broken
    assert run is not None
    assert (run.destroyed, run.failed) == ({"default visits/{id}": 7}, {})


def _cut(answers: Any) -> Any:
    yield next(answers)
    raise ServiceUnavailable("gone")  # type: ignore[no-untyped-call]
