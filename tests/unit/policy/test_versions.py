"""Versions of the terms and the policy: the clock puts them in force, and each has to be announced in time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from imagesfactory.notices.model import announcements_due
from imagesfactory.policy.company import Company, company
from imagesfactory.policy.versions import VersionsByClock
from pydantic import ValidationError


class Clock:
    """A clock that stands still."""

    def __init__(self, at: str) -> None:
        self._at = datetime.fromisoformat(at)

    def now(self) -> datetime:
        return self._at


def facts(**changes: Any) -> Company:
    return Company.model_validate(company().model_dump() | changes)


COMING = facts(next_privacy_policy_version="2026-12-20")


@pytest.mark.parametrize(
    ("at", "version"),
    [
        ("2026-12-19T23:59:59+09:00", "2025-11-23"),
        ("2026-12-20T00:00:00+09:00", "2026-12-20"),
        ("2026-12-19T15:00:00+00:00", "2026-12-20"),  # already the 20th in Seoul
    ],
)
def test_a_version_begins_with_its_day_in_seoul(at: str, version: str) -> None:
    in_force = VersionsByClock(Clock(at), COMING)
    assert (in_force.terms, in_force.privacy) == ("2025-11-23", version)


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("2026-12-12T23:59:59+09:00", []),  # today is the last day on which it can be announced
        ("2026-12-13T00:00:00+09:00", ["privacy-2026-12-20"]),
        ("2027-06-01T00:00:00+09:00", ["privacy-2026-12-20"]),
        ("2028-01-01T00:00:00+09:00", []),
    ],
)
def test_a_version_must_have_been_announced_once_it_is_too_late_to(at: str, due: list[str]) -> None:
    assert announcements_due(COMING, datetime.fromisoformat(at)) == due
    assert announcements_due(facts(privacy_policy_version="2026-12-20"), datetime.fromisoformat(at)) == due


def test_what_the_service_began_with_was_announced_to_nobody() -> None:
    assert announcements_due(facts(), datetime.fromisoformat("2025-11-24T00:00:00+09:00")) == []


@pytest.mark.parametrize("coming", ["2025-11-23", "soon", "2026-12"])
def test_the_next_version_is_a_later_day(coming: str) -> None:
    with pytest.raises(ValidationError):
        facts(next_terms_version=coming)
