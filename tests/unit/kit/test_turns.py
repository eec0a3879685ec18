"""Parts of a sweep in turns: a failure stops its own part only, nobody waits for ever, and the time has an end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from imagesfactory.kit.turns import Part, first_at, take_turns

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def always() -> bool:
    return True


def pages(log: list[str], name: str, *sizes: int) -> Callable[[], int]:
    """Work of that many pages, which writes down each turn."""
    left = iter((*sizes, 0, 0))

    def work() -> int:
        log.append(name)
        return next(left)

    return work


def test_what_fails_stops_nothing_but_itself(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> int:
        raise ConnectionError("jisu@example.com")

    done: list[str] = []
    parts = [Part("letters", broken), Part("expiries", pages(done, "expiries", 3))]
    result = take_turns(parts, 0, always)
    assert (dict(result.counts), result.failed, result.missed) == ({"expiries": 3}, ("letters",), ())
    logged = capsys.readouterr().out
    assert '"message": "turn.failed"' in logged
    assert '"code": "letters"' in logged
    assert "jisu" not in logged


def test_a_repeated_part_goes_on_as_long_as_it_brings_something_on_and_the_others_get_their_turn_between() -> None:
    done: list[str] = []
    parts = [
        Part("expiries", pages(done, "expiries", 200, 200, 7), is_repeated=True),
        Part("letters", pages(done, "letters", 200)),
        Part("sign-ups", pages(done, "sign-ups", 5), is_repeated=True),
    ]
    result = take_turns(parts, 0, always)
    assert done == ["expiries", "letters", "sign-ups", "expiries", "sign-ups", "expiries", "expiries"]
    assert dict(result.counts) == {"expiries": 407, "letters": 200, "sign-ups": 5}


def test_a_part_that_fails_on_a_later_page_keeps_what_it_did() -> None:
    def work() -> int:
        return next(answers)

    def once() -> Iterator[int]:
        yield 200
        raise ConnectionError

    answers = once()
    result = take_turns([Part("expiries", work, is_repeated=True)], 0, always)
    assert (dict(result.counts), result.failed) == ({"expiries": 200}, ("expiries",))


def test_no_turn_begins_when_the_time_is_up_and_who_had_none_is_named() -> None:
    done: list[str] = []
    parts = [Part(name, pages(done, name, 200, 200), is_repeated=True) for name in ("a", "b", "c")]
    result = take_turns(parts, 1, lambda: len(done) < 2)
    assert done == ["b", "c"]
    assert (dict(result.counts), result.missed) == ({"b": 200, "c": 200}, ("a",))
    done.clear()
    assert take_turns(parts, 0, lambda: len(done) < 4).missed == ()


def test_each_slot_begins_with_the_next_part_and_a_repetition_with_the_same() -> None:
    slot = timedelta(minutes=5)
    begins = [first_at(NOON + number * slot, slot, 13) for number in range(13)]
    assert sorted(begins) == list(range(13))
    assert all((after - before) % 13 == 1 for before, after in pairwise(begins))
    assert first_at(NOON + timedelta(seconds=70), slot, 13) == begins[0]
