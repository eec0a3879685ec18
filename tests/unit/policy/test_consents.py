"""When a consent to advertising has to be confirmed, and when it lapses, by the calendar of Seoul."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from imagesfactory.policy.consents import AdvertisingConsent, advertising_consent
from pydantic import ValidationError


@pytest.mark.parametrize(
    ("said", "asked_from", "lapses_on"),
    [
        ("2026-11-24T12:00:00+09:00", "2028-10-24", "2028-11-24"),
        ("2026-11-24T23:59:59+09:00", "2028-10-24", "2028-11-24"),
        ("2026-11-23T15:00:00+00:00", "2028-10-24", "2028-11-24"),  # midnight in Seoul begins the 24th
        ("2028-02-29T12:00:00+09:00", "2030-01-29", "2030-02-28"),
        ("2026-02-28T12:00:00+09:00", "2028-01-28", "2028-02-28"),
        ("2026-03-31T12:00:00+09:00", "2028-02-29", "2028-03-31"),
        ("2027-03-31T12:00:00+09:00", "2029-02-28", "2029-03-31"),
        ("2026-12-31T23:30:00+09:00", "2028-11-30", "2028-12-31"),
        ("2027-01-01T00:30:00+09:00", "2028-12-01", "2029-01-01"),
    ],
)
def test_days_are_counted_in_seoul_and_months_end_on_their_last_day(said: str, asked_from: str, lapses_on: str) -> None:
    rule, instant = advertising_consent(), datetime.fromisoformat(said)
    assert rule.asked_from(instant) == datetime.fromisoformat(f"{asked_from}T00:00:00+09:00")
    assert rule.lapses_at(instant) == datetime.fromisoformat(f"{lapses_on}T00:00:00+09:00")


@pytest.mark.parametrize(
    "months",
    [
        {"asked_after_months": 24, "lapses_after_months": 24},
        {"asked_after_months": 0, "lapses_after_months": 24},
        {"asked_after_months": 23, "lapses_after_months": 24, "weeks": 1},
    ],
)
def test_a_rule_that_asks_too_late_is_refused(months: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AdvertisingConsent.model_validate({"basis": {"ko": "법", "en": "Act"}, **months})
