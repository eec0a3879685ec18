"""Jobs on a real database and real provider doubles: admission, idempotency, settlement, failure, cancellation."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from imagesfactory.generation.errors import JobNotFound, ModerationUnavailable, PromptRejected, RequestIdReused
from imagesfactory.generation.model import DEADLINE, DISPATCH_LEASE, LEASE, WORK
from imagesfactory.kit.errors import Refusal, RetryLater
from imagesfactory.kit.rate import TooManyRequests
from imagesfactory.points.model import NotEnoughPoints, SignupUnfinished

from local.doubles import FaultRule
from tests.backend import Backend, job_request


def test_a_job_stores_its_images_charges_them_and_mails_them_once(backend: Backend) -> None:
    uid = backend.member()

    accepted = backend.generation.create(uid, job_request(), backend.clock.now())
    backend.work_off()

    job = backend.job(accepted.job_id)
    assert job["status"] == "finished"
    assert [job["images"][str(i)]["state"] for i in range(4)] == ["stored"] * 4
    assert job["captured_points"] == accepted.held_points == 5 + 5 + 8 + 8
    assert sorted(backend.bucket.files) == [f"images/{uid}/{accepted.job_id}/{i}.png" for i in range(4)]
    assert backend.wallet(uid)["available_points"] == 100 - 26
    assert backend.wallet(uid)["holds"] == {}
    mails = backend.doubles.control.mails()
    assert [len(mail["attachments"]) for mail in mails] == [4]
    assert backend.balance().is_balanced


def test_an_image_deleted_before_the_mail_went_out_costs_the_letter_only_itself(backend: Backend) -> None:
    uid = backend.member()
    accepted = backend.generation.create(uid, job_request(), backend.clock.now())
    backend.fire_triggers()
    while backend.queue.waiting:  # its letter is written, and nobody has been sent to it yet
        backend.perform(*backend.queue.waiting.popleft())
    backend.bucket.delete(sorted(backend.bucket.files)[0])
    backend.work_off()
    (mail,) = backend.doubles.control.mails()
    assert len(mail["attachments"]) == 3
    assert "1장은 메일을 보내기 전에 삭제되었습니다" in mail["text"]
    assert backend.document(f"mail/{accepted.job_id}-finished")["state"] == "sent"


def test_the_words_of_a_mail_are_erased_once_it_was_accepted(backend: Backend) -> None:
    uid = backend.member()
    accepted = backend.generation.create(uid, job_request(), backend.clock.now())
    backend.work_off()
    mail = backend.document(f"mail/{accepted.job_id}-finished")
    assert (mail["state"], mail["words"]) == ("sent", None)
    assert mail["carrier_id"]


def test_the_same_request_again_is_the_same_job(backend: Backend) -> None:
    uid = backend.member()
    first = backend.generation.create(uid, job_request(), backend.clock.now())
    again = backend.generation.create(uid, job_request(), backend.clock.now() + timedelta(minutes=1))
    backend.work_off()
    after_the_end = backend.generation.create(uid, job_request(), backend.clock.now())
    assert first == again == after_the_end
    assert backend.wallet(uid)["available_points"] == 74


def test_a_retry_gets_its_first_answer_even_when_the_points_are_gone(backend: Backend) -> None:
    uid = backend.member()
    everything = [{"model": "gpt-image", "quality": "high", "count": 3}, {"model": "gpt-image", "count": 1}]
    request = job_request(images=everything)
    first = backend.generation.create(uid, request, backend.clock.now())
    assert backend.wallet(uid)["available_points"] == 0
    assert backend.generation.create(uid, request, backend.clock.now()) == first


def test_a_request_id_cannot_be_used_for_something_else(backend: Backend) -> None:
    uid = backend.member()
    backend.generation.create(uid, job_request(), backend.clock.now())
    before = backend.wallet(uid)
    with pytest.raises(RequestIdReused):
        backend.generation.create(uid, job_request(prompt="something else"), backend.clock.now())
    assert backend.wallet(uid) == before


def test_two_members_may_use_the_same_request_id(backend: Backend) -> None:
    one, other = backend.member("one", "one@example.com"), backend.member("other", "other@example.com")
    jobs = {backend.generation.create(uid, job_request(), backend.clock.now()).job_id for uid in (one, other)}
    assert len(jobs) == 2


def test_ten_at_once_with_points_for_three_admit_exactly_three(backend: Backend) -> None:
    uid = backend.member()
    thirty = [{"model": "gpt-image", "quality": "high", "count": 1}]

    def ask(number: int) -> bool:
        try:
            backend.generation.create(uid, job_request(f"request-{number}", images=thirty), backend.clock.now())
        except NotEnoughPoints:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        admitted = list(pool.map(ask, range(10)))
    assert sum(admitted) == 3
    assert backend.wallet(uid)["available_points"] == 10
    assert backend.wallet(uid)["held_points"] == 90
    assert backend.balance().is_balanced


def test_the_same_request_ten_times_at_once_is_one_job(backend: Backend) -> None:
    uid = backend.member()
    with ThreadPoolExecutor(10) as pool:
        answers = list(
            pool.map(lambda _: backend.generation.create(uid, job_request(), backend.clock.now()), range(10))
        )
    assert len({answer.job_id for answer in answers}) == 1
    assert backend.wallet(uid)["held_points"] == 26


def test_nobody_without_a_completed_sign_up_gets_images(backend: Backend) -> None:
    with pytest.raises(SignupUnfinished):
        backend.generation.create("stranger", job_request(), backend.clock.now())
    assert not list(backend.client.collection("jobs").stream())


def test_a_flagged_prompt_costs_no_points_but_uses_the_allowance(backend: Backend) -> None:
    uid = backend.member()
    for number in range(backend.catalog.rate.burst):
        with pytest.raises(PromptRejected) as refused:
            backend.generation.create(uid, job_request(f"flagged-{number}", prompt=FLAGGED), backend.clock.now())
    assert "violence" in str(refused.value.details["categories"])
    assert backend.wallet(uid)["available_points"] == 100
    with pytest.raises(TooManyRequests):
        backend.generation.create(uid, job_request("one-more-request"), backend.clock.now())


FLAGGED = "kill someone, graphic gore, a bomb"


def test_without_a_judgement_nothing_is_generated(backend: Backend) -> None:
    uid = backend.member()
    backend.doubles.control.plan(FaultRule(effect="error", provider="openai", path="*moderations*", status=503))
    with pytest.raises(ModerationUnavailable):
        backend.generation.create(uid, job_request(), backend.clock.now())
    assert backend.wallet(uid)["available_points"] == 100


def test_images_a_provider_rejects_are_not_charged_and_the_member_is_told(backend: Backend) -> None:
    uid = backend.member()
    backend.doubles.control.plan(
        FaultRule(effect="error", provider="openai", path="*generations*", status=400, code="moderation_blocked")
    )
    accepted = backend.generation.create(uid, job_request(), backend.clock.now())
    backend.work_off()
    job = backend.job(accepted.job_id)
    assert (job["captured_points"], job["released_points"]) == (16, 10)
    assert job["images"]["0"]["reason"]["code"] == "content-rejected"
    assert "You were not charged" in job["images"]["0"]["reason"]["en"]
    (mail,) = backend.doubles.control.mails()
    assert len(mail["attachments"]) == 2
    assert job["images"]["0"]["reason"]["ko"] in mail["text"]


def test_a_provider_that_stays_down_is_replaced_by_its_fallback_at_the_lower_price(backend: Backend) -> None:
    uid = backend.member()
    backend.doubles.control.plan(FaultRule(effect="error", provider="openai", path="*generations*", status=503))
    ten_points = [{"model": "gpt-image", "quality": "medium", "count": 2}]
    accepted = backend.generation.create(uid, job_request(images=ten_points), backend.clock.now())
    backend.work_off()
    job = backend.job(accepted.job_id)
    assert [job["images"][str(i)]["state"] for i in range(2)] == ["stored", "stored"]
    assert [job["images"][str(i)]["model"] for i in range(2)] == ["stability-core", "stability-core"]
    assert (job["held_points"], job["captured_points"], job["released_points"]) == (20, 16, 4)
    calls = [call for call in backend.doubles.control.requests("openai") if "generations" in call.path]
    assert len(calls) == 2 * 3, "three attempts at each image, and no hidden retries"


def test_when_every_provider_is_down_everything_is_released(backend: Backend) -> None:
    uid = backend.member()
    for provider, path in (("openai", "*generations*"), ("stability", "*")):
        backend.doubles.control.plan(FaultRule(effect="error", provider=provider, path=path, status=500))
    accepted = backend.generation.create(uid, job_request(), backend.clock.now())
    backend.work_off()
    job = backend.job(accepted.job_id)
    assert (job["status"], job["captured_points"], job["released_points"]) == ("finished", 0, 26)
    assert {image["reason"]["code"] for image in job["images"].values()} == {"provider-unavailable"}
    assert backend.wallet(uid)["available_points"] == 100
    assert backend.bucket.files == {}


def test_a_retired_model_goes_to_the_fallback_at_once(backend: Backend) -> None:
    uid = backend.member()
    backend.doubles.control.plan(
        FaultRule(effect="error", provider="openai", path="*generations*", status=404, code="model_not_found")
    )
    accepted = backend.generation.create(
        uid, job_request(images=[{"model": "gpt-image", "quality": "low"}]), backend.clock.now()
    )
    backend.work_off()
    assert backend.job(accepted.job_id)["images"]["0"]["tried"] == ["gpt-image"]
    assert len([c for c in backend.doubles.control.requests("openai") if "generations" in c.path]) == 1


def test_a_provider_that_asks_for_patience_gets_it(backend: Backend) -> None:
    uid = backend.member()
    backend.doubles.control.plan(
        FaultRule(effect="error", provider="openai", path="*generations*", status=429, times=1, retry_after_seconds=40)
    )
    one = [{"model": "gpt-image", "quality": "low"}]
    accepted = backend.generation.create(uid, job_request(images=one), backend.clock.now())
    backend.fire_triggers()
    with pytest.raises(RetryLater) as later:
        backend.image_work.perform(accepted.job_id, 0, "first")
    assert later.value.delay == timedelta(seconds=40)
    with pytest.raises(RetryLater):
        backend.image_work.perform(accepted.job_id, 0, "first")
    assert len([c for c in backend.doubles.control.requests("openai") if "generations" in c.path]) == 1
    backend.work_off()
    assert backend.job(accepted.job_id)["images"]["0"]["state"] == "stored"


def test_the_first_worker_finds_its_image_claimed_and_begins_with_one_read(backend: Backend) -> None:
    uid = backend.member()
    accepted = backend.generation.create(uid, job_request(), backend.clock.now())
    backend.fire_triggers()
    assert {image["state"] for image in backend.job(accepted.job_id)["images"].values()} == {"running"}
    with pytest.raises(RetryLater) as later:
        backend.image_work.perform(accepted.job_id, 0, "another occasion")
    assert later.value.delay == DISPATCH_LEASE
    backend.image_work.perform(accepted.job_id, 0, "first")
    assert backend.job(accepted.job_id)["images"]["0"]["state"] == "stored"
    assert backend.job(accepted.job_id)["images"]["0"]["attempts"] == 0


def test_a_first_worker_that_comes_late_renews_its_lease_or_begins_like_any_other(backend: Backend) -> None:
    uid = backend.member()
    accepted = backend.generation.create(uid, job_request(), backend.clock.now())
    backend.fire_triggers()
    backend.clock.move(DISPATCH_LEASE - WORK + timedelta(seconds=1))
    backend.image_work.perform(accepted.job_id, 0, "first")
    backend.clock.move(WORK)
    backend.image_work.perform(accepted.job_id, 1, "first")
    states = [backend.job(accepted.job_id)["images"][str(index)]["state"] for index in range(4)]
    assert states == ["stored", "stored", "running", "running"]


def test_a_worker_that_died_is_replaced_when_its_lease_runs_out(backend: Backend) -> None:
    uid = backend.member()
    accepted = backend.generation.create(uid, job_request(), backend.clock.now())
    claim_and_die(backend, accepted.job_id, 0)
    with pytest.raises(RetryLater) as later:
        backend.image_work.perform(accepted.job_id, 0, "again")
    assert later.value.delay == LEASE
    backend.clock.move(LEASE)
    backend.image_work.perform(accepted.job_id, 0, "again")
    assert backend.job(accepted.job_id)["images"]["0"]["state"] == "stored"


def claim_and_die(backend: Backend, job_id: str, index: int) -> None:
    from imagesfactory.kit import unit_of_work

    unit_of_work.run(
        backend.client, lambda unit: backend.image_work._claim(unit, job_id=job_id, index=index, token="dead")
    )


def test_a_success_after_the_release_delivers_nothing_and_charges_nothing(backend: Backend) -> None:
    uid = backend.member()
    held = backend.doubles.control.plan(FaultRule(effect="hold", provider="openai", path="*generations*"))
    one = [{"model": "gpt-image", "quality": "low"}]
    accepted = backend.generation.create(uid, job_request(images=one), backend.clock.now())
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(backend.image_work.perform, accepted.job_id, 0, "first")
        backend.doubles.control.wait_until_held(held)
        backend.clock.move(DEADLINE)
        backend.sweep()
        backend.doubles.control.release(held)
        late.result()
    job = backend.job(accepted.job_id)
    assert (job["status"], job["captured_points"]) == ("finished", 0)
    assert job["images"]["0"]["reason"]["code"] == "deadline-passed"
    assert backend.bucket.files == {}
    assert backend.wallet(uid)["available_points"] == 100


def test_a_file_left_by_a_dead_worker_of_a_released_image_is_tidied(backend: Backend) -> None:
    uid = backend.member()
    accepted = backend.generation.create(uid, job_request(), backend.clock.now())
    claim_and_die(backend, accepted.job_id, 0)
    backend.bucket.put(f"images/{uid}/{accepted.job_id}/0.png", b"uploaded, never settled")
    backend.clock.move(DEADLINE)
    backend.sweep()
    backend.clock.move(DEADLINE)
    backend.sweep()
    assert backend.bucket.files == {}
    assert backend.job(accepted.job_id)["sweep_at"] is None


def test_a_lost_trigger_is_found_by_the_sweep(backend: Backend) -> None:
    uid = backend.member()
    accepted = backend.generation.create(uid, job_request(), backend.clock.now())
    backend.clock.move(timedelta(minutes=5))
    backend.sweep()
    assert len(backend.queue.waiting) == 4
    backend.work_off()
    assert backend.job(accepted.job_id)["status"] == "finished"


def test_cancelling_releases_what_nobody_began(backend: Backend) -> None:
    uid = backend.member()
    accepted = backend.generation.create(uid, job_request(), backend.clock.now())
    backend.image_work.perform(accepted.job_id, 0, "again")
    job = backend.generation.cancel(uid, accepted.job_id, backend.clock.now())
    assert [image.state.value for image in job.images] == ["stored", "released", "released", "released"]
    assert job.captured_points == 5
    assert backend.wallet(uid)["available_points"] == 95
    again = backend.generation.cancel(uid, accepted.job_id, backend.clock.now())
    assert again == job


def test_a_job_that_is_wholly_cancelled_sends_no_mail(backend: Backend) -> None:
    uid = backend.member()
    accepted = backend.generation.create(uid, job_request(), backend.clock.now())
    backend.generation.cancel(uid, accepted.job_id, backend.clock.now())
    backend.work_off()
    assert backend.doubles.control.mails() == []
    assert backend.wallet(uid)["available_points"] == 100


def test_somebody_elses_job_does_not_exist(backend: Backend) -> None:
    uid = backend.member()
    accepted = backend.generation.create(uid, job_request(), backend.clock.now())
    for job_id in (accepted.job_id, "no-such-job"):
        with pytest.raises(JobNotFound):
            backend.generation.cancel("stranger", job_id, backend.clock.now())
    assert backend.job(accepted.job_id)["status"] == "queued"


def test_the_allowance_refills(backend: Backend) -> None:
    uid = backend.member()
    for number in range(backend.catalog.rate.burst):
        request = job_request(f"request-{number}", images=[{"model": "gpt-image", "quality": "low"}])
        job_id = backend.generation.create(uid, request, backend.clock.now()).job_id
        backend.generation.cancel(uid, job_id, backend.clock.now())
    with pytest.raises(TooManyRequests) as refused:
        backend.generation.create(uid, job_request("one-too-many"), backend.clock.now())
    backend.clock.move(timedelta(seconds=int(refused.value.details["retry_after_seconds"])))
    backend.generation.create(uid, job_request("one-too-many"), backend.clock.now())


def test_providers_learn_neither_name_nor_address_nor_uid(backend: Backend) -> None:
    uid = backend.member("uid-of-jisu")
    backend.generation.create(uid, job_request(), backend.clock.now())
    backend.work_off()
    for provider in ("openai", "stability"):
        said = "".join(str(call) for call in backend.doubles.control.requests(provider))
        assert said
        for secret in ("jisu@example.com", "김지수", uid):
            assert secret not in said


@pytest.mark.parametrize(
    "change",
    [
        {"images": [{"model": "nonesuch"}]},
        {"images": [{"model": "gpt-image", "quality": "nonesuch"}]},
        {"images": []},
        {"images": [{"model": "gpt-image", "count": 99}]},
        {"images": [{"model": "gpt-image", "count": 0}]},
        {"images": [{"model": "gpt-image", "count": -1}, {"model": "gpt-image", "count": 3}]},
        {"shape": "round"},
        {"prompt": "   \n "},
        {"prompt": "x" * 4001},
    ],
)
def test_a_bad_request_is_refused_and_changes_nothing(backend: Backend, change: dict[str, Any]) -> None:
    uid = backend.member()
    before = backend.wallet(uid)
    with pytest.raises(Refusal) as refused:
        backend.generation.create(uid, job_request(**change), backend.clock.now())
    assert refused.value.text.ko != refused.value.text.en
    assert backend.wallet(uid) == before
    assert backend.doubles.control.requests() == []
