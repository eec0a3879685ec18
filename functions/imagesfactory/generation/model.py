"""Pure decisions about jobs: what a request asks for, who may work on an image, when a job ends and what it costs.

A job is ``queued``, then ``running`` once an image was claimed, then ``finished``. Each of its images is ``queued``,
``running`` under a lease, and ends ``stored`` (it is in the bucket, and is paid) or ``released`` (it is not, and costs
nothing, with the reason). Nothing leaves an end state, so whatever arrives twice or late changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from imagesfactory.kit.ids import derive_id

LEASE = timedelta(seconds=200)
"""How long a claim on an image protects its worker; longer than a provider call and an upload may take."""
PROVIDER_TIMEOUT_SECONDS = 150.0
"""The longest a provider may take for one picture. OpenAI says up to two minutes for complex prompts
(platform.openai.com/docs/guides/image-generation)."""
DISPATCH_LEASE = timedelta(minutes=6)
"""How long the first worker of each image has before its image is free: the queue's delay and its own work."""
WORK = timedelta(seconds=180)
"""The least that must be left of a lease when a worker begins."""
ATTEMPTS_PER_MODEL_MAX = 3
"""Failed attempts at one model before its fallback is tried, or the image is released."""
DEADLINE = timedelta(minutes=30)
"""The longest points stay held for a job: what is not stored by then is released."""
TIDY_AFTER = timedelta(minutes=15)
"""When no worker of a finished job can be alive any more: task functions are stopped after less."""
ENQUEUE_GRACE = timedelta(minutes=2)
"""How long the sweep leaves new work to the trigger and the queue."""


class ImageState(StrEnum):
    """Where one image of a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    STORED = "stored"
    RELEASED = "released"


class JobStatus(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"


class ReleaseReason(StrEnum):
    """Why an image was not made and not charged; :data:`imagesfactory.generation.texts.REASONS` tells the member."""

    CONTENT_REJECTED = "content-rejected"
    PROVIDER_UNAVAILABLE = "provider-unavailable"
    CANCELLED = "cancelled"
    DEADLINE_PASSED = "deadline-passed"
    INTERNAL = "internal"


@dataclass(frozen=True)
class Recipe:
    """One way to make an image: a model of the catalogue in one quality."""

    model: str
    quality: str


@dataclass(frozen=True)
class Image:
    """One image of a job. ``price_points`` is what it will cost if it is stored."""

    recipe: Recipe
    price_points: int
    state: ImageState = ImageState.QUEUED
    attempts: int = 0
    """Failed attempts with the present recipe."""
    tried: tuple[str, ...] = ()
    """Models given up on."""
    claim: str = ""
    """Token of the worker that holds the lease."""
    lease_until: datetime | None = None
    not_before: datetime | None = None
    """A provider asked to be left alone until then."""
    file: str = ""
    """Name in the bucket, once stored; empty again once the member deleted it."""
    is_deleted: bool = False
    reason: ReleaseReason | None = None

    @property
    def is_settled(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in {ImageState.STORED, ImageState.RELEASED}

    def is_free(self, now: datetime) -> bool:
        """Whether a worker may claim it: nobody works on it, or the lease ran out."""
        if self.state is ImageState.RUNNING:
            return self.lease_until is None or self.lease_until <= now
        return self.state is ImageState.QUEUED


@dataclass(frozen=True)
class Job:
    """A member's request for images and all that became of it."""

    id: str
    owner: str
    request_digest: str
    prompt: str
    shape: str
    images: tuple[Image, ...]
    created_at: datetime
    deadline_at: datetime
    held_points: int
    captured_points: int = 0
    finished_at: datetime | None = None
    is_tidy: bool = True
    """Whether no file of a released or deleted image can be left in the bucket."""

    @property
    def status(self) -> JobStatus:
        """Where the job stands."""
        if self.finished_at is not None:
            return JobStatus.FINISHED
        touched = any(image.state is not ImageState.QUEUED or image.attempts for image in self.images)
        return JobStatus.RUNNING if touched else JobStatus.QUEUED

    @property
    def is_finished(self) -> bool:
        """Whether its hold is settled."""
        return self.finished_at is not None

    @property
    def all_settled(self) -> bool:
        """Whether every image ended, so that the hold can be settled."""
        return all(image.is_settled for image in self.images)

    @property
    def stored(self) -> tuple[Image, ...]:
        """The images that are in the bucket."""
        return tuple(image for image in self.images if image.state is ImageState.STORED)

    @property
    def price_of_stored(self) -> int:
        """What the stored images cost, in points."""
        return sum(image.price_points for image in self.stored)

    def sweep_at(self) -> datetime | None:
        """When the sweep should look at the job if nobody else ends it; None once there is nothing left to do."""
        if self.finished_at is not None:
            return None if self.is_tidy else self.finished_at + TIDY_AFTER
        waiting = [
            image.lease_until or self.created_at + ENQUEUE_GRACE for image in self.images if not image.is_settled
        ]
        return min([*waiting, self.deadline_at])

    def with_image(self, index: int, image: Image) -> Job:
        """The job with one image replaced."""
        return replace(self, images=(*self.images[:index], image, *self.images[index + 1 :]))


