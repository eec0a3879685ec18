"""What a client may ask for, and how a request is told from another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imagesfactory.generation.errors import ImageCountOutOfRange, PromptEmpty, UnknownModel
from imagesfactory.generation.request import JobRequest, order
from imagesfactory.policy.catalog import catalog
from pydantic import ValidationError

OFFERED = catalog().offered(frozenset())


def request(**changes: object) -> JobRequest:
    body: dict[str, object] = {"request_id": "request-1", "prompt": " a boat ", "images": [{"model": "gpt-image"}]}
    return JobRequest.model_validate(body | changes)


def test_an_order_has_one_image_for_each_that_is_wanted_with_its_price() -> None:
    wanted = [{"model": "gpt-image", "quality": "low", "count": 2}, {"model": "stability-core"}]
    made = order(request(images=wanted), catalog(), OFFERED)
    assert [image.price_points for image in made.images] == [5, 5, 8]
    assert (made.price_points, made.prompt) == (18, "a boat")


def test_the_digest_ignores_the_request_id_and_nothing_else() -> None:
    assert request().digest == request(request_id="another-id").digest
    assert request().digest != request(prompt="another boat").digest
    assert request().digest != request(shape="portrait").digest
    assert request().digest != request(images=[{"model": "gpt-image", "count": 2}]).digest


@pytest.mark.parametrize(
    "change",
    [
        {"request_id": "short"},
        {"request_id": "has spaces in it"},
        {"request_id": 12345678},
        {"prompt": 7},
        {"prompt": None},
        {"images": "gpt-image"},
        {"images": [{"model": "gpt-image", "count": "2"}]},
        {"images": [{"model": "gpt-image", "count": 1.5}]},
        {"images": [{"model": "gpt-image", "count": True}]},
        {"images": [{"model": "gpt-image", "price_points": 0}]},
        {"price_points": 1},
    ],
)
def test_wrong_types_and_unknown_keys_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        request(**change)


@given(st.text(alphabet=st.characters(categories=["Cc", "Cf", "Zs", "Zl", "Zp"]), max_size=20))
def test_a_prompt_nobody_can_see_is_empty(prompt: str) -> None:
    with pytest.raises(PromptEmpty):
        order(request(prompt=prompt), catalog(), OFFERED)


@given(st.lists(st.integers(-3, 12), max_size=4))
def test_the_number_of_images_is_within_the_limits_whatever_the_split(counts: list[int]) -> None:
    wanted = request(images=[{"model": "gpt-image", "count": count} for count in counts])
    allowed = all(count >= 1 for count in counts) and 1 <= sum(counts) <= catalog().limits.images_per_request
    if allowed:
        assert len(order(wanted, catalog(), OFFERED).images) == sum(counts)
    else:
        with pytest.raises(ImageCountOutOfRange):
            order(wanted, catalog(), OFFERED)


def test_a_model_that_is_not_switched_on_is_unknown() -> None:
    with pytest.raises(UnknownModel):
        order(request(images=[{"model": "stability-xl"}]), catalog(), OFFERED)
