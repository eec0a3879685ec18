"""The sweep of generation: finds work that was committed but never done, and ends what is past its deadline."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.generation import model
from imagesfactory.generation.model import ImageState, Job
from imagesfactory.generation.ports import ImageBucket
from imagesfactory.generation.service import GenerationService
from imagesfactory.generation.settlement import Settlement
from imagesfactory.generation.store import JobStore, job_from
from imagesfactory.generation.work import file_name
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from google.cloud.firestore import Client


class JobSweep:
    """Brings every job to its end, whatever died on the way."""

    def __init__(self, client: Client, service: GenerationService, settlement: Settlement, bucket: ImageBucket) -> None:
        self._client = client
        self._store = JobStore(client)
        self._service = service
        self._settlement = settlement
        self._bucket = bucket

    def run(self, now: datetime, limit: int) -> int:
        """Look at the jobs that are due, at most ``limit``; returns how many there were."""
        jobs = self._store.due_for_sweep(now, limit)
        for job in jobs:
            try:
                self._mend(job, now)
            except Exception as problem:
                log.failure("sweep.job_failed", problem, job_id=job.id)
        return len(jobs)

    def _mend(self, job: Job, now: datetime) -> None:
        if job.is_finished:
            self._tidy(job)
        elif now >= job.deadline_at:
            unit_of_work.run(self._client, partial(self._end, job_id=job.id, now=now))
            log.warning("job.deadline_passed", job_id=job.id)
        else:
            self._send_workers(job, now)

    def _send_workers(self, job: Job, now: datetime) -> None:
        # Named after the moment: one worker an image in each sweep, however often the sweep itself is repeated.
        occasion = f"sweep-{int(now.timestamp())}"
        for index, image in enumerate(job.images):
            if image.is_free(now):
                self._service.enqueue(job.id, index, occasion)

    def _end(self, unit: UnitOfWork, job_id: str, now: datetime) -> None:
        (snapshot,) = unit.read(self._store.reference(job_id))
        job = job_from(snapshot)
        if job is not None and not job.is_finished:
            self._settlement.write(unit, model.pass_deadline(job), now)

    def _tidy(self, job: Job) -> None:
        for index, image in enumerate(job.images):
            if image.state is ImageState.RELEASED or image.is_deleted:
                self._bucket.delete(file_name(job, index))
        unit_of_work.run(self._client, partial(self._mark_tidy, seen=job))

    def _mark_tidy(self, unit: UnitOfWork, seen: Job) -> None:
        (snapshot,) = unit.read(self._store.reference(seen.id))
        job = job_from(snapshot)
        if job is not None and job.images == seen.images:  # or its member has just deleted one more
            self._store.update(unit, model.tidied(job))
