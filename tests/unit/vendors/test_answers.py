"""What providers answer is bounded in time, size and words."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imagesfactory.vendors.answers import (
    DELAY_MAX,
    AnswerTooLarge,
    AnswerTooLate,
    delay_asked,
    read_within,
    safe_code,
)

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def test_a_whole_answer_in_time_is_read() -> None:
    assert read_within([b"a", b"", b"bc"], deadline_seconds=math.inf, bytes_max=3) == b"abc"


def test_an_answer_that_never_ends_is_left() -> None:
    endless = iter(lambda: b"a", None)
    with pytest.raises(AnswerTooLarge):
        read_within(endless, deadline_seconds=math.inf, bytes_max=1000)
    with pytest.raises(AnswerTooLate):
        read_within(endless, deadline_seconds=monotonic(), bytes_max=10**12)


@pytest.mark.parametrize(
    ("headers", "delay"),
    [
        ({}, timedelta(0)),
        ({"Retry-After": "120"}, timedelta(seconds=120)),
        ({"retry-after": "1.5"}, timedelta(seconds=1.5)),
        ({"retry-after": "-5"}, timedelta(0)),
        ({"retry-after": "1e999"}, timedelta(0)),
        ({"retry-after": "nan"}, timedelta(0)),
        ({"retry-after": "９"}, timedelta(0)),
        ({"retry-after": "999999999"}, DELAY_MAX),
        ({"retry-after-ms": "250", "retry-after": "9"}, timedelta(milliseconds=250)),
        (
            {"Retry-After": format_datetime(NOW + timedelta(seconds=90), usegmt=True), "Date": format_datetime(NOW)},
            timedelta(seconds=90),
        ),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, timedelta(0)),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00"}, timedelta(0)),
    ],
)
def test_the_delay_is_read_or_zero(headers: dict[str, str], delay: timedelta) -> None:
    assert delay_asked(headers) == delay


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_header_breaks_it(retry_after: str, date: str) -> None:
    assert timedelta(0) <= delay_asked({"retry-after": retry_after, "date": date}) <= DELAY_MAX


@pytest.mark.parametrize("code", ["moderation_blocked", "personalizations.0.to.0.email", "v2-beta"])
def test_codes_are_kept(code: str) -> None:
    assert safe_code(code, "other") == code


@pytest.mark.parametrize(
    "code", [None, 7, "", "two words", "고양이", "a@b.example", "a" * 65, "x\n", "sk_live/abc", ["moderation_blocked"]]
)
def test_what_may_quote_is_not(code: object) -> None:
    assert safe_code(code, "other") == "other"
