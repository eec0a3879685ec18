"""Trigger events delivered to a real HTTP receiver: shape, order, retries, restarts."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cloudevents.http import from_http
from google.events.cloud.firestore import DocumentEventData

from emulator.firestore.triggers import UNKNOWN_ATTEMPTS_MAX
from tests.firestore_process import FirestoreProcess, start_firestore
from tests.integration.emulator.functions_receiver import Delivery, Receiver, start_receiver

EventData: Any = DocumentEventData.pb()
KEY = "asia-northeast3-on_job-0"


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[FirestoreProcess, Receiver]]:
    """A server that sends its events to a receiver."""
    with start_receiver() as receiver, start_firestore(None, "--functions_emulator", receiver.address) as process:
        yield process, receiver


@pytest.fixture
def fresh(pair: tuple[FirestoreProcess, Receiver]) -> Iterator[tuple[FirestoreProcess, Receiver]]:
    """The pair with an empty, willing receiver."""
    pair[1].deliveries.clear()
    pair[1].answer = lambda _delivery: 200
    yield pair
    pair[1].answer = lambda _delivery: 200


def _register(server: FirestoreProcess, project: str, event: str, key: str = KEY, path: str = "jobs/{id}") -> None:
    body = {
        "eventType": f"google.cloud.firestore.document.v1.{event}",
        "database": "(default)",
        "namespace": "(default)",
        "document": {"value": path, "matchType": "PATH_PATTERN"},
    }
    url = f"{server.url}/emulator/v1/projects/{project}/eventarcTrigger"
    assert httpx.post(url, params={"eventarcTriggerId": key}, json=body, trust_env=False).status_code == 200


def _data(delivery: Delivery) -> Any:
    return EventData.FromString(base64.b64decode(delivery.body))


def test_a_cloud_event_has_all_that_sdks_read(fresh: Any, project: str) -> None:
    server, receiver = fresh
    _register(server, project, "written.withAuthContext", key=f"{project}-w")
    client = server.client(project)
    client.document("jobs/서울 1").set({"n": 1, "at": {"x": 1, "y": 1}})
    client.document("jobs/서울 1").update({"at.x": 2})
    client.document("jobs/서울 1").delete()
    client.document("jobs/1/images/2").set({"n": 1})
    client.document("other/1").set({"n": 1})
    made, changed, deleted = receiver.wait_for(lambda all_: len(all_) == 3)
    assert {delivery.path for delivery in (made, changed, deleted)} == {
        f"/functions/projects/{project}/triggers/{project}-w"
    }
    event = from_http(made.headers, base64.b64decode(made.body))
    assert event["type"] == "google.cloud.firestore.document.v1.written.withAuthContext"
    assert event["source"] == f"//firestore.googleapis.com/projects/{project}/databases/(default)"
    assert (event["project"], event["database"], event["namespace"]) == (project, "(default)", "(default)")
    assert event["document"] == "jobs/%EC%84%9C%EC%9A%B8%201"
    assert (event["authtype"], event["authid"]) == ("service_account", "owner")
    assert event["datacontenttype"] == "application/protobuf"
    assert (_data(made).HasField("value"), _data(made).HasField("old_value")) == (True, False)
    assert _data(made).value.fields["n"].integer_value == 1
    assert list(_data(changed).update_mask.field_paths) == ["at.x"]
    assert (_data(deleted).HasField("value"), _data(deleted).HasField("old_value")) == (False, True)
    client.close()


def test_region_comes_from_the_key_and_kinds_are_told_apart(fresh: Any, project: str) -> None:
    server, receiver = fresh
    for event in ("created", "updated", "deleted"):
        _register(server, project, event, key=f"{KEY}-{project}-{event}")
    client = server.client(project)
    client.document("jobs/1").set({"n": 1})
    client.document("jobs/1").set({"n": 1})
    client.document("jobs/1").set({"n": 2})
    client.document("jobs/1").delete()
    deliveries = receiver.wait_for(lambda all_: len(all_) == 3)
    assert {delivery.path.rpartition("-")[2] for delivery in deliveries} == {"created", "updated", "deleted"}
    assert {delivery.headers["ce-location"] for delivery in deliveries} == {"asia-northeast3"}
    client.close()


def test_first_generation_events_are_json(fresh: Any, project: str) -> None:
    server, receiver = fresh
    body = {
        "eventTrigger": {
            "eventType": "providers/cloud.firestore/eventTypes/document.write",
            "resource": f"projects/{project}/databases/(default)/documents/users/{{path=**}}",
            "service": "firestore.googleapis.com",
        }
    }
    url = f"{server.url}/emulator/v1/projects/{project}/triggers/us-central1-{project}-0"
    assert httpx.put(url, json=body, trust_env=False).status_code == 200
    client = server.client(project)
    client.document("users/a/notes/1").set({"n": 1})
    event = json.loads(receiver.wait_for(lambda all_: len(all_) == 1)[0].body)
    assert event["data"]["value"]["fields"] == {"n": {"integerValue": "1"}}
    assert event["data"]["updateMask"] == {}
    assert "oldValue" not in event["data"]
    assert event["context"]["resource"] == {
        "name": f"projects/{project}/databases/(default)/documents/users/a/notes/1",
        "service": "firestore.googleapis.com",
    }
    client.close()


def test_failures_are_retried_in_order_and_hold_up_no_other_document(fresh: Any, project: str) -> None:
    server, receiver = fresh
    _register(server, project, "written", key=f"{project}-r")
    failures_left = {"jobs/slow": 3}

    def answer(delivery: Delivery) -> int:
        document = delivery.headers["ce-document"]
        if failures_left.get(document, 0) == 0:
            return 204
        failures_left[document] -= 1
        return 500

    receiver.answer = answer
    client = server.client(project)
    for number in range(3):
        client.document("jobs/slow").set({"n": number})
    client.document("jobs/quick").set({"n": 1})
    deliveries = receiver.wait_for(lambda all_: len(all_) == 3 + 3 + 1)
    slow = [delivery for delivery in deliveries if delivery.headers["ce-document"] == "jobs/slow"]
    assert [_data(delivery).value.fields["n"].integer_value for delivery in slow] == [0, 0, 0, 0, 1, 2]
    assert len({delivery.headers["ce-id"] for delivery in slow[:4]}) == 1
    client.close()


def test_an_unknown_function_ends_the_retries(fresh: Any, project: str) -> None:
    server, receiver = fresh
    _register(server, project, "written", key=f"{project}-u")
    receiver.answer = lambda delivery: 404 if _data(delivery).value.fields["n"].integer_value == 1 else 200
    client = server.client(project)
    client.document("jobs/1").set({"n": 1})
    client.document("jobs/1").set({"n": 2})
    deliveries = receiver.wait_for(lambda all_: len(all_) == UNKNOWN_ATTEMPTS_MAX + 1)
    numbers = [_data(delivery).value.fields["n"].integer_value for delivery in deliveries]
    assert numbers == [1] * UNKNOWN_ATTEMPTS_MAX + [2]
    client.close()


def test_clearing_a_database_fires_nothing(fresh: Any, project: str) -> None:
    server, receiver = fresh
    _register(server, project, "written", key=f"{project}-c")
    client = server.client(project)
    client.document("jobs/1").set({"n": 1})
    receiver.wait_for(lambda all_: len(all_) == 1)
    url = f"{server.url}/emulator/v1/projects/{project}/databases/(default)/documents"
    assert httpx.delete(url, trust_env=False).status_code == 200
    client.document("jobs/2").set({"n": 2})
    deliveries = receiver.wait_for(lambda all_: len(all_) == 2)
    assert deliveries[1].headers["ce-document"] == "jobs/2"
    client.close()


def test_events_survive_a_killed_server(tmp_path: Path, project: str) -> None:
    with start_receiver() as receiver:
        receiver.answer = lambda _delivery: 503
        arguments = ("--functions_emulator", receiver.address)
        with start_firestore(tmp_path, *arguments) as server:
            _register(server, project, "created")
            client = server.client(project)
            client.document("jobs/1").set({"n": 1})
            first = receiver.wait_for(lambda all_: len(all_) >= 1)[0]
            client.close()
            server.kill()
        receiver.deliveries.clear()
        receiver.answer = lambda _delivery: 200
        with start_firestore(tmp_path, *arguments) as server:
            _register(server, project, "created")
            again = receiver.wait_for(lambda all_: len(all_) >= 1)[0]
            assert again.headers["ce-id"] == first.headers["ce-id"]
            assert again.body == first.body
        receiver.deliveries.clear()
        with start_firestore(tmp_path, *arguments) as server:
            _register(server, project, "created")
            client = server.client(project)
            client.document("jobs/2").set({"n": 2})
            only = receiver.wait_for(lambda all_: len(all_) >= 1)
            assert [delivery.headers["ce-document"] for delivery in only] == ["jobs/2"]
            client.close()
