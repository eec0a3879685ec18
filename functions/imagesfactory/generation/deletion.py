"""A member deletes one image: the file goes at once, and the job says so; what was paid stays paid."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.generation.errors import JobNotFound
from imagesfactory.generation.model import ImageState, Job
from imagesfactory.generation.ports import ImageBucket
from imagesfactory.generation.store import JobStore, job_from
from imagesfactory.generation.work import file_name
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from google.cloud.firestore import Client


class ImageDeletion:
    """Deletes single images of finished jobs."""

    def __init__(self, client: Client, bucket: ImageBucket) -> None:
        self._client = client
        self._store = JobStore(client)
        self._bucket = bucket

    def delete(self, uid: str, job_id: str, index: int) -> Job:
        """Delete image ``index`` of the member's job; deleting it again changes nothing. Returns the job after.

        The job says so first, and that it is not tidy: whoever dies before the file is gone leaves it to the sweep.
        The other way round a job would name a file that is gone until its member happened to ask again.

        Raises:
            JobNotFound: this member has no such stored image.

        """
        job = self._store.get(job_id)
        if job is None or job.owner != uid or not job.is_finished or not 0 <= index < len(job.images):
            raise JobNotFound
        image = job.images[index]
        if image.state is not ImageState.STORED:
            raise JobNotFound
        if not image.is_deleted:
            job = unit_of_work.run(self._client, partial(self._mark, job_id=job_id, index=index))
        if not job.is_tidy:
            self._bucket.delete(file_name(job, index))
            log.info("image.deleted", job_id=job_id, image=index)
        return job

    def _mark(self, unit: UnitOfWork, job_id: str, index: int) -> Job:
        (snapshot,) = unit.read(self._store.reference(job_id))
        job = job_from(snapshot)
        if job is None:
            raise JobNotFound
        after = replace(job.with_image(index, replace(job.images[index], file="", is_deleted=True)), is_tidy=False)
        self._store.update(unit, after)
        return after
