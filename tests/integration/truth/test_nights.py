"""A night in which nothing ran is said in the log, by whoever comes often enough to see it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from imagesfactory.truth.service import TruthPage

from tests.lived_in import LivedIn


def test_a_run_that_did_not_come_is_said(service: LivedIn, capsys: pytest.CaptureFixture[str]) -> None:
    page = TruthPage(service.client, service.archive_client, service.listing)
    assert page.nights_missed(service.clock.now()) == 0
    capsys.readouterr()
    assert page.nights_missed(service.clock.now() + timedelta(days=2)) == 2
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["severity"], line["message"], line["code"]) for line in lines] == [
        ("ERROR", "night.missed", "purge-ran"),
        ("ERROR", "night.missed", "settlement-made"),
    ]
