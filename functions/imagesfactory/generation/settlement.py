"""The one way a job is written after its creation: when its last image ends, money and mail go with it."""

from __future__ import annotations

from datetime import datetime

from imagesfactory.generation import model
from imagesfactory.generation.model import ImageState, Job, ReleaseReason
from imagesfactory.generation.store import JobStore
from imagesfactory.generation.texts import REASONS
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.mail.outbox import Outbox
from imagesfactory.mail.words import ImagesEnded, JobFinished, NotMade
from imagesfactory.points.service import PointsService


class Settlement:
    """Writes a job; a job whose images all ended is finished in the same commit that captures its points."""

    def __init__(self, store: JobStore, points: PointsService, outbox: Outbox) -> None:
        self._store = store
        self._points = points
        self._outbox = outbox

    def write(self, unit: UnitOfWork, job: Job, now: datetime) -> Job:
        """Write ``job``, read in the same unit; returns it as written."""
        if job.all_settled and not job.is_finished:
            job = self._finish(unit, job, now)
        self._store.update(unit, job)
        return job

    def _finish(self, unit: UnitOfWork, job: Job, now: datetime) -> Job:
        job = model.finish(job, now)
        (snapshot,) = unit.read(self._points.wallet_reference(job.owner))
        wallet = self._points.settle(unit, snapshot, job.id, job.captured_points, now)
        if any(image.reason is not ReleaseReason.CANCELLED for image in job.images):
            self._outbox.post(unit, f"{job.id}-finished", job.owner, job_finished(job), now)
            if wallet.had_push_address:
                made = len(job.stored)
                ended = ImagesEnded(job.id, made, len(job.images) - made)
                self._outbox.post(unit, f"{job.id}-ended", job.owner, ended, now)
        return job


def job_finished(job: Job) -> JobFinished:
    """What the mail about a finished job says."""
    return JobFinished(
        job_id=job.id,
        files=tuple(image.file for image in job.stored),
        captured_points=job.captured_points,
        released_points=job.held_points - job.captured_points,
        not_made=tuple(
            NotMade(index + 1, REASONS[image.reason].ko, REASONS[image.reason].en)
            for index, image in enumerate(job.images)
            if image.state is ImageState.RELEASED and image.reason is not None
        ),
    )
