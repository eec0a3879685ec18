"""A member's own reads through the whole suite: tokens of the Auth emulator, requests to Firestore and Storage."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import pytest
import requests
from google.cloud import firestore

from local.client.app import ClientApp, Member
from local.suite import Suite

SECONDS = 60
BUCKET = "demo-imagesfactory.appspot.com"
ADMIN = {"Authorization": "Bearer owner"}


@pytest.fixture
def admin(suite: Suite) -> Iterator[Any]:
    """The project's own access to Firestore."""
    with patch.dict(os.environ, suite.client_environment()):
        client = firestore.Client(project=suite.project)
    yield client
    client.close()  # type: ignore[no-untyped-call]


def new_member(suite: Suite, admin: Any) -> Member:
    member = ClientApp(suite).sign_up(f"{uuid.uuid4().hex}@example.com", "correct horse battery")
    admin.document(f"users/{member.uid}").set({"status": "active", "uid": member.uid})
    return member


def read_document(suite: Suite, path: str, member: Member) -> int:
    url = f"{suite.addresses.firestore.url}/v1/projects/{suite.project}/databases/(default)/documents/{path}"
    headers = {"Authorization": f"Bearer {member.id_token}"}
    return requests.get(url, headers=headers, timeout=SECONDS).status_code


def read_file(suite: Suite, name: str, member: Member | None) -> requests.Response:
    url = f"{suite.addresses.storage.url}/v0/b/{BUCKET}/o/{quote(name, safe='')}"
    headers = {} if member is None else {"Authorization": f"Firebase {member.id_token}"}
    return requests.get(url, params={"alt": "media"}, headers=headers, timeout=SECONDS)


def put_file(suite: Suite, name: str, content: bytes) -> None:
    url = f"{suite.addresses.storage.url}/upload/storage/v1/b/{BUCKET}/o"
    query = {"name": name, "uploadType": "media"}
    headers = {**ADMIN, "Content-Type": "image/png"}
    requests.post(url, params=query, data=content, headers=headers, timeout=SECONDS).raise_for_status()


def test_documents_and_pictures_are_their_owners_while_the_account_is_active(suite: Suite, admin: Any) -> None:
    owner, other = new_member(suite, admin), new_member(suite, admin)
    admin.document(f"jobs/{owner.uid}").set({"owner": owner.uid, "is_tidy": True})
    picture = f"images/{owner.uid}/job/0.png"
    put_file(suite, picture, b"picture")
    paths = [f"users/{owner.uid}", f"jobs/{owner.uid}"]

    assert [read_document(suite, path, owner) for path in paths] == [200, 200]
    assert [read_document(suite, path, other) for path in paths] == [403, 403]
    assert read_file(suite, picture, owner).content == b"picture"
    assert read_file(suite, picture, other).status_code == 403
    assert read_file(suite, picture, None).status_code == 403

    admin.document(f"users/{owner.uid}").update({"status": "withdrawing"})
    assert [read_document(suite, path, owner) for path in paths] == [403, 403]
    assert read_file(suite, picture, owner).status_code == 403


def test_a_member_puts_no_file_anywhere(suite: Suite, admin: Any) -> None:
    member = new_member(suite, admin)
    for name in (f"images/{member.uid}/job/0.png", "anything.png"):
        answer = requests.post(
            f"{suite.addresses.storage.url}/v0/b/{BUCKET}/o",
            params={"name": name, "uploadType": "media"},
            data=b"mine",
            headers={"Authorization": f"Firebase {member.id_token}", "Content-Type": "image/png"},
            timeout=SECONDS,
        )
        assert answer.status_code == 403


def test_a_member_changes_nothing_of_the_own_account(suite: Suite, admin: Any) -> None:
    member = new_member(suite, admin)
    root = f"{suite.addresses.firestore.url}/v1/projects/{suite.project}/databases/(default)/documents"
    for path in (f"users/{member.uid}", f"wallets/{member.uid}", f"jobs/{uuid.uuid4().hex}"):
        body = {"fields": {"owner": {"stringValue": member.uid}, "paid_points": {"integerValue": "1000"}}}
        headers = {"Authorization": f"Bearer {member.id_token}"}
        assert requests.patch(f"{root}/{path}", json=body, headers=headers, timeout=SECONDS).status_code == 403
    assert admin.document(f"users/{member.uid}").get().get("status") == "active"
