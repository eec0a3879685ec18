"""The real synchronous client against the server, over gRPC."""

import threading
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter, Or

from tests.firestore_process import FirestoreProcess


def test_a_document_lives_from_create_to_delete(client: Any) -> None:
    reference = client.document("users/ada")
    created = reference.create({"name": "Ada", "age": 36, "tags": ["a", "b"], "at": {"city": "London"}})
    first = reference.get()
    assert first.to_dict() == {"name": "Ada", "age": 36, "tags": ["a", "b"], "at": {"city": "London"}}
    assert first.update_time == created.update_time
    reference.update({"at.city": "Paris", "age": firestore.Increment(1), "tags": firestore.ArrayUnion(["c"])})
    second = reference.get()
    assert second.to_dict() == {"name": "Ada", "age": 37, "tags": ["a", "b", "c"], "at": {"city": "Paris"}}
    assert second.create_time == first.create_time
    assert second.update_time > first.update_time
    reference.delete()
    assert not reference.get().exists


def test_preconditions_refuse_with_the_productions_codes(client: Any) -> None:
    reference = client.document("users/ada")
    with pytest.raises(exceptions.NotFound, match="No document to update"):
        reference.update({"a": 1})
    stale = reference.set({"a": 1}).update_time
    with pytest.raises(exceptions.AlreadyExists, match="Document already exists"):
        reference.create({"a": 2})
    reference.set({"a": 3})
    with pytest.raises(exceptions.FailedPrecondition):
        reference.update({"a": 4}, option=client.write_option(last_update_time=stale))
    assert reference.get().to_dict() == {"a": 3}


def test_a_batch_is_all_or_nothing(client: Any) -> None:
    batch = client.batch()
    batch.set(client.document("a/1"), {"n": 1})
    batch.update(client.document("a/missing"), {"n": 2})
    with pytest.raises(exceptions.NotFound):
        batch.commit()
    assert not client.document("a/1").get().exists
    batch = client.batch()
    for number in range(20):
        batch.set(client.document(f"a/{number}"), {"n": number})
    results = batch.commit()
    assert len(results) == 20
    assert sorted(found.get("n") for found in client.collection("a").stream()) == list(range(20))


def test_get_all_tells_found_from_missing(client: Any) -> None:
    client.document("a/1").set({"n": 1})
    found = client.get_all([client.document("a/1"), client.document("a/2")], field_paths=["n"])
    assert {snapshot.id: snapshot.exists for snapshot in found} == {"1": True, "2": False}


def test_queries_filter_order_page_and_project(client: Any) -> None:
    cities = client.collection("cities")
    for name, people, land in (("seoul", 9, "KR"), ("busan", 3, "KR"), ("tokyo", 14, "JP"), ("osaka", 2, "JP")):
        cities.document(name).set({"people": people, "land": land})

    def ids(query: Any) -> list[str]:
        return [snapshot.id for snapshot in query.stream()]

    assert ids(cities.where(filter=FieldFilter("land", "==", "KR")).order_by("people")) == ["busan", "seoul"]
    assert ids(cities.order_by("people", direction="DESCENDING").limit(2)) == ["tokyo", "seoul"]
    assert [found.id for found in cities.order_by("people").limit_to_last(1).get()] == ["tokyo"]
    assert ids(cities.order_by("people").start_after({"people": 3})) == ["seoul", "tokyo"]
    assert ids(cities.order_by("people").offset(1).limit(1)) == ["busan"]
    either = Or([FieldFilter("people", ">", 10), FieldFilter("people", "<", 3)])
    assert ids(cities.where(filter=either)) == ["osaka", "tokyo"]
    projected = cities.select(["land"]).where(filter=FieldFilter("people", "in", [9, 14])).stream()
    assert {snapshot.id: snapshot.to_dict() for snapshot in projected} == {
        "seoul": {"land": "KR"},
        "tokyo": {"land": "JP"},
    }
    assert ids(client.collection("empty")) == []


def test_aggregations(client: Any) -> None:
    numbers = client.collection("numbers")
    for number in (1, 2, 3, 4):
        numbers.add({"n": number})
    query = numbers.where(filter=FieldFilter("n", ">", 1))
    results = query.count(alias="many").sum("n", alias="sum").avg("n", alias="mean").get()
    assert {result.alias: result.value for result in results[0]} == {"many": 3, "sum": 9, "mean": 3.0}


