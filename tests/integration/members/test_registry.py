"""The watch over the registry sees what it is for: a write of our code without a row, to a database or the bucket."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage  # type: ignore[attr-defined] # it says nothing of its types
from imagesfactory.accounts import store
from imagesfactory.accounts.model import Identity
from imagesfactory.accounts.service import Visit
from imagesfactory.policy.retention import retention

from tests.members import Members
from tests.registry_watch import WATCH, Unregistered, bucket_place_of


def test_a_room_that_writes_somewhere_else_is_seen(house: Members, monkeypatch: pytest.MonkeyPatch) -> None:
    uid = house.member()
    monkeypatch.setattr(store, "_VISITS", "footprints")
    visit = Visit("e1", "198.51.100.7", "Firefox")
    with WATCH.pretending() as seen, pytest.raises(Unregistered):
        house.accounts.sign_in(Identity(uid, "jisu@example.com", "password"), visit, house.clock.now())
    assert seen == ["database (default): footprints"]
    assert "footprints" not in repr(house.everything())


def test_what_nobody_keeps_has_no_place_in_the_archive(house: Members) -> None:
    with WATCH.pretending() as seen:
        house.archive_client.document("orders/one").set({})
        for path in ("users/jisu", "orders/one/notes/two"):
            with pytest.raises(Unregistered):
                house.archive_client.document(path).set({})
    assert seen == ["database archive: users", "database archive: orders/notes"]


def test_a_file_outside_the_folders_is_seen_on_its_way_to_the_bucket() -> None:
    bucket = storage.Client(project="demo", credentials=AnonymousCredentials()).bucket("any")  # type: ignore[no-untyped-call]
    with WATCH.pretending() as seen, pytest.raises(Unregistered):
        bucket.blob("drafts/jisu/0.png")
    assert seen == ["bucket: drafts/"]


def test_tests_may_write_what_they_like(house: Members) -> None:
    house.client.document("trials/one").set({"a": 1})
    assert WATCH.strays == []


def test_every_place_of_the_bucket_is_known_by_its_names() -> None:
    for template in retention().buckets:
        assert bucket_place_of(template.replace("{", "").replace("}", "")) == template
    assert bucket_place_of("images/jisu/0.png") is None


def test_the_watch_knows_where_our_code_is() -> None:
    import imagesfactory

    from tests.registry_watch import OURS

    assert Path(imagesfactory.__file__).parent == Path(OURS)
