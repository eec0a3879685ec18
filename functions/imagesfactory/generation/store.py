"""Jobs in Firestore: ``jobs/{id}``, one document with every image's state in it, so that a client watches one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imagesfactory.generation.model import Image, ImageState, Job, Recipe, ReleaseReason
from imagesfactory.generation.texts import REASONS
from imagesfactory.policy.retention import destroy_at

if TYPE_CHECKING:
    from datetime import datetime

    from google.cloud.firestore import Client, DocumentReference

    from imagesfactory.kit.unit_of_work import Snapshot, UnitOfWork

_JOBS = "jobs"


class JobStore:
    """Reads and writes jobs inside a unit of work."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def reference(self, job_id: str) -> DocumentReference:
        """Where the job is."""
        return self._client.collection(_JOBS).document(job_id)

    def get(self, job_id: str) -> Job | None:
        """The job as it is now, outside any unit of work."""
        return job_from(self.reference(job_id).get())

    def due_for_sweep(self, now: datetime, limit: int) -> list[Job]:
        """Jobs whose next deadline has passed, the longest overdue first, at most ``limit``."""
        from google.cloud.firestore import FieldFilter

        query = (
            self._client.collection(_JOBS)
            .where(filter=FieldFilter("sweep_at", "<=", now))
            .order_by("sweep_at")
            .limit(limit)
        )
        return [job for job in map(job_from, query.stream()) if job is not None]

    def create(self, unit: UnitOfWork, job: Job) -> None:
        """Write a new job; refused by the database if it exists."""
        document = {
            "owner": job.owner,
            "request_digest": job.request_digest,
            "prompt": job.prompt,
            "shape": job.shape,
            "created_at": job.created_at,
            "deadline_at": job.deadline_at,
            "held_points": job.held_points,
            "destroy_at": destroy_at("generated_image", job.created_at),
            **_moving_fields(job),
        }
        unit.create(self.reference(job.id), document)

    def update(self, unit: UnitOfWork, job: Job) -> None:
        """Write what can change of a job read in the same unit."""
        unit.update(self.reference(job.id), _moving_fields(job))


def job_from(snapshot: Snapshot) -> Job | None:
    """The job of a snapshot, or None where there is none."""
    document = snapshot.to_dict()
    return None if document is None else job_from_document(snapshot.id, document)


def job_from_document(job_id: str, document: dict[str, Any]) -> Job:
    """The job that ``document`` describes."""
    images = document["images"]
    return Job(
        id=job_id,
        owner=document["owner"],
        request_digest=document["request_digest"],
        prompt=document["prompt"],
        shape=document["shape"],
        images=tuple(_image_from(images[str(index)]) for index in range(len(images))),
        created_at=document["created_at"],
        deadline_at=document["deadline_at"],
        held_points=document["held_points"],
        captured_points=document["captured_points"],
        finished_at=document["finished_at"],
        is_tidy=document["is_tidy"],
    )


def _moving_fields(job: Job) -> dict[str, Any]:
    return {
        "status": job.status.value,
        "images": {str(index): _image_to_map(image) for index, image in enumerate(job.images)},
        "captured_points": job.captured_points,
        "released_points": job.held_points - job.captured_points if job.is_finished else 0,
        "finished_at": job.finished_at,
        "is_tidy": job.is_tidy,
        "sweep_at": job.sweep_at(),
    }


def _image_to_map(image: Image) -> dict[str, Any]:
    text = REASONS[image.reason] if image.reason else None
    return {
        "model": image.recipe.model,
        "quality": image.recipe.quality,
        "price_points": image.price_points,
        "state": image.state.value,
        "charged": image.state is ImageState.STORED,
        "attempts": image.attempts,
        "tried": list(image.tried),
        "claim": image.claim,
        "lease_until": image.lease_until,
        "not_before": image.not_before,
        "file": image.file,
        "is_deleted": image.is_deleted,
        "reason": {"code": image.reason.value, "ko": text.ko, "en": text.en} if image.reason and text else None,
    }


def _image_from(fields: dict[str, Any]) -> Image:
    reason = fields["reason"]
    return Image(
        recipe=Recipe(fields["model"], fields["quality"]),
        price_points=fields["price_points"],
        state=ImageState(fields["state"]),
        attempts=fields["attempts"],
        tried=tuple(fields["tried"]),
        claim=fields["claim"],
        lease_until=fields["lease_until"],
        not_before=fields["not_before"],
        file=fields["file"],
        is_deleted=fields.get("is_deleted", False),
        reason=ReleaseReason(reason["code"]) if reason else None,
    )
