"""The work on one image: claim it under a lease, ask its provider once, store the picture, settle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.generation import model, outcome
from imagesfactory.generation.model import ClaimOutcome, ImageState, Job, Recipe, ReleaseReason
from imagesfactory.generation.outcome import Failed, Outcome, Refused, Stored, Unusable
from imagesfactory.generation.ports import (
    ContentRejected,
    ImageBucket,
    ImageModel,
    Picture,
    ProviderBusy,
    ProviderUnusable,
    RequestFaulty,
)
from imagesfactory.generation.settlement import Settlement
from imagesfactory.generation.store import JobStore, job_from
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.clock import Clock
from imagesfactory.kit.errors import RetryLater
from imagesfactory.kit.ids import keyed_hash, new_id
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.policy.catalog import Catalog

if TYPE_CHECKING:
    from google.cloud.firestore import Client


@dataclass(frozen=True)
class Kitchen:
    """What pictures are made with."""

    catalog: Catalog
    offered: frozenset[str]
    models: Mapping[str, ImageModel]
    """By the catalogue's name of the provider."""
    bucket: ImageBucket
    pseudonym_key: str


class ImageWork:
    """Makes one image of a job; safe to be called twice, late, or after the job has ended."""

    def __init__(self, client: Client, clock: Clock, kitchen: Kitchen, settlement: Settlement) -> None:
        self._client = client
        self._clock = clock
        self._store = JobStore(client)
        self._kitchen = kitchen
        self._settlement = settlement

    def perform(self, job_id: str, index: int) -> None:
        """Bring image ``index`` of a job one step further, at best to its end.

        Raises:
            RetryLater: it has not ended; call again.

        """
        token = new_id()
        claimed = unit_of_work.run(self._client, partial(self._claim, job_id=job_id, index=index, token=token))
        if claimed is None:
            return
        try:
            result = self._attempt(claimed, index)
        except Exception as problem:
            log.failure("image.attempt_failed", problem, job_id=job_id, image=index)
            result = Failed()
        self._settle(job_id, index, token, result)

    def _claim(self, unit: UnitOfWork, job_id: str, index: int, token: str) -> Job | None:
        (snapshot,) = unit.read(self._store.reference(job_id))
        job = job_from(snapshot)
        if job is None or not 0 <= index < len(job.images):
            return None
        claim = model.claim(job, index, token, self._clock.now())
        if claim.outcome is ClaimOutcome.LATER:
            raise RetryLater("image-not-free", claim.wait)
        if claim.outcome is ClaimOutcome.NOTHING_TO_DO:
            return None
        self._store.update(unit, claim.job)
        return claim.job

    def _attempt(self, job: Job, index: int) -> Outcome:
        recipe = job.images[index].recipe
        chosen = self._kitchen.catalog.model(recipe.model)
        provider = self._kitchen.models.get(chosen.provider) if chosen else None
        if chosen is None or provider is None or job.shape not in chosen.shapes:
            return Unusable()
        shape = chosen.shapes[job.shape]
        picture = Picture(
            prompt=job.prompt,
            provider_model=chosen.provider_model,
            quality=recipe.quality,
            width=shape.width,
            height=shape.height,
            aspect_ratio=shape.aspect_ratio,
            end_user=keyed_hash(self._kitchen.pseudonym_key, "end-user", job.owner),
        )
        try:
            generated = provider.generate(picture, timeout_seconds=model.PROVIDER_TIMEOUT_SECONDS)
        except (ContentRejected, ProviderBusy, ProviderUnusable, RequestFaulty) as problem:
            return _outcome_of(problem, job.id, index, chosen.id)
        file = file_name(job, index)
        self._kitchen.bucket.put(file, generated.png)
        return Stored(file)

    def _settle(self, job_id: str, index: int, token: str, result: Outcome) -> None:
        job = unit_of_work.run(
            self._client, partial(self._record, job_id=job_id, index=index, token=token, result=result)
        )
        if job is None:
            return
        image = job.images[index]
        log.info("image.settled", job_id=job_id, image=index, code=image.state.value, model=image.recipe.model)
        if isinstance(result, Stored) and job.is_finished and image.state is not ImageState.STORED:
            # A success after the release: nothing is delivered and nothing is charged.
            self._kitchen.bucket.delete(result.file)
        if image.state is ImageState.QUEUED:
            delay = max((image.not_before or self._clock.now()) - self._clock.now(), timedelta(0))
            raise RetryLater("image-not-made", delay)

    def _record(self, unit: UnitOfWork, job_id: str, index: int, token: str, result: Outcome) -> Job | None:
        (snapshot,) = unit.read(self._store.reference(job_id))
        job = job_from(snapshot)
        if job is None or not model.holds_claim(job, index, token):
            return job
        now = self._clock.now()
        return self._settlement.write(unit, outcome.apply(job, index, result, self._fallback, now), now)

    def _fallback(self, model_id: str) -> tuple[Recipe, int] | None:
        catalog = self._kitchen.catalog
        here = catalog.model(model_id)
        fallback = here.fallback if here else None
        if fallback is None or fallback.model not in self._kitchen.offered:
            return None
        other = catalog.model(fallback.model)
        return None if other is None else (Recipe(other.id, fallback.quality), other.prices[fallback.quality])


def file_name(job: Job, index: int) -> str:
    """The one name of an image in the bucket."""
    return f"images/{job.owner}/{job.id}/{index}.png"


def _outcome_of(problem: Exception, job_id: str, index: int, chosen: str) -> Outcome:
    match problem:
        case ContentRejected():
            log.info("image.rejected", job_id=job_id, image=index, model=chosen)
            return Refused(ReleaseReason.CONTENT_REJECTED)
        case ProviderBusy(delay=delay):
            log.warning("provider.busy", job_id=job_id, image=index, model=chosen)
            return Failed(delay)
        case ProviderUnusable(code=code):
            log.error("provider.unusable", job_id=job_id, image=index, model=chosen, code=code)
            return Unusable()
        case RequestFaulty(code=code):
            log.error("provider.request_faulty", job_id=job_id, image=index, model=chosen, code=code)
            return Refused(ReleaseReason.INTERNAL)
        case _:
            raise problem
