"""The catalogue: models, shapes, prices and limits, as one validated object."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from imagesfactory.policy.reader import Bilingual, Record, read

Points = Annotated[int, Field(ge=1, le=100_000)]
Provider = Literal["openai", "stability", "stability-grpc"]


class Shape(Record):
    """The size of an image in pixels, and the ratio name where the provider asks for one instead."""

    width: Annotated[int, Field(ge=256, le=3840, multiple_of=16)]
    height: Annotated[int, Field(ge=256, le=3840, multiple_of=16)]
    aspect_ratio: str | None = None


class Fallback(Record):
    """What is tried when the provider of a model stays down."""

    model: str
    quality: str


class Model(Record):
    """One model a member can choose."""

    id: str
    provider: Provider
    provider_model: str
    name: Bilingual
    shapes: Annotated[dict[str, Shape], Field(min_length=1)]
    prices: Annotated[dict[str, Points], Field(min_length=1)]
    default_quality: str
    fallback: Fallback | None = None
    requires: Literal["stability_grpc"] | None = None


class Limits(Record):
    """How much one request, and one member, may ask for."""

    images_per_request: Annotated[int, Field(ge=1, le=16)]
    prompt_characters: Annotated[int, Field(ge=1, le=10_000)]
    open_jobs_per_member: Annotated[int, Field(ge=1, le=50)]


class Rate(Record):
    """A member's token bucket: ``burst`` requests at once, then one more every ``refill_seconds``."""

    burst: Annotated[int, Field(ge=1)]
    refill_seconds: Annotated[int, Field(ge=1)]


class SignupBonus(Record):
    """The points a new member starts with."""

    points: Points
    expires_after_days: Annotated[int, Field(ge=1)]


class Catalog(Record):
    """The whole file."""

    version: date
    ai_notice: Bilingual
    limits: Limits
    rate: Rate
    signup_bonus: SignupBonus
    models: Annotated[tuple[Model, ...], Field(min_length=1)]

    def model(self, model_id: str) -> Model | None:
        """The model of that id, if there is one."""
        return next((model for model in self.models if model.id == model_id), None)

    def offered(self, features: frozenset[str]) -> frozenset[str]:
        """The ids of the models that a deployment with these features can run."""
        return frozenset(model.id for model in self.models if model.requires is None or model.requires in features)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len({model.id for model in self.models}) != len(self.models):
            msg = "two models share an id"
            raise ValueError(msg)
        for model in self.models:
            self._check_qualities(model)
            self._check_fallback(model)
        return self

    def _check_qualities(self, model: Model) -> None:
        if model.default_quality not in model.prices:
            msg = f"{model.id}: the default quality has no price"
            raise ValueError(msg)

    def _check_fallback(self, model: Model) -> None:
        if model.fallback is None:
            return
        other = self.model(model.fallback.model)
        if other is None or model.fallback.quality not in other.prices:
            msg = f"{model.id}: the fallback is not in the catalogue"
            raise ValueError(msg)
        if other.provider == model.provider:
            msg = f"{model.id}: a fallback at the same provider is down together with it"
            raise ValueError(msg)
        if not model.shapes.keys() <= other.shapes.keys():
            msg = f"{model.id}: the fallback lacks a shape"
            raise ValueError(msg)


@cache
def catalog() -> Catalog:
    """The catalogue, read once."""
    return read("catalog.yaml", Catalog)
