"""Whose word is taken: ID tokens as production checks them, with signatures by keys that are fetched over HTTP.

Everywhere else the tests use the emulator's unsigned tokens. Here firebase-admin verifies for real; only the address of
Google's certificates leads to a server of the test's own.
"""

from __future__ import annotations

import base64
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.deployed.abuse.watch import assert_refused_well, recorded_writes
from tests.deployed.abuse.who import JISU
from tests.deployed.functions import Answer, Deployed
from tests.deployed.surroundings import PROJECT, Surroundings, new_process
from tests.deployed.tokens import id_token

KEY_ID = "key-1"


class Signer:
    """A key with its certificate."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "securetoken")])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(name, name, self.key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9))
        self.certificate = builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    @property
    def private(self) -> str:
        form = serialization.PrivateFormat.PKCS8
        return self.key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()

    def account_file(self, folder: Path) -> Path:
        """A service account's key, with which nothing is ever fetched."""
        account = {"type": "service_account", "client_email": "backend@example.com", "private_key": self.private}
        file = folder / "account.json"
        file.write_text(json.dumps(account | {"token_uri": "http://127.0.0.1:9/none"}))
        return file

    def sign(self, claims: dict[str, Any], key_id: str = KEY_ID) -> str:
        return jwt.encode(claims, self.private, algorithm="RS256", headers={"kid": key_id})


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


@pytest.fixture
def production(
    signer: Signer, deployed: Deployed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Deployed]:
    """The deployed functions without Firebase Authentication's emulator."""
    with certificates({KEY_ID: signer.certificate}) as url:
        monkeypatch.delenv("FIREBASE_AUTH_EMULATOR_HOST")
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(signer.account_file(tmp_path)))
        monkeypatch.setattr("firebase_admin._token_gen.ID_TOKEN_CERT_URI", url)
        new_process()
        yield deployed


@contextmanager
def certificates(by_key: dict[str, Any]) -> Iterator[str]:
    """Google's certificates or keys, on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = json.dumps(by_key).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/certificates"
        finally:
            server.shutdown()
            thread.join()


def claims(surroundings: Surroundings, **changes: Any) -> dict[str, Any]:
    """What a good token says, with something changed; None takes a claim away."""
    middle = id_token(PROJECT, JISU, surroundings.clock.now()).split(".")[1]
    said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(middle + "=="))
    return {name: value for name, value in (said | changes).items() if value is not None}


def ask(deployed: Deployed, token: str) -> Answer:
    return deployed.call("get_order", {"order_id": "a" * 24}, token)


def test_a_genuine_token_is_taken(production: Deployed, surroundings: Surroundings, signer: Signer) -> None:
    answer = ask(production, signer.sign(claims(surroundings)))
    assert answer.status == 404, answer
    assert answer.body["error"]["details"]["code"] == "order-not-found"


def test_expired_foreign_and_incomplete_tokens_are_refused(
    production: Deployed, surroundings: Surroundings, signer: Signer, capfd: pytest.CaptureFixture[str]
) -> None:
    now = int(surroundings.clock.now().timestamp())
    other = "somebody-elses-project"
    spoilt: list[dict[str, Any]] = [
        {"exp": now - 600, "iat": now - 4200},
        {"iat": now + 3600, "exp": now + 7200},
        {"aud": other},
        {"iss": f"https://securetoken.google.com/{other}"},
        {"aud": other, "iss": f"https://securetoken.google.com/{other}"},
        {"iss": f"https://session.firebase.google.com/{PROJECT}"},
        {"sub": ""},
        {"sub": None},
        {"sub": "x" * 129},
        {"exp": None},
        {"aud": None},
    ]
    tokens = [signer.sign(claims(surroundings, **changes)) for changes in spoilt]
    _all_refused(production, tokens, capfd)


def test_forged_and_malformed_tokens_are_refused(
    production: Deployed, surroundings: Surroundings, signer: Signer, capfd: pytest.CaptureFixture[str]
) -> None:
    good = signer.sign(claims(surroundings))
    head, body, signature = good.split(".")
    of_staff = id_token(PROJECT, JISU, surroundings.clock.now(), roles=["officer"])
    tokens = [
        Signer().sign(claims(surroundings)),
        signer.sign(claims(surroundings), key_id="unknown"),
        of_staff,
        f"{head}.{of_staff.split('.')[1]}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        _by_the_public_key(claims(surroundings), signer),
        "x",
        "..",
        "\u0000",
        "x" * 50_000,
    ]
    _all_refused(production, tokens, capfd)


def _by_the_public_key(said: dict[str, Any], signer: Signer) -> str:
    """HS256 with the certificate as the secret: the classic confusion of algorithms."""
    parts = [{"alg": "HS256", "typ": "JWT", "kid": KEY_ID}, said]
    text = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    made = hmac.new(signer.certificate.encode(), text.encode(), "sha256").digest()
    return f"{text}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


def _all_refused(deployed: Deployed, tokens: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with recorded_writes() as writes:
        for token in tokens:
            answer = ask(deployed, token)
            assert answer.status == 401, (token[:200], answer)
            assert_refused_well(answer)
        assert not writes.paths
    logged = "".join(capfd.readouterr())
    assert not [token for token in tokens if len(token) > 20 and token in logged]
