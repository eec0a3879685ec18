"""Use cases of a member who wants images: ask, cancel; and the fan-out of what was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.generation import model
from imagesfactory.generation.errors import (
    JobNotFound,
    ModerationUnavailable,
    PromptRejected,
    RequestIdReused,
    TooManyOpenJobs,
)
from imagesfactory.generation.model import DEADLINE, Job
from imagesfactory.generation.ports import Moderator, ProviderBusy, ProviderUnusable
from imagesfactory.generation.request import JobRequest, Order, order
from imagesfactory.generation.settlement import Settlement
from imagesfactory.generation.store import JobStore, job_from
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.errors import Refusal
from imagesfactory.kit.ids import derive_id
from imagesfactory.kit.queue import Queue
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.points.service import PointsService
from imagesfactory.points.store import wallet_from
from imagesfactory.policy.catalog import Catalog

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from imagesfactory.kit.unit_of_work import Snapshot

TASK_FUNCTION = "generate"
FIRST = "first"
"""The occasion of the workers that a new job's images are claimed for."""


@dataclass(frozen=True)
class Accepted:
    """The answer to a request for images; a retry of the same request gets the same one."""

    job_id: str
    image_count: int
    held_points: int
    created_at: datetime


class _SeenBefore(Refusal):
    """The request was admitted before; inside this module only."""


class GenerationService:
    """Admits requests for images, cancels them, and hands each image to the queue."""

    def __init__(
        self,
        *,
        client: Client,
        points: PointsService,
        settlement: Settlement,
        catalog: Catalog,
        offered: frozenset[str],
        moderator: Moderator,
        queue: Queue,
    ) -> None:
        self._client = client
        self._store = JobStore(client)
        self._points = points
        self._settlement = settlement
        self._catalog = catalog
        self._offered = offered
        self._moderator = moderator
        self._queue = queue

    def create(self, uid: str, request: JobRequest, now: datetime) -> Accepted:
        """Admit a request: one read of the wallet, one judgement of the prompt, one commit of job, hold and entry.

        The job's id is derived from the member and the request id, so that a retry is the same act and nobody can
        name somebody else's job. A request that would be refused is looked up first: a retry gets its first answer
        whatever has changed since.

        Args:
            uid: the member.
            request: what is wanted.
            now: when, UTC.

        Raises:
            Refusal: any of :mod:`imagesfactory.generation.errors` and the refusals of points; nothing was changed,
                except that a rejected prompt uses up one request of the member's allowance.

        """
        wanted = order(request, self._catalog, self._offered)
        job = _new_job(uid, request, wanted, now)
        judge = _Once(partial(self._judge, wanted.prompt))
        try:
            unit_of_work.run(self._client, partial(self._admit, job=job, judge=judge, now=now))
        except Refusal as refusal:
            earlier = self._store.get(job.id)
            if earlier is not None:
                return _same_request(earlier, request)
            if isinstance(refusal, PromptRejected):
                self._points.use_request(uid, now)
            raise
        log.info("job.created", job_id=job.id, uid=uid, count=len(job.images), points=job.held_points)
        return _accepted(job)

    def fan_out(self, created: Snapshot, now: datetime) -> None:
        """Claim every image of a new job for its first worker and send these workers, one named task an image.

        Args:
            created: the job as it was created; a second time, or after anything else happened to the job, nothing
                is claimed again and no second task is made.
            now: when, UTC.

        """
        job = job_from(created)
        version = created.update_time
        if job is None or version is None:
            return
        unit_of_work.run(self._client, partial(self._dispatch, job=job, version=version, now=now))
        for index in range(len(job.images)):
            self.enqueue(job.id, index, FIRST)

    def enqueue(self, job_id: str, index: int, occasion: str) -> None:
        """Send a worker to one image; at most one for each ``occasion``."""
        payload: dict[str, str | int] = {"job_id": job_id, "image": index, "occasion": occasion}
        self._queue.enqueue(TASK_FUNCTION, f"{job_id}-{index}-{occasion}", payload)

    def cancel(self, uid: str, job_id: str, now: datetime) -> Job:
        """Release what nobody has begun; a job that has ended stays as it is. Returns the job after.

        Raises:
            JobNotFound: this member has no such job.

        """
        job = unit_of_work.run(self._client, partial(self._cancel, uid=uid, job_id=job_id, now=now))
        log.info("job.cancelled", job_id=job_id, uid=uid)
        return job

    def _admit(self, unit: UnitOfWork, job: Job, judge: _Once, now: datetime) -> None:
        if unit.attempt > 0 and self._store.get(job.id) is not None:
            raise _SeenBefore
        (snapshot,) = unit.read(self._points.wallet_reference(job.owner))
        wallet = self._points.check_can_spend(wallet_from(snapshot), job.held_points, now)
        if wallet.hold(job.id) is not None:
            raise _SeenBefore
        if wallet.open_job_count >= self._catalog.limits.open_jobs_per_member:
            raise TooManyOpenJobs(maximum=self._catalog.limits.open_jobs_per_member)
        judge()
        self._points.hold(unit, wallet, job.id, job.held_points, job.deadline_at, now)
        self._store.create(unit, job)

    def _dispatch(self, unit: UnitOfWork, job: Job, version: datetime, now: datetime) -> None:
        if unit.attempt == 0:  # somebody else was faster: the images are claimed, or cancelled, or made
            unit.assume(self._store.reference(job.id), version)
            self._store.update(unit, model.dispatch(job, now))

    def _judge(self, prompt: str) -> None:
        try:
            categories = self._moderator.flags(prompt)
        except ProviderBusy:
            raise ModerationUnavailable from None
        except ProviderUnusable as problem:
            log.error("moderation.unusable", code=problem.code)
            raise ModerationUnavailable from None
        if categories:
            raise PromptRejected(categories=", ".join(categories))

    def _cancel(self, unit: UnitOfWork, uid: str, job_id: str, now: datetime) -> Job:
        (snapshot,) = unit.read(self._store.reference(job_id))
        job = job_from(snapshot)
        if job is None or job.owner != uid:
            raise JobNotFound
        cancelled = model.cancel(job, now) if not job.is_finished else job
        return job if cancelled == job else self._settlement.write(unit, cancelled, now)


class _Once:
    """Calls something at most once; a unit of work that starts over does not call it again."""

    def __init__(self, act: partial[None]) -> None:
        self._act: partial[None] | None = act

    def __call__(self) -> None:
        if self._act is not None:
            self._act()
            self._act = None


def _new_job(uid: str, request: JobRequest, wanted: Order, now: datetime) -> Job:
    return Job(
        id=derive_id("job", uid, request.request_id),
        owner=uid,
        request_digest=request.digest,
        prompt=wanted.prompt,
        shape=wanted.shape,
        images=wanted.images,
        created_at=now,
        deadline_at=now + DEADLINE,
        held_points=wanted.price_points,
    )


def _same_request(earlier: Job, request: JobRequest) -> Accepted:
    if earlier.request_digest != request.digest:
        raise RequestIdReused
    return _accepted(earlier)


def _accepted(job: Job) -> Accepted:
    return Accepted(job.id, len(job.images), job.held_points, job.created_at)
