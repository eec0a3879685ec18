"""Which backend an operator's command works on, and what is said when there is none."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest
from google.api_core.exceptions import from_http_status
from imagesfactory.payments.errors import SettlementNotFound
from rich.console import Console

from local import clock
from local.operator import connect, run_command
from local.operator.errors import NoCredentials, NotBorrowed, NothingServes, Unreachable
from local.suite.clock import SuiteClock
from local.suite.rundir import RunFolder, open_run
from local.suite.serving import serving_now

PROJECT = "demo-operator"


class Hub(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Hub) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@contextmanager
def served(root: Path, hub: str) -> Iterator[RunFolder]:
    """A run that said where it is, as `make serve` does."""
    run = open_run(root / "out" / "suite")
    functions = run.project / "functions"
    functions.mkdir()
    (functions / ".secret.local").write_text("TOSS_SECRET_KEY=made-up\nTOSS_SECRET_KEY=my-own\n")
    facts = {
        "project": PROJECT,
        "environment": {
            "FIREBASE_EMULATOR_HUB": hub,
            "GCLOUD_PROJECT": PROJECT,
            "FUNCTIONS_EMULATOR": "true",
            "CLOCK_FILE": str(run.clock),
        },
        "doubles": {},
    }
    run.serving.write_text(json.dumps(facts))
    yield run
    run.close()


def test_it_sees_what_the_functions_of_the_served_backend_see(tmp_path: Path, hub: str) -> None:
    environment: dict[str, str] = {}
    with served(tmp_path, hub):
        backend = connect(environment=environment, root=tmp_path)
    assert (backend.project, backend.is_local) == (PROJECT, True)
    assert environment["FUNCTIONS_EMULATOR"] == "true"
    assert environment["TOSS_SECRET_KEY"] == "my-own", "the user's own key wins over the double's"


def test_the_clock_of_the_served_backend_is_moved(tmp_path: Path, hub: str, capsys: pytest.CaptureFixture[str]) -> None:
    runs = tmp_path / "out" / "suite"
    assert clock.main([], runs) == 2
    assert "make serve" in capsys.readouterr().err
    with served(tmp_path, hub) as run:
        moved = SuiteClock.started(run.clock)
        assert clock.main(["--days", "91"], runs) == 0
        assert moved.offset == timedelta(days=91)
        assert "91 days ahead" in capsys.readouterr().out
        assert clock.main(["--days", "-1"], runs) == 2
        assert moved.offset == timedelta(days=91)
    assert not run.clock.exists()


def test_nothing_serves_once_the_run_is_closed(tmp_path: Path, hub: str) -> None:
    with served(tmp_path, hub):
        assert serving_now(tmp_path / "out" / "suite")
    with pytest.raises(NothingServes, match="make serve"):
        connect(environment={}, root=tmp_path)


def test_a_run_whose_owner_was_killed_serves_nothing(tmp_path: Path, hub: str) -> None:
    with served(tmp_path, hub) as run:
        gone = {"pid": os.getpid(), "started_at": psutil.Process().create_time() - 1000}
        (run.path / "owner.json").write_text(json.dumps(gone))
        with pytest.raises(NothingServes):
            connect(environment={}, root=tmp_path)


def test_emulators_that_do_not_answer_are_said_so(tmp_path: Path) -> None:
    with served(tmp_path, "127.0.0.1:9"), pytest.raises(Unreachable, match="Ctrl-C"):
        connect(environment={}, root=tmp_path)


@pytest.fixture
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Google's library looks for the operator's credentials, and nowhere else."""
    path = tmp_path / "credentials.json"
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    return path


OWN = {"type": "authorized_user", "client_id": "a", "client_secret": "b", "refresh_token": "c"}


def borrowed(credentials: Path, monkeypatch: pytest.MonkeyPatch, account: str) -> None:
    """What `gcloud auth application-default login --impersonate-service-account` leaves."""
    url = f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{account}:generateAccessToken"
    kind = {"type": "impersonated_service_account", "service_account_impersonation_url": url, "delegates": []}
    credentials.write_text(json.dumps({**kind, "source_credentials": OWN, "quota_project_id": "my-project"}))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(credentials))


def test_a_real_project_is_reached_as_its_operators_account_only(
    tmp_path: Path, credentials: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials.write_text(json.dumps({**OWN, "quota_project_id": "my-project"}))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(credentials))
    wanted = "--impersonate-service-account=operator@my-project"
    with pytest.raises(NotBorrowed, match=wanted):
        connect("my-project", {}, tmp_path)
    borrowed(credentials, monkeypatch, "operator@other-project.iam.gserviceaccount.com")
    with pytest.raises(NotBorrowed, match=wanted):
        connect("my-project", {}, tmp_path)


def test_a_real_project_is_never_looked_for_on_an_emulator(
    tmp_path: Path, credentials: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    borrowed(credentials, monkeypatch, "operator@my-project.iam.gserviceaccount.com")
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / ".env.my-project").write_text("WEB_ORIGIN=https://example.org\nTOSS_CLIENT_KEY=a\n")
    environment = {"FIRESTORE_EMULATOR_HOST": "127.0.0.1:1", "FUNCTIONS_EMULATOR": "true", "TOSS_CLIENT_KEY": "b"}
    backend = connect("my-project", environment, tmp_path)
    assert (backend.project, backend.is_local) == ("my-project", False)
    assert environment == {
        "GCLOUD_PROJECT": "my-project",
        "GOOGLE_CLOUD_PROJECT": "my-project",
        "WEB_ORIGIN": "https://example.org",
        "TOSS_CLIENT_KEY": "b",
    }


@pytest.mark.usefixtures("credentials")
def test_without_credentials_it_says_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(NoCredentials, match="gcloud auth application-default login"):
        connect("my-project", {}, tmp_path)


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (from_http_status(403, "secret detail"), "Ask an owner"),  # type: ignore[no-untyped-call]
        (from_http_status(503, "secret detail"), "Try again shortly"),  # type: ignore[no-untyped-call]
        (SettlementNotFound(), "There is no report of that day."),
    ],
)
def test_failures_are_told_in_words_with_a_remedy(
    problem: Exception, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def act(console: Console) -> int:
        console.print("the answer")
        print("a log line")
        raise problem

    assert run_command(act) == 2
    out, err = capsys.readouterr()
    assert out == "the answer\n"
    assert said in err
    assert "a log line" in err
    assert "secret detail" not in err
