"""The clock that can be moved: on a laptop, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from imagesfactory import bootstrap
from imagesfactory.kit.clock import ShiftedClock, SystemClock
from imagesfactory.kit.settings import read_settings, settings

LAPTOP = {"GCLOUD_PROJECT": "demo-imagesfactory", "FUNCTIONS_EMULATOR": "true"}


@pytest.fixture
def forgotten() -> Iterator[None]:
    """Settings and clock are read once a process: read them anew, and let nobody else see ours."""
    for cached in (settings, bootstrap.clock, bootstrap.outside_clock):
        cached.cache_clear()
    yield
    for cached in (settings, bootstrap.clock, bootstrap.outside_clock):
        cached.cache_clear()


def _is_about(instant: datetime, expected: datetime) -> bool:
    return abs(instant - expected) < timedelta(hours=1)


def test_a_shifted_clock_follows_its_file(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    clock = ShiftedClock(file)
    for days in (0, 91, 5 * 366):
        file.write_text(f"{timedelta(days=days).total_seconds()}\n")
        assert _is_about(clock.now(), datetime.now(UTC) + timedelta(days=days))


def test_a_file_that_does_not_say_how_far_is_no_silent_zero(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ShiftedClock(tmp_path / "none").now()
    (tmp_path / "empty").write_text("")
    with pytest.raises(ValueError, match="float"):
        ShiftedClock(tmp_path / "empty").now()


@pytest.mark.parametrize(
    "changes",
    [
        {"FUNCTIONS_EMULATOR": ""},
        {"FUNCTIONS_EMULATOR": "false"},
        {"GCLOUD_PROJECT": "imagesfactory-prod"},
        {"GCLOUD_PROJECT": "", "GOOGLE_CLOUD_PROJECT": "imagesfactory-prod"},
        {"CLOCK_FILE": ""},
    ],
)
@pytest.mark.usefixtures("forgotten")
def test_nothing_moves_the_clock_in_production(
    changes: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "clock"
    file.write_text("1000000")
    for name, value in {**LAPTOP, "CLOCK_FILE": str(file), **changes}.items():
        monkeypatch.setenv(name, value)
    assert settings().clock_file == ""
    assert isinstance(bootstrap.clock(), SystemClock)


@pytest.mark.usefixtures("forgotten")
def test_a_laptop_moves_it_and_the_time_outside_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "clock"
    file.write_text("1000000")
    for name, value in {**LAPTOP, "CLOCK_FILE": str(file)}.items():
        monkeypatch.setenv(name, value)
    assert _is_about(bootstrap.clock().now(), datetime.now(UTC) + timedelta(seconds=1_000_000))
    assert _is_about(bootstrap.outside_clock().now(), datetime.now(UTC))


def test_the_projects_that_cannot_be_real_are_known_by_their_name() -> None:
    assert read_settings({**LAPTOP, "CLOCK_FILE": "a"}).clock_file == "a"
    assert read_settings({**LAPTOP, "GCLOUD_PROJECT": "a-demo-project", "CLOCK_FILE": "a"}).clock_file == ""
