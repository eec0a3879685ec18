"""No credential is in a tracked file; and the search that says so finds one of every kind, also in the past."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from local.audit import credentials
from local.audit.finding import Verdict

ROOT = Path(__file__).parents[2]
# In two parts each, so that this file has none.
LIVE = {
    "Toss Payments": ("live_gsk", "_docs_Ovk5rk1EwkEbP0W43n07xlzm"),
    "OpenAI": ("sk-proj-", "a1B2" * 12),
    "Stability AI": ("sk-", "a1B2" * 12),
    "SendGrid": ("SG.", "a1B2c3D4e5F6g7H8i9J0k1.a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V"),
    "Stripe": ("sk_live", "_a1B2c3D4e5F6g7H8i9J0k1L2"),
    "Stripe's webhooks": ("whsec", "_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6"),
    "Google": ("AIza", "SyA1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q"),
    "a service account": ("-----BEGIN PRIVATE", " KEY-----"),
}


def test_no_tracked_file_has_a_credential() -> None:
    files = credentials.tracked(ROOT)
    assert len(files) > 500
    assert not list(credentials.in_files(ROOT, files))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for command in (["init", "-q"], ["config", "user.email", "nobody@example.com"], ["config", "user.name", "nobody"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


@pytest.mark.parametrize("kind", LIVE)
def test_a_credential_of_every_kind_is_found(repository: Path, kind: str) -> None:
    (repository / "notes.md").write_text(f"\nthe key is {''.join(LIVE[kind])}\n")
    check = credentials.check(_committed(repository))
    assert check.verdict is Verdict.FOUND
    assert check.findings[0].startswith("notes.md:2: ")
    assert LIVE[kind][1] not in "".join(check.findings)


def test_what_was_removed_again_is_found_in_the_history(repository: Path) -> None:
    (repository / "notes.md").write_text("".join(LIVE["Stripe"]))
    _committed(repository)
    (repository / "notes.md").write_text("nothing to see\n")
    check = credentials.check(_committed(repository))
    assert check.verdict is Verdict.FOUND
    assert all(finding.startswith("history: ") for finding in check.findings)


def test_words_that_hold_a_secret_are_found_in_what_is_deployed(repository: Path) -> None:
    (repository / "functions").mkdir()
    (repository / "functions" / "settings.py").write_text('PASSWORD = "tr0ub4dor"\nTOSS_SECRET = "test_gsk_local"\n')
    check = credentials.check(_committed(repository))
    assert check.findings == ("functions/settings.py:1: Secret Keyword",)


def _committed(repository: Path) -> Path:
    subprocess.run(["git", "add", "--all"], cwd=repository, check=True)
    subprocess.run(["git", "commit", "-q", "-m", "something"], cwd=repository, check=True)
    return repository
