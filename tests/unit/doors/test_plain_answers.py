"""What people are told by functions that are no callables, in both languages, and what everybody is told beforehand."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, Request, Response, request
from imagesfactory.accounts.model import Versions
from imagesfactory.doors import pages, sessions, views
from imagesfactory.doors.said import said
from imagesfactory.kit.rate import TooManyRequests
from imagesfactory.policy.catalog import catalog

JSON = {"content_type": "application/json"}


@pytest.mark.parametrize(
    ("door", "sent", "status"),
    [
        (pages.policy_page, {"method": "POST"}, 405),
        (pages.unsubscribe, {"method": "PUT"}, 405),
        (sessions.create_session, {"method": "GET"}, 405),
        (sessions.end_session, {"method": "POST", "headers": {"Origin": "https://elsewhere.example"}, **JSON}, 403),
    ],
)
def test_a_refusal_is_said_in_both_languages(
    door: Callable[[Request], Response], sent: dict[str, Any], status: int
) -> None:
    with Flask("test").test_request_context("/", **sent):
        assert_told(door(request), status)


def test_who_comes_too_often_is_told_so_and_when_to_come_again() -> None:
    answer = said(TooManyRequests.text, 429, Retry_After="7")
    assert_told(answer, 429)
    assert answer.headers["Retry-After"] == "7"


def test_that_ai_makes_the_images_is_told_before_any_is_asked_for() -> None:
    notice = views.catalog(catalog(), frozenset(), Versions("t1", "p1"))["ai_notice"]
    assert "인공지능(AI)" in notice["ko"]
    assert "generative AI" in notice["en"]


def assert_told(answer: Response, status: int) -> None:
    assert (answer.status_code, answer.mimetype) == (status, "text/plain")
    korean, english = answer.get_data(as_text=True).splitlines()
    assert re.search("[가-힣]", korean)
    assert english.isascii()
    assert answer.headers["Cache-Control"] == "no-store"
