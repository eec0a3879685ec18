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
from imagesfactory.generation.service import FIRST
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


@dataclass(frozen=True)
class _Claimed:
    """An image under a claim: the job as the worker saw it, the claim's token, and the unit that knows its version."""

    job: Job
    token: str
    unit: UnitOfWork


class ImageWork:
    """Makes one image of a job; safe to be called twice, late, or after the job has ended."""

    def __init__(self, client: Client, clock: Clock, kitchen: Kitchen, settlement: Settlement) -> None:
        self._client = client
        self._clock = clock
        self._store = JobStore(client)
        self._kitchen = kitchen
        self._settlement = settlement

    def perform(self, job_id: str, index: int, occasion: str) -> None:
        """Bring image ``index`` of a job one step further, at best to its end.

        Args:
            job_id: the job.
            index: which of its images, from 0.
            occasion: why this worker was sent; the first one finds the image claimed for it.

        Raises:
            RetryLater: it has not ended; call again.

        """
        claimed = unit_of_work.run(
            self._client, partial(self._claim, job_id=job_id, index=index, token=_token(job_id, index, occasion))
        )
        if claimed is None:
            return
        try:
            result = self._attempt(claimed.job, index)
        except RetryLater as busy:
            log.warning("bucket.busy", job_id=job_id, image=index)
            result = Failed(busy.delay)
        except Exception as problem:
            log.failure("image.attempt_failed", problem, job_id=job_id, image=index)
            result = Failed()
        self._settle(claimed, index, result)

    def _claim(self, unit: UnitOfWork, job_id: str, index: int, token: str) -> _Claimed | None:
        (snapshot,) = unit.read(self._store.reference(job_id))
        job = job_from(snapshot)
        if job is None or not 0 <= index < len(job.images):
            return None
        now = self._clock.now()
        if now < job.deadline_at and model.may_begin(job, index, token, now):
            return _Claimed(job, token, unit)
        if not model.holds_claim(job, index, token) and token == model.first_claim(job_id, index):
            token = new_id()  # the first worker's own claim is over; it comes again as any other
        claim = model.claim(job, index, token, now)
        if claim.outcome is ClaimOutcome.LATER:
            raise RetryLater("image-not-free", claim.wait)
        if claim.outcome is ClaimOutcome.NOTHING_TO_DO:
            return None
        self._store.update(unit, claim.job)
        return _Claimed(claim.job, token, unit)

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

    def _settle(self, claimed: _Claimed, index: int, result: Outcome) -> None:
        job = unit_of_work.run(self._client, partial(self._record, claimed=claimed, index=index, result=result))
        if job is None:
            # The member withdrew meanwhile: nothing may be left of a picture that came late.
            if isinstance(result, Stored):
                self._kitchen.bucket.delete(result.file)
            return
        image = job.images[index]
        log.info("image.settled", job_id=job.id, image=index, code=image.state.value, model=image.recipe.model)
        if isinstance(result, Stored) and job.is_finished and image.state is not ImageState.STORED:
            # A success after the release: nothing is delivered and nothing is charged.
            self._kitchen.bucket.delete(result.file)
        if image.state is ImageState.QUEUED:
            delay = max((image.not_before or self._clock.now()) - self._clock.now(), timedelta(0))
            raise RetryLater("image-not-made", delay)

    def _record(self, unit: UnitOfWork, claimed: _Claimed, index: int, result: Outcome) -> Job | None:
        now = self._clock.now()
        reference = self._store.reference(claimed.job.id)
        if unit.attempt == 0:
            # As this worker left the job, which saves a read if nobody else settled meanwhile. An image that ends the
            # job is not settled on a copy: the wallet would be newer than it.
            after = outcome.apply(claimed.job, index, result, self._fallback, now)
            if not after.all_settled:
                unit.assume(reference, claimed.unit.version(reference))
                return self._settlement.write(unit, after, now)
        (snapshot,) = unit.read(reference)
        job = job_from(snapshot)
        if job is None or not model.holds_claim(job, index, claimed.token):
            return job
        return self._settlement.write(unit, outcome.apply(job, index, result, self._fallback, now), now)

    def _fallback(self, model_id: str) -> tuple[Recipe, int] | None:
        catalog = self._kitchen.catalog
        here = catalog.model(model_id)
        fallback = here.fallback if here else None
        if fallback is None or fallback.model not in self._kitchen.offered:
            return None
        other = catalog.model(fallback.model)
        return None if other is None else (Recipe(other.id, fallback.quality), other.prices[fallback.quality])


def _token(job_id: str, index: int, occasion: str) -> str:
    return model.first_claim(job_id, index) if occasion == FIRST else new_id()


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