def test_a_collection_group_crosses_parents(client: Any) -> None:
    client.document("users/a/notes/1").set({"n": 1})
    client.document("users/b/notes/2").set({"n": 2})
    client.document("notes/3").set({"n": 3})
    client.document("users/a/others/4").set({"n": 4})
    assert {found.id for found in client.collection_group("notes").stream()} == {"1", "2", "3"}
    assert [found.id for found in client.collection("users/a/notes").stream()] == ["1"]
    assert sorted(c.id for c in client.document("users/a").collections()) == ["notes", "others"]
    assert sorted(c.id for c in client.collections()) == ["notes", "users"]
    listed = list(client.collection("users").list_documents())
    assert sorted(reference.id for reference in listed) == ["a", "b"]


def test_databases_are_apart(server: FirestoreProcess, project: str) -> None:
    default, archive = server.client(project), server.client(project, "archive")
    default.document("a/1").set({"where": "default"})
    archive.document("a/1").set({"where": "archive"})
    assert default.document("a/1").get().get("where") == "default"
    assert archive.document("a/1").get().get("where") == "archive"
    archive.document("a/1").delete()
    assert default.document("a/1").get().exists
    default.close()
    archive.close()


def test_transactions_lose_no_update_under_contention(client: Any) -> None:
    counter = client.document("counters/shared")
    counter.set({"n": 0})
    rounds, threads = 5, 4

    def add_one() -> None:
        @firestore.transactional
        def body(transaction: Any) -> None:
            seen = counter.get(transaction=transaction).get("n")
            transaction.update(counter, {"n": seen + 1})

        for _ in range(rounds):
            body(client.transaction(max_attempts=50))

    workers = [threading.Thread(target=add_one) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert counter.get().get("n") == rounds * threads


def test_a_transaction_reads_a_query_and_rolls_back_on_error(client: Any) -> None:
    client.document("seats/1").set({"free": True})

    @firestore.transactional
    def take(transaction: Any) -> None:
        query = client.collection("seats").where(filter=FieldFilter("free", "==", True))
        for seat in query.stream(transaction=transaction):
            transaction.update(seat.reference, {"free": False})
        raise ValueError("changed my mind")

    with pytest.raises(ValueError, match="changed my mind"):
        take(client.transaction())
    assert client.document("seats/1").get().get("free") is True


def test_a_bulk_writer_writes_everything(client: Any) -> None:
    writer = client.bulk_writer()
    for number in range(50):
        writer.set(client.document(f"bulk/{number}"), {"n": number})
    writer.close()
    assert client.collection("bulk").count().get()[0][0].value == 50


def test_partitions_cover_a_collection_group(client: Any) -> None:
    for number in range(30):
        client.document(f"parts/{number:02}").set({"n": number})
    parts = list(client.collection_group("parts").get_partitions(3))
    found = [snapshot.id for part in parts for snapshot in part.query().stream()]
    assert sorted(found) == [f"{number:02}" for number in range(30)]


def test_a_request_above_the_default_grpc_limit_is_served_and_beyond_firestores_refused(client: Any) -> None:
    batch = client.batch()
    for number in range(8):
        batch.set(client.document(f"large/{number}"), {"bytes": b"x" * 900_000})
    batch.commit()
    assert len(list(client.collection("large").stream())) == 8
    with pytest.raises(exceptions.InvalidArgument):
        client.document("large/too").set({"bytes": b"x" * 1_100_000})


async def _count_async(server: FirestoreProcess, project: str) -> int:
    client = server.async_client(project)
    await client.document("a/1").set({"n": 1})

    @firestore.async_transactional
    async def body(transaction: Any) -> None:
        snapshot = await client.document("a/1").get(transaction=transaction)
        transaction.update(client.document("a/1"), {"n": snapshot.get("n") + 1})

    await body(client.transaction())
    assert [snapshot.id async for snapshot in client.collection("a").stream()] == ["1"]
    number: int = (await client.document("a/1").get()).get("n")
    client.close()
    return number


def test_the_asynchronous_client(server: FirestoreProcess, project: str) -> None:
    import asyncio

    assert asyncio.run(_count_async(server, project)) == 2
