"""What became of one attempt at an image, and what that means for the job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from imagesfactory.generation import model
from imagesfactory.generation.model import Job, Recipe, ReleaseReason


@dataclass(frozen=True)
class Stored:
    """The picture is in the bucket."""

    file: str


@dataclass(frozen=True)
class Refused:
    """It will not be made, for this reason."""

    reason: ReleaseReason


@dataclass(frozen=True)
class Failed:
    """The attempt failed; the same model may succeed after ``delay``."""

    delay: timedelta = timedelta(0)


@dataclass(frozen=True)
class Unusable:
    """The model will not make it however often it is asked."""


Outcome = Stored | Refused | Failed | Unusable
FindFallback = Callable[[str], tuple[Recipe, int] | None]
"""From a model's id to its fallback and that one's price in points, if it has one that is offered."""


def apply(job: Job, index: int, outcome: Outcome, find_fallback: FindFallback, now: datetime) -> Job:
    """The job after ``outcome`` of the attempt at image ``index``, which the caller still has under its claim."""
    match outcome:
        case Stored(file):
            return model.store(job, index, file)
        case Refused(reason):
            return model.release(job, index, reason)
        case Failed(delay) if job.images[index].attempts + 1 < model.ATTEMPTS_PER_MODEL_MAX:
            return model.give_back(job, index, delay, now)
        case _:
            return _fail_over_or_release(job, index, find_fallback)


def _fail_over_or_release(job: Job, index: int, find_fallback: FindFallback) -> Job:
    image = job.images[index]
    fallback = find_fallback(image.recipe.model)
    if fallback is None or fallback[0].model in image.tried:
        return model.release(job, index, ReleaseReason.PROVIDER_UNAVAILABLE)
    return model.fail_over(job, index, *fallback)
