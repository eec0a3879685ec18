"""The catalogue that ships is valid, and mistakes in one are found when it is loaded."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from imagesfactory.kit.yaml_text import parse
from imagesfactory.policy import reader
from imagesfactory.policy.catalog import Catalog, catalog
from pydantic import ValidationError

RETIRED = {"dall-e-2", "dall-e-3", "gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "chatgpt-image-latest"}


@pytest.fixture
def raw() -> dict[str, Any]:
    text = (reader._FOLDER / "catalog.yaml").read_text(encoding="utf-8")
    return copy.deepcopy(parse(text))


def test_no_model_that_its_provider_retired_is_offered() -> None:
    assert not {model.provider_model for model in catalog().models} & RETIRED


def test_the_legacy_engines_are_offered_only_where_switched_on() -> None:
    assert "stability-xl" not in catalog().offered(frozenset())
    assert "stability-xl" in catalog().offered(frozenset({"stability_grpc"}))


def test_every_model_has_a_name_in_both_languages() -> None:
    assert all(model.name.ko and model.name.en for model in catalog().models)


@pytest.mark.parametrize(
    ("where", "value", "complaint"),
    [
        ("fallback", {"model": "nonesuch", "quality": "medium"}, "not in the catalogue"),
        ("fallback", {"model": "gpt-image-flare", "quality": "medium"}, "down together"),
        ("default_quality", "nonesuch", "has no price"),
        ("prices", {"medium": 0}, "greater than or equal to 1"),
        ("prices", {"medium": 1.5}, "integer"),
        ("shapes", {"square": {"width": 1000, "height": 1024}}, "multiple of 16"),
        ("id", "stability-core", "share an id"),
        ("colour", "red", "Extra inputs"),
    ],
)
def test_a_mistake_is_found_at_load(raw: dict[str, Any], where: str, value: object, complaint: str) -> None:
    raw["models"][0][where] = value
    with pytest.raises(ValidationError, match=complaint):
        Catalog.model_validate(raw)


def test_a_fallback_offers_every_shape_of_what_it_replaces(raw: dict[str, Any]) -> None:
    del raw["models"][2]["shapes"]["portrait"]
    with pytest.raises(ValidationError, match="lacks a shape"):
        Catalog.model_validate(raw)
