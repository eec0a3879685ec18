"""A request for images, checked against the catalogue: what exactly is wanted and what each image costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from imagesfactory.generation.errors import (
    ImageCountOutOfRange,
    PromptEmpty,
    PromptTooLong,
    UnknownModel,
    UnknownQuality,
    UnknownShape,
)
from imagesfactory.generation.model import Image, Recipe
from imagesfactory.kit.ids import digest_of
from imagesfactory.policy.catalog import Catalog, Model

REQUEST_ID_PATTERN = r"^[A-Za-z0-9_-]{8,64}$"


class ImagesWanted(BaseModel):
    """Some images of one model and quality."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    model: Annotated[str, StringConstraints(max_length=64)]
    quality: Annotated[str, StringConstraints(max_length=32)] | None = None
    count: int = 1


class JobRequest(BaseModel):
    """What a client sends to ask for images. ``request_id`` is made by the client and kept for its retries."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    request_id: Annotated[str, StringConstraints(pattern=REQUEST_ID_PATTERN)]
    prompt: Annotated[str, StringConstraints(max_length=100_000)]
    shape: Annotated[str, StringConstraints(max_length=32)] = "square"
    images: Annotated[list[ImagesWanted], Field(max_length=100)]

    @property
    def digest(self) -> str:
        """The same for the same request, whatever the order of its keys; the request id is not part of it."""
        body: dict[str, Any] = self.model_dump(exclude={"request_id"})
        return digest_of(body)


@dataclass(frozen=True)
class Order:
    """A request that can be carried out: the images, each with its price."""

    prompt: str
    shape: str
    images: tuple[Image, ...]

    @property
    def price_points(self) -> int:
        """What all images together cost, in points."""
        return sum(image.price_points for image in self.images)


def order(request: JobRequest, catalog: Catalog, offered: frozenset[str]) -> Order:
    """What ``request`` comes to.

    Args:
        request: the client's request, of the right types.
        catalog: models, prices and limits.
        offered: ids of the models that this deployment can run.

    Raises:
        PromptEmpty, PromptTooLong, ImageCountOutOfRange, UnknownModel, UnknownQuality, UnknownShape

    """
    _check_prompt(request.prompt, catalog.limits.prompt_characters)
    _check_count(request.images, catalog.limits.images_per_request)
    images: list[Image] = []
    for wanted in request.images:
        model = catalog.model(wanted.model) if wanted.model in offered else None
        if model is None:
            raise UnknownModel
        images.extend([_image(model, wanted, request.shape)] * wanted.count)
    return Order(request.prompt.strip(), request.shape, tuple(images))


def _check_prompt(prompt: str, maximum: int) -> None:
    if not any(character.isprintable() and not character.isspace() for character in prompt):
        raise PromptEmpty
    if len(prompt) > maximum:
        raise PromptTooLong(maximum=maximum)


def _check_count(images: list[ImagesWanted], maximum: int) -> None:
    total = sum(wanted.count for wanted in images)
    if any(wanted.count < 1 for wanted in images) or not 1 <= total <= maximum:
        raise ImageCountOutOfRange(minimum=1, maximum=maximum)


def _image(model: Model, wanted: ImagesWanted, shape: str) -> Image:
    quality = wanted.quality or model.default_quality
    if quality not in model.prices:
        raise UnknownQuality(offered=", ".join(model.prices))
    if shape not in model.shapes:
        raise UnknownShape(offered=", ".join(model.shapes))
    return Image(Recipe(model.id, quality), model.prices[quality])
