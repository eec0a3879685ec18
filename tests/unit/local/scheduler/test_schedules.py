"""scheduler.yaml and the times it means."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from local.scheduler.schedules import Retry, Schedule, ScheduleInvalid, read_schedules

ROOT = Path(__file__).parents[4]
ENTRY = {
    "name": "purge",
    "function": "purge",
    "cron": "10 3 * * *",
    "time_zone": "Asia/Seoul",
    "retry": {"count": 2, "min_backoff_seconds": 5, "max_backoff_seconds": 60, "max_doublings": 3},
}


def _read(tmp_path: Path, *entries: object) -> tuple[Schedule, ...]:
    path = tmp_path / "scheduler.yaml"
    path.write_text(yaml.safe_dump({"schedules": list(entries)}))
    return read_schedules(path)


def test_the_projects_own_schedules_are_valid() -> None:
    schedules = {schedule.name: schedule for schedule in read_schedules(ROOT / "scheduler.yaml")}

    moment = datetime(2026, 1, 1, 0, 3, tzinfo=UTC)
    assert schedules["sweep"].next_after(moment) == datetime(2026, 1, 1, 0, 5, tzinfo=UTC)


def test_cron_is_read_in_its_time_zone(tmp_path: Path) -> None:
    (schedule,) = _read(tmp_path, ENTRY)

    assert schedule.next_after(datetime(2026, 1, 1, 0, 0, tzinfo=UTC)) == datetime(2026, 1, 1, 18, 10, tzinfo=UTC)


def test_next_is_strictly_after(tmp_path: Path) -> None:
    (schedule,) = _read(tmp_path, ENTRY)
    due = datetime(2026, 1, 1, 18, 10, tzinfo=UTC)

    assert schedule.next_after(due) == datetime(2026, 1, 2, 18, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "change",
    [
        {"cron": "99 * * * *"},
        {"cron": "not a cron line"},
        {"cron": "0 0 30 2 *"},
        {"time_zone": "Asia/Nowhere"},
        {"retry": {"count": 2}},
        {"retry": {**ENTRY["retry"], "count": 6}},  # type: ignore[dict-item]
        {"retry": {**ENTRY["retry"], "min_backoff_seconds": 61}},  # type: ignore[dict-item]
        {"function": None, "name": None, "cron": None},
    ],
)
def test_a_wrong_entry_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    with pytest.raises(ScheduleInvalid, match=r"scheduler\.yaml"):
        _read(tmp_path, {**ENTRY, **change})


def test_two_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ScheduleInvalid, match="one name"):
        _read(tmp_path, ENTRY, ENTRY)


def test_waits_double_then_grow_evenly_up_to_the_longest() -> None:
    retry = Retry(count=5, min_backoff_seconds=10, max_backoff_seconds=100, max_doublings=2)

    assert [retry.backoff_seconds(number) for number in range(1, 6)] == [10, 20, 40, 80, 100]


@given(
    shortest=st.floats(min_value=0.1, max_value=60),
    longest=st.floats(min_value=60, max_value=3600),
    doublings=st.integers(min_value=0, max_value=16),
    number=st.integers(min_value=1, max_value=5),
)
def test_no_wait_is_shorter_than_the_one_before_or_out_of_bounds(
    shortest: float, longest: float, doublings: int, number: int
) -> None:
    retry = Retry(5, shortest, longest, doublings)

    assert shortest <= retry.backoff_seconds(number) <= retry.backoff_seconds(number + 1) <= longest