class ClaimOutcome(StrEnum):
    """What a worker that was sent to an image should do."""

    CLAIMED = "claimed"
    NOTHING_TO_DO = "nothing-to-do"
    LATER = "later"


@dataclass(frozen=True)
class Claim:
    """The answer to a worker: the job after the claim, or how long to wait."""

    outcome: ClaimOutcome
    job: Job
    wait: timedelta = timedelta(0)


def dispatch(job: Job, now: datetime) -> Job:
    """Claim every image of a new job for the worker that is sent to it first.

    One write instead of one for each worker, all of whom would begin by racing for the same document.
    """
    for index, image in enumerate(job.images):
        if image.state is ImageState.QUEUED:
            taken = replace(
                image, state=ImageState.RUNNING, claim=first_claim(job.id, index), lease_until=now + DISPATCH_LEASE
            )
            job = job.with_image(index, taken)
    return job


def first_claim(job_id: str, index: int) -> str:
    """The token of the worker that is sent to an image first, the same however often that worker is sent."""
    return derive_id("claim", job_id, str(index))


def may_begin(job: Job, index: int, token: str, now: datetime) -> bool:
    """Whether the worker ``token`` has the image already, and for long enough to make it."""
    lease_until = job.images[index].lease_until
    return holds_claim(job, index, token) and lease_until is not None and lease_until - now >= WORK


def claim(job: Job, index: int, token: str, now: datetime) -> Claim:
    """Let the worker ``token`` have image ``index`` under a lease, if it is free.

    Taking over from a worker whose lease ran out counts as a failed attempt of its model.
    """
    image = job.images[index]
    if job.is_finished or image.is_settled or now >= job.deadline_at:
        return Claim(ClaimOutcome.NOTHING_TO_DO, job)
    if image.not_before is not None and image.not_before > now:
        return Claim(ClaimOutcome.LATER, job, image.not_before - now)
    is_renewal = image.state is ImageState.RUNNING and image.claim == token
    if not is_renewal and not image.is_free(now):
        return Claim(ClaimOutcome.LATER, job, (image.lease_until or now) - now)
    taken = replace(
        image,
        state=ImageState.RUNNING,
        attempts=image.attempts + (image.state is ImageState.RUNNING and not is_renewal),
        claim=token,
        lease_until=now + LEASE,
        not_before=None,
    )
    return Claim(ClaimOutcome.CLAIMED, job.with_image(index, taken))


def holds_claim(job: Job, index: int, token: str) -> bool:
    """Whether the worker ``token`` still has the image: nobody took it over and the job has not ended."""
    image = job.images[index]
    return not job.is_finished and image.state is ImageState.RUNNING and image.claim == token


def store(job: Job, index: int, file: str) -> Job:
    """The image is in the bucket under ``file``."""
    done = replace(job.images[index], state=ImageState.STORED, file=file, claim="", lease_until=None)
    return job.with_image(index, done)


def release(job: Job, index: int, reason: ReleaseReason) -> Job:
    """The image will not be made."""
    gone = replace(
        job.images[index], state=ImageState.RELEASED, reason=reason, claim="", lease_until=None, not_before=None
    )
    return job.with_image(index, gone)


def give_back(job: Job, index: int, delay: timedelta, now: datetime) -> Job:
    """Hand the claim back after a failed attempt; the same model will be tried again, not before ``delay``."""
    image = job.images[index]
    back = replace(
        image,
        state=ImageState.QUEUED,
        attempts=image.attempts + 1,
        claim="",
        lease_until=None,
        not_before=now + delay if delay else None,
    )
    return job.with_image(index, back)


def fail_over(job: Job, index: int, recipe: Recipe, price_points: int) -> Job:
    """Give up on the image's model and queue it for another; the member pays the lower of the two prices."""
    image = job.images[index]
    moved = replace(
        image,
        recipe=recipe,
        price_points=min(image.price_points, price_points),
        state=ImageState.QUEUED,
        attempts=0,
        tried=(*image.tried, image.recipe.model),
        claim="",
        lease_until=None,
        not_before=None,
    )
    return job.with_image(index, moved)


def cancel(job: Job, now: datetime) -> Job:
    """Release what nobody has begun; an image in the making is finished and charged."""
    for index, image in enumerate(job.images):
        if not image.is_settled and image.is_free(now):
            job = release(job, index, ReleaseReason.CANCELLED)
    return job


def pass_deadline(job: Job) -> Job:
    """Release everything that is not stored, because the hold must end."""
    for index, image in enumerate(job.images):
        if not image.is_settled:
            job = release(job, index, ReleaseReason.DEADLINE_PASSED)
    return job


def finish(job: Job, now: datetime) -> Job:
    """End the job: exactly its stored images are captured.

    A worker may have died, or may still be late, between the upload and the settlement of an image that was released:
    such a job is tidied once nobody can be late any more.
    """
    return replace(
        job, finished_at=now, captured_points=job.price_of_stored, is_tidy=len(job.stored) == len(job.images)
    )


def tidied(job: Job) -> Job:
    """The files of its released and deleted images are gone for good."""
    return replace(job, is_tidy=True)
