"""The directory of sign-ins: firebase_admin against the Auth emulator of firebase-tools."""

from __future__ import annotations

from collections.abc import Iterator

import firebase_admin
import pytest
from firebase_admin import auth
from imagesfactory.kit.errors import RetryLater
from imagesfactory.vendors.directory import FirebaseDirectory, firebase_app
from imagesfactory.vendors.google_calls import GoogleServiceUnusable

from tests.integration.vendors.conftest import EmulatorAddresses
from tests.integration.vendors.limits import PROJECT


@pytest.fixture
def directory(emulators: EmulatorAddresses, monkeypatch: pytest.MonkeyPatch) -> Iterator[FirebaseDirectory]:
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", emulators.auth)
    yield FirebaseDirectory(project=PROJECT)
    firebase_admin.delete_app(firebase_app(PROJECT))


def test_a_sign_in_is_removed_and_nobody_there_is_fine(directory: FirebaseDirectory) -> None:
    app = firebase_app(PROJECT)
    auth.create_user(uid="member-1", email="member@example.com", app=app)
    directory.delete("member-1")
    with pytest.raises(auth.UserNotFoundError):
        auth.get_user("member-1", app=app)
    directory.delete("member-1")


def test_there_is_one_app(directory: FirebaseDirectory) -> None:
    assert firebase_app(PROJECT) is firebase_app(PROJECT) is firebase_admin.get_app()
    assert firebase_app(PROJECT).project_id == PROJECT


def test_nobody_listening_means_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:9")
    directory = FirebaseDirectory(project=PROJECT)
    try:
        with pytest.raises(RetryLater, match="directory"):
            directory.delete("member-1")
    finally:
        firebase_admin.delete_app(firebase_app(PROJECT))


def test_a_uid_that_none_can_have_is_refused_without_quoting_it(directory: FirebaseDirectory) -> None:
    with pytest.raises(GoogleServiceUnusable, match=r"^directory-uid-invalid$"):
        directory.delete("u" * 129)
