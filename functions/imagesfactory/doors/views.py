"""Answers as plain values: what of a record a client gets to see."""

from __future__ import annotations

from typing import Any

from imagesfactory.accounts.model import VersionsInForce
from imagesfactory.generation.model import ImageState, Job
from imagesfactory.generation.service import Accepted
from imagesfactory.policy.catalog import Catalog, Model


def catalog(whole: Catalog, offered: frozenset[str], versions: VersionsInForce) -> dict[str, Any]:
    """The catalogue as clients see it: what is offered, prices in points for one image, limits, policy versions,
    and that it is AI which makes the images.
    """
    return {
        "version": whole.version.isoformat(),
        "models": [_model(model) for model in whole.models if model.id in offered],
        "ai_notice": whole.ai_notice.model_dump(),
        "limits": whole.limits.model_dump(),
        "signup_bonus": whole.signup_bonus.model_dump(),
        "terms_version": versions.terms,
        "privacy_version": versions.privacy,
    }


def accepted(answer: Accepted) -> dict[str, Any]:
    """The answer to a request for images."""
    return {
        "job_id": answer.job_id,
        "image_count": answer.image_count,
        "held_points": answer.held_points,
        "created_at": answer.created_at.isoformat(),
    }


def job(whole: Job) -> dict[str, Any]:
    """Where a job stands."""
    return {
        "job_id": whole.id,
        "status": whole.status.value,
        "held_points": whole.held_points,
        "captured_points": whole.captured_points,
        "images": [{"state": image.state.value, "charged": image.state is ImageState.STORED} for image in whole.images],
    }


def _model(model: Model) -> dict[str, Any]:
    return {
        "id": model.id,
        "provider": model.provider,
        "name": model.name.model_dump(),
        "shapes": {name: {"width": shape.width, "height": shape.height} for name, shape in model.shapes.items()},
        "prices": model.prices,
        "default_quality": model.default_quality,
    }
