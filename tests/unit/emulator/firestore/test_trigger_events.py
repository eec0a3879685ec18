"""Which changes fire which trigger, and what the event says changed."""

from typing import Any

import pytest

from emulator.firestore import messages
from emulator.firestore.errors import StatusError
from emulator.firestore.trigger_events import changed_paths, first_generation, second_generation
from emulator.firestore.writes import Change

ROOT = "projects/demo/databases/(default)/documents/"


def _document(path: str, **numbers: int) -> Any:
    document = messages.Document(name=ROOT + path)
    for name, number in numbers.items():
        document.fields[name].integer_value = number
    return document


def _change(path: str, kind: str) -> Any:
    before = None if kind == "created" else _document(path, n=1)
    after = None if kind == "deleted" else _document(path, n=2)
    return Change(name=ROOT + path, before=before, after=after)


def _trigger(pattern: str, event: str = "written", database: str = "(default)", match: str = "PATH_PATTERN") -> Any:
    return second_generation(
        "demo",
        "us-central1-f-0",
        {
            "eventType": f"google.cloud.firestore.document.v1.{event}",
            "database": database,
            "document": {"value": pattern, "matchType": match},
        },
    )


@pytest.mark.parametrize(
    ("pattern", "path", "wanted"),
    [
        ("jobs/{id}", "jobs/1", True),
        ("jobs/{id}", "jobs/1/images/2", False),
        ("/jobs/{id}/", "jobs/1", True),
        ("jobs/{id}/images/{image}", "jobs/1/images/2", True),
        ("jobs/{rest=**}", "jobs/1/images/2", True),
        ("jobs/*", "jobs/1", True),
        ("**", "a/1/b/2", True),
        ("jobs/fixed", "jobs/fixed", True),
        ("jobs/fixed", "jobs/fixedX", False),
        ("jobs/a.b", "jobs/aXb", False),
        ("other/{id}", "jobs/1", False),
    ],
)
def test_path_patterns(pattern: str, path: str, wanted: bool) -> None:
    assert _trigger(pattern).wants(_change(path, "updated")) is wanted


def test_exact_means_exact() -> None:
    assert not _trigger("jobs/{id}", match="EXACT").wants(_change("jobs/1", "created"))
    assert _trigger("jobs/{id}", match="EXACT").wants(_change("jobs/{id}", "created"))


@pytest.mark.parametrize("event", ["created", "updated", "deleted", "written"])
@pytest.mark.parametrize("kind", ["created", "updated", "deleted"])
def test_kinds(event: str, kind: str) -> None:
    assert _trigger("jobs/{id}", event).wants(_change("jobs/1", kind)) is (event in {kind, "written"})


def test_another_database_fires_nothing() -> None:
    assert not _trigger("jobs/{id}", database="archive").wants(_change("jobs/1", "created"))


@pytest.mark.parametrize("body", [{}, {"eventTrigger": {}}, {"eventTrigger": {"eventType": "x", "resource": "y"}}])
def test_malformed_registrations_are_refused(body: dict[str, Any]) -> None:
    with pytest.raises(StatusError):
        first_generation("demo", "k", body)
    with pytest.raises(StatusError):
        second_generation("demo", "k", body)


def test_changed_paths_go_into_maps_and_quote_what_needs_it() -> None:
    before, after = _document("a/1", same=1, gone=1), _document("a/1", same=1, new=1)
    for document, number in ((before, 1), (after, 2)):
        document.fields["map"].map_value.fields["x y"].integer_value = number
        document.fields["map"].map_value.fields["z"].integer_value = 0
    assert list(changed_paths(before.fields, after.fields)) == ["gone", "map.`x y`", "new"]
