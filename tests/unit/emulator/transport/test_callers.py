"""Who is asking, and what is refused."""

import base64
import json
from typing import Any

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.firestore.errors import StatusError
from emulator.transport.callers import ADMIN, NOBODY, AccessPolicy, Caller, CallerKind, identify

DATABASE = "projects/demo/databases/(default)"


def _token(payload: Any, header: Any = None) -> str:
    parts = [header or {"alg": "none", "typ": "JWT"}, payload]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return "Bearer " + ".".join([*encoded, ""])


def test_owner_is_the_admin_and_no_header_nobody() -> None:
    assert identify("Bearer owner") is ADMIN
    assert identify("bearer owner") is ADMIN
    assert identify(None) is NOBODY
    assert identify("") is NOBODY


def test_an_auth_emulator_token_is_a_user_with_all_claims() -> None:
    caller = identify(_token({"sub": "ada", "exp": 0, "role": "editor"}))
    assert (caller.kind, caller.uid, caller.claims["role"]) == (CallerKind.USER, "ada", "editor")
    assert identify(_token({"user_id": "bob"})).uid == "bob"


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "owner",
        "Basic owner",
        "Bearer Owner",
        "Bearer a.b",
        "Bearer a.b.c",
        "Bearer " + "x" * 20_000,
        _token({}),
        _token({"sub": ""}),
        _token({"sub": 5}),
        _token([]),
    ],
)
def test_anything_else_is_unauthenticated(header: str) -> None:
    with pytest.raises(StatusError) as refused:
        identify(header)
    assert refused.value.code is grpc.StatusCode.UNAUTHENTICATED


@given(st.text(max_size=60))
def test_no_text_makes_an_admin_by_accident(text: str) -> None:
    if text == "owner":
        return
    with pytest.raises(StatusError) as refused:
        identify(f"Bearer {text}")
    assert refused.value.code is grpc.StatusCode.UNAUTHENTICATED


class _Guard:
    """A guard that allows everything."""

    def check_get(self, name: str, document: Any) -> None:
        """Allows."""

    def check_query(self, query: Any) -> None:
        """Allows."""

    def check_write(self, before: Any, after: Any, write: Any, batch_view: Any) -> None:
        """Allows."""


def test_only_projects_with_rules_let_others_than_the_admin_in() -> None:
    policy, guard = AccessPolicy(), _Guard()
    user = Caller(CallerKind.USER, "ada")
    assert policy.guard(ADMIN, DATABASE) is None
    for caller in (NOBODY, user):
        with pytest.raises(StatusError) as refused:
            policy.guard(caller, DATABASE)
        assert refused.value.code is grpc.StatusCode.PERMISSION_DENIED
    asked: list[tuple[Caller, str]] = []

    def factory(caller: Caller, database: str) -> _Guard:
        asked.append((caller, database))
        return guard

    policy.install("demo", factory)
    assert policy.guard(user, DATABASE) is guard
    assert asked == [(user, DATABASE)]
    with pytest.raises(StatusError):
        policy.guard(user, "projects/other/databases/(default)")
    with pytest.raises(StatusError):
        policy.require_admin(user)
