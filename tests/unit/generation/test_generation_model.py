"""Jobs and images: claims, leases, ends, and that nothing leaves an end state."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from imagesfactory.generation import model, outcome
from imagesfactory.generation.model import (
    ATTEMPTS_PER_MODEL_MAX,
    DEADLINE,
    DISPATCH_LEASE,
    ENQUEUE_GRACE,
    LEASE,
    PROVIDER_TIMEOUT_SECONDS,
    TIDY_AFTER,
    WORK,
    ClaimOutcome,
    Image,
    ImageState,
    Job,
    JobStatus,
    Recipe,
    ReleaseReason,
)
from imagesfactory.generation.outcome import Failed, Refused, Stored, Unusable

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def job(count: int = 2) -> Job:
    images = tuple(Image(Recipe("gpt-image", "medium"), 10) for _ in range(count))
    return Job("job", "jisu", "digest", "a boat", "square", images, NOW, NOW + DEADLINE, 10 * count)


def claimed(index: int = 0, token: str = "one") -> Job:
    return model.claim(job(), index, token, NOW).job


def no_fallback(_model: str) -> None:
    return None


def to_stability(_model: str) -> tuple[Recipe, int]:
    return Recipe("stability-core", "standard"), 8


def test_a_lease_outlives_the_slowest_provider_call_and_a_job_outlives_a_lease() -> None:
    assert timedelta(seconds=PROVIDER_TIMEOUT_SECONDS) < WORK < LEASE < DISPATCH_LEASE < TIDY_AFTER <= DEADLINE


def test_one_worker_has_an_image_until_its_lease_runs_out() -> None:
    first = claimed()
    second = model.claim(first, 0, "two", NOW + LEASE - timedelta(seconds=1))
    assert (second.outcome, second.wait) == (ClaimOutcome.LATER, timedelta(seconds=1))
    third = model.claim(first, 0, "three", NOW + LEASE)
    assert third.outcome is ClaimOutcome.CLAIMED
    assert not model.holds_claim(third.job, 0, "one")
    assert third.job.images[0].attempts == 1


def test_the_other_images_are_free() -> None:
    assert model.claim(claimed(), 1, "two", NOW).outcome is ClaimOutcome.CLAIMED


def test_nothing_is_claimed_after_the_end() -> None:
    stored = model.store(claimed(), 0, "file")
    assert model.claim(stored, 0, "two", NOW).outcome is ClaimOutcome.NOTHING_TO_DO
    assert model.claim(job(), 0, "two", NOW + DEADLINE).outcome is ClaimOutcome.NOTHING_TO_DO
    finished = model.finish(model.pass_deadline(job()), NOW)
    assert model.claim(finished, 0, "two", NOW).outcome is ClaimOutcome.NOTHING_TO_DO


def test_a_patient_worker_waits_for_the_provider() -> None:
    waiting = outcome.apply(claimed(), 0, Failed(timedelta(seconds=40)), no_fallback, NOW)
    answer = model.claim(waiting, 0, "two", NOW + timedelta(seconds=10))
    assert (answer.outcome, answer.wait) == (ClaimOutcome.LATER, timedelta(seconds=30))


def test_status_follows_the_images() -> None:
    assert job().status is JobStatus.QUEUED
    assert claimed().status is JobStatus.RUNNING
    assert outcome.apply(claimed(), 0, Failed(), no_fallback, NOW).status is JobStatus.RUNNING
    assert model.finish(job(), NOW).status is JobStatus.FINISHED


def test_only_stored_images_are_paid() -> None:
    one = model.release(model.store(claimed(), 0, "file"), 1, ReleaseReason.CONTENT_REJECTED)
    finished = model.finish(one, NOW)
    assert (finished.captured_points, finished.is_tidy) == (10, False)
    assert model.finish(model.store(model.store(job(), 0, "a"), 1, "b"), NOW).is_tidy


def test_attempts_at_a_model_are_bounded_and_then_its_fallback_takes_over() -> None:
    current = claimed()
    for _ in range(ATTEMPTS_PER_MODEL_MAX - 1):
        current = outcome.apply(current, 0, Failed(), to_stability, NOW)
        assert current.images[0].recipe.model == "gpt-image"
    moved = outcome.apply(current, 0, Failed(), to_stability, NOW).images[0]
    assert (moved.recipe.model, moved.price_points, moved.attempts) == ("stability-core", 8, 0)
    assert moved.tried == ("gpt-image",)


def test_a_dearer_fallback_costs_what_was_agreed() -> None:
    dearer = outcome.apply(claimed(), 0, Unusable(), lambda _: (Recipe("stability-ultra", "standard"), 20), NOW)
    assert dearer.images[0].price_points == 10


def test_without_a_fallback_the_image_is_released() -> None:
    gone = outcome.apply(claimed(), 0, Unusable(), no_fallback, NOW).images[0]
    assert (gone.state, gone.reason) == (ImageState.RELEASED, ReleaseReason.PROVIDER_UNAVAILABLE)


def test_fallbacks_do_not_go_round_in_circles() -> None:
    moved = outcome.apply(claimed(), 0, Unusable(), to_stability, NOW)
    back = outcome.apply(moved, 0, Unusable(), lambda _: (Recipe("gpt-image", "medium"), 10), NOW)
    assert back.images[0].reason is ReleaseReason.PROVIDER_UNAVAILABLE


@pytest.mark.parametrize("reason", list(ReleaseReason))
def test_a_refusal_is_final(reason: ReleaseReason) -> None:
    refused = outcome.apply(claimed(), 0, Refused(reason), to_stability, NOW)
    assert refused.images[0].reason is reason
    assert model.cancel(refused, NOW).images[0].reason is reason
    assert model.pass_deadline(refused).images[0].reason is reason


def test_cancelling_spares_what_somebody_works_on() -> None:
    cancelled = model.cancel(claimed(), NOW)
    assert [image.state for image in cancelled.images] == [ImageState.RUNNING, ImageState.RELEASED]
    assert model.cancel(claimed(), NOW + LEASE).all_settled


def test_the_deadline_releases_all_but_what_is_stored() -> None:
    late = model.pass_deadline(outcome.apply(claimed(), 0, Stored("file"), no_fallback, NOW))
    assert [image.state for image in late.images] == [ImageState.STORED, ImageState.RELEASED]


def test_the_sweep_looks_when_somebody_should_have_acted() -> None:
    assert job().sweep_at() == NOW + ENQUEUE_GRACE
    assert model.claim(claimed(), 1, "two", NOW).job.sweep_at() == NOW + LEASE
    everything_stored = model.finish(model.store(model.store(job(), 0, "a"), 1, "b"), NOW)
    assert everything_stored.sweep_at() is None
    untidy = model.finish(model.pass_deadline(job()), NOW)
    assert untidy.sweep_at() == NOW + TIDY_AFTER
    assert model.tidied(untidy).sweep_at() is None
    assert replace(job(), deadline_at=NOW).sweep_at() == NOW
