"""Letters: leases, backoff, giving up, forgetting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from imagesfactory.mail import model
from imagesfactory.mail.model import ATTEMPTS_MAX, BACKOFF_MAX, ENQUEUE_GRACE, LEASE, Mail, State
from imagesfactory.mail.words import InquiryForDesk, JobFinished, NotMade, from_map, to_map

NOW = datetime(2026, 11, 24, tzinfo=UTC)
WORDS = JobFinished("job", ("a.png",), 5, 3, (NotMade(2, "안 됨", "not made"),))


def letter() -> Mail:
    return Mail("key", "jisu", WORDS, NOW, NOW)


def test_one_worker_has_a_letter_until_its_lease_runs_out() -> None:
    claimed = model.claim(letter(), "one", NOW)
    assert model.holds_claim(claimed, "one")
    assert not model.holds_claim(claimed, "two")
    assert model.wait_before_claim(claimed, NOW + timedelta(minutes=1)) == LEASE - timedelta(minutes=1)
    assert model.wait_before_claim(claimed, NOW + LEASE) == timedelta(0)


def test_failed_attempts_back_off_and_end() -> None:
    current, waits = letter(), []
    while not current.is_settled:
        current = model.try_again(model.claim(current, "one", NOW), timedelta(0), NOW)
        waits.append(current.due_at - NOW)
    assert waits[0] < waits[1] < waits[2]
    assert max(waits) == BACKOFF_MAX
    assert (current.attempts, current.state, current.words) == (ATTEMPTS_MAX, State.FAILED, None)


def test_the_carriers_own_delay_is_respected() -> None:
    assert model.try_again(letter(), timedelta(minutes=9), NOW).due_at == NOW + timedelta(minutes=9)


def test_what_was_accepted_or_given_up_is_forgotten() -> None:
    assert model.sent(letter(), "carrier").words is None
    assert model.failed(letter(), "gone").words is None


def test_a_letter_that_is_held_back_counts_no_attempt() -> None:
    held = model.held(model.claim(letter(), "one", NOW), NOW)
    assert (held.state, held.attempts, held.is_held, held.words) == (State.QUEUED, 0, True, WORDS)


def test_a_letter_that_was_held_back_is_no_longer_when_it_is_tried_or_given_up() -> None:
    again = model.claim(model.held(model.claim(letter(), "one", NOW), NOW), "two", NOW)
    assert not model.try_again(again, timedelta(0), NOW).is_held
    assert not model.failed(again, "recipient-gone").is_held
    assert not model.sent(again, "carrier").is_held


def test_the_sweep_looks_when_somebody_should_have_acted() -> None:
    assert letter().sweep_at() == NOW + ENQUEUE_GRACE
    assert model.claim(letter(), "one", NOW).sweep_at() == NOW + LEASE
    assert model.sent(letter(), "carrier").sweep_at() is None


def test_words_survive_the_database() -> None:
    assert from_map(WORDS.kind, to_map(WORDS)) == WORDS
    told = InquiryForDesk("inquiry", "refund", is_member=True)
    assert from_map(told.kind, to_map(told)) == told
    assert from_map(told.kind, to_map(told) | {"text": "as letters were written once"}) == told
