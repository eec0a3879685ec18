"""Who may work on an export, and when it is given up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from imagesfactory.rights import export_model as model
from imagesfactory.rights.export_model import ATTEMPTS_MAX, LEASE, Export, ExportState

NOW = datetime(2026, 3, 1, 3, tzinfo=UTC)
ASKED = Export("export-1", "uid-of-jisu", NOW, NOW + timedelta(days=7))


def test_one_whose_workers_all_died_is_given_up_by_the_next() -> None:
    export = ASKED
    for attempt in range(ATTEMPTS_MAX):
        export = model.claim(export, f"worker-{attempt}", NOW + LEASE * attempt)
        assert (export.state, export.attempts) == (ExportState.BUILDING, attempt + 1)
    export = model.claim(export, "worker-6", NOW + LEASE * ATTEMPTS_MAX)
    assert (export.state, export.is_settled, export.resume_at) == (ExportState.FAILED, True, None)
    assert not model.holds_claim(export, "worker-6")


def test_the_last_attempt_may_still_succeed() -> None:
    last = model.claim(replace(ASKED, attempts=ATTEMPTS_MAX - 1), "worker-5", NOW)
    assert model.ready(last, {}, NOW).state is ExportState.READY
    assert model.try_again(last, NOW).state is ExportState.FAILED
