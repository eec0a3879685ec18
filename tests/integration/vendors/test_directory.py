"""The directory of sign-ins: firebase_admin against the Auth emulator of firebase-tools."""

from __future__ import annotations

from collections.abc import Iterator

import firebase_admin
import pytest
from firebase_admin import auth
from imagesfactory.accounts.model import SignInFacts
from imagesfactory.kit.errors import RetryLater
from imagesfactory.vendors.directory import FirebaseDirectory, firebase_app
from imagesfactory.vendors.google_calls import GoogleServiceUnusable
from imagesfactory.vendors.role_directory import FirebaseRoles

from tests.emulators import EmulatorAddresses
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


def test_sessions_end_and_google_names_its_own(directory: FirebaseDirectory) -> None:
    app = firebase_app(PROJECT)
    google = auth.UserProvider("117000000000000000001", provider_id="google.com")
    auth.import_users([auth.ImportUserRecord("member-2", provider_data=[google])], app=app)
    auth.create_user(uid="member-3", email="member-3@example.com", app=app)
    before = auth.get_user("member-3", app=app).tokens_valid_after_timestamp
    directory.end_sessions("member-3")
    assert auth.get_user("member-3", app=app).tokens_valid_after_timestamp >= before
    assert directory.google_id("member-2") == "117000000000000000001"
    assert [directory.google_id(uid) for uid in ("member-3", "nobody")] == ["", ""]
    directory.end_sessions("nobody")
    for uid in ("member-2", "member-3"):
        directory.delete(uid)


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


def test_what_a_sign_in_says_of_its_member_is_put_right_and_nothing_is_added(directory: FirebaseDirectory) -> None:
    app = firebase_app(PROJECT)
    photo = "https://photos.example/jisu"
    auth.create_user(
        uid="jisu", email="jisu@old.example", email_verified=True, display_name="Jisu", photo_url=photo, app=app
    )
    directory.correct("jisu", SignInFacts("김지수", photo, None))
    user = auth.get_user("jisu", app=app)
    assert (user.display_name, user.photo_url) == ("김지수", photo)
    assert (user.email, user.email_verified) == ("jisu@old.example", True)
    for _ in range(2):
        directory.correct("jisu", SignInFacts("김지수", "", "jisu@new.example"))
    user = auth.get_user("jisu", app=app)
    assert (user.email, user.email_verified, user.photo_url) == ("jisu@new.example", False, None)
    auth.create_user(uid="sora", email="sora@example.com", app=app)
    directory.correct("sora", SignInFacts("한소라", "", None))
    assert auth.get_user("sora", app=app).display_name is None
    with pytest.raises(GoogleServiceUnusable, match=r"^directory-already_exists$"):
        directory.correct("sora", SignInFacts("한소라", "", "jisu@new.example"))
    directory.correct("nobody", SignInFacts("", "", None))


def test_roles_are_claims_beside_others_and_a_change_ends_old_sessions(directory: FirebaseDirectory) -> None:
    app = firebase_app(PROJECT)
    auth.create_user(uid="staff-1", email="staff@example.com", app=app)
    auth.set_custom_user_claims("staff-1", {"other": 1}, app=app)
    roles = FirebaseRoles(project=PROJECT)
    assert roles.uid_of("staff@example.com") == "staff-1"
    assert roles.uid_of("nobody@example.com") is None
    assert roles.roles("staff-1") == ()
    roles.set_roles("staff-1", ("officer", "support"))
    assert roles.roles("staff-1") == ("officer", "support")
    assert auth.get_user("staff-1", app=app).custom_claims["other"] == 1
    assert auth.get_user("staff-1", app=app).tokens_valid_after_timestamp > 0
    roles.set_roles("staff-1", ())
    assert auth.get_user("staff-1", app=app).custom_claims == {"other": 1}
