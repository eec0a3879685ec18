"""The database client: one for a project, whoever asks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from imagesfactory.kit.settings import read_settings
from imagesfactory.vendors.firestore_client import default_database


def test_everybody_gets_the_same_client_of_the_default_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:9")  # nothing is sent: no call is made
    ours = read_settings({"GCLOUD_PROJECT": "demo-one"})
    again = read_settings({"GCLOUD_PROJECT": "demo-one", "WEB_ORIGIN": "http://localhost"})
    others = read_settings({"GCLOUD_PROJECT": "demo-two"})
    with ThreadPoolExecutor(4) as threads:
        first, *rest = threads.map(default_database, [ours, again] * 4)
    assert all(client is first for client in rest)
    assert (first.project, first._database) == ("demo-one", "(default)")
    assert default_database(others).project == "demo-two"
