"""A deployment that demands App Check: no callable answers without its token, which is verified as in production.

Only the address of Google's keys leads to a server of the test's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from firebase_admin.app_check import _AppCheckService
from jwt.algorithms import RSAAlgorithm

from tests.deployed.abuse.shapes import callables
from tests.deployed.abuse.test_tokens import KEY_ID, Signer, certificates
from tests.deployed.abuse.watch import assert_refused_well
from tests.deployed.functions import Answer, Deployed
from tests.deployed.surroundings import PROJECT, new_process

ISSUER = "https://firebaseappcheck.googleapis.com/"


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


@pytest.fixture
def strict(deployed: Deployed, signer: Signer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Deployed]:
    """The deployed functions, where APP_CHECK_REQUIRED is true."""
    key = json.loads(RSAAlgorithm.to_jwk(signer.key.public_key())) | {"kid": KEY_ID, "alg": "RS256", "use": "sig"}
    with certificates({"keys": [key]}) as url:
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(signer.account_file(tmp_path)))
        monkeypatch.setenv("APP_CHECK_REQUIRED", "true")
        monkeypatch.setattr(_AppCheckService, "_JWKS_URL", url)
        new_process()
        yield deployed


def code_of(answer: Answer) -> str:
    assert_refused_well(answer)
    return str(answer.body["error"]["details"]["code"])


def app_token(signer: Signer, **changes: Any) -> str:
    now = datetime.now(UTC)
    claims = {"iss": ISSUER + "1", "aud": [f"projects/{PROJECT}"], "sub": "1:1:web:1", "iat": now}
    return signer.sign(claims | {"exp": now + timedelta(hours=1)} | changes)


def test_no_callable_answers_without_a_token_of_a_genuine_app(strict: Deployed) -> None:
    assert {name: code_of(strict.call(name, {})) for name in callables()} == dict.fromkeys(
        callables(), "app-check-required"
    )


def test_a_genuine_app_is_let_in_and_any_other_is_not(strict: Deployed, signer: Signer) -> None:
    genuine = {"X_Firebase_AppCheck": app_token(signer)}
    assert code_of(strict.call("get_my_page", {}, **genuine)) == "sign-in-required"
    over = datetime.now(UTC) - timedelta(minutes=5)
    for token in (app_token(Signer()), app_token(signer, aud=["projects/other"]), app_token(signer, exp=over), "no"):
        assert strict.call("get_my_page", {}, X_Firebase_AppCheck=token).status == 401
