"""The day a record dies, by the Seoul calendar."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from imagesfactory.policy.retention import Period, destroy_at, end_of
from pydantic import ValidationError

SEOUL = ZoneInfo("Asia/Seoul")


def seoul(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=SEOUL)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("record_class", "started", "dies"),
    [
        ("advertising", seoul(2026, 8, 31, 12), seoul(2027, 3, 1)),
        ("advertising", seoul(2027, 8, 31, 12), seoul(2028, 3, 1)),
        ("visit", seoul(2026, 11, 30, 23, 59, 59), seoul(2027, 3, 1)),
        ("visit", seoul(2026, 12, 1, 0, 0), seoul(2027, 3, 2)),
        ("misuse", seoul(2028, 2, 29, 9), seoul(2029, 3, 1)),
        ("electronic_finance", seoul(2028, 2, 29, 9), seoul(2033, 3, 1)),
        ("generated_image", seoul(2026, 1, 1, 0, 0), seoul(2026, 4, 2)),
        ("complaint", seoul(2026, 12, 31, 23, 59), seoul(2030, 1, 1)),
    ],
)
def test_a_record_is_there_through_its_last_day(record_class: str, started: datetime, dies: datetime) -> None:
    assert destroy_at(record_class, started) == dies.astimezone(UTC)


def test_the_day_is_seouls_not_the_machines() -> None:
    late_evening_in_utc = datetime(2026, 8, 30, 15, 0, tzinfo=UTC)  # already 31 August in Seoul
    assert destroy_at("advertising", late_evening_in_utc) == seoul(2027, 3, 1).astimezone(UTC)


def test_hours_run_from_the_instant() -> None:
    assert destroy_at("unfinished_signup", seoul(2026, 11, 24, 10, 30)) == seoul(2026, 11, 25, 10, 30)


def test_what_lives_until_withdrawal_has_no_date() -> None:
    assert destroy_at("member_data", seoul(2026, 11, 24)) is None


def test_an_unknown_class_is_an_error() -> None:
    with pytest.raises(KeyError):
        destroy_at("nonesuch", seoul(2026, 11, 24))


def test_a_period_has_one_unit() -> None:
    with pytest.raises(ValidationError):
        Period(years=1, months=2)
    with pytest.raises(ValidationError):
        Period()
    assert end_of(Period(days=1), seoul(2026, 12, 31)) == seoul(2027, 1, 2)
