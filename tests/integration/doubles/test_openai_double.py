"""The OpenAI double, through the real openai SDK."""

from __future__ import annotations

import base64
import io
from typing import Any

import openai as sdk
import pytest
from openai import OpenAI
from openai.types import ModerationMultiModalInputParam
from PIL import Image

from local.doubles import ControlClient, Doubles
from local.doubles.core.safety import CATEGORY_WORDS

MODEL = "gpt-image-2.5-flare"


def opened(content: str | None) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(content or "")))


def generate(client: OpenAI, **arguments: Any) -> Any:
    """Any arguments, right or wrong: the SDK's types would refuse the wrong ones before the server can."""
    return client.images.generate(**{"model": MODEL, "prompt": "한강의 고양이", **arguments})


@pytest.mark.parametrize(("form", "name"), [("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WEBP")])
def test_pictures_have_the_asked_size_and_format(openai: OpenAI, form: str, name: str) -> None:
    answer = generate(openai, size="1024x1536", output_format=form, n=2, quality="low")
    pictures = [opened(one.b64_json) for one in answer.data]
    assert [(one.size, one.format) for one in pictures] == [((1024, 1536), name)] * 2
    assert pictures[0].tobytes() != pictures[1].tobytes()
    assert (answer.size, answer.output_format, answer.quality) == ("1024x1536", form, "low")


def test_every_take_is_another_picture_and_a_reset_begins_again(openai: OpenAI, doubles: Doubles) -> None:
    first, second = (generate(openai).data[0].b64_json for _ in range(2))
    assert first != second
    doubles.control.reset()
    assert generate(openai).data[0].b64_json == first
    assert generate(openai, prompt="다른 그림").data[0].b64_json != first


def test_answer_has_usage_request_id_and_safety_identifier(openai: OpenAI) -> None:
    answer = generate(openai, safety_identifier="hashed-member")
    assert answer._request_id.startswith("req_")
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens
    assert answer.usage.output_tokens > 0
    assert answer.safety_identifier == "hashed-member"
    assert answer.data[0].url is None


def test_transparent_background_has_transparent_corners(openai: OpenAI) -> None:
    picture = opened(generate(openai, background="transparent").data[0].b64_json)
    assert picture.mode == "RGBA"
    assert picture.getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert picture.getpixel((512, 200))[3] == 255  # type: ignore[index]


def test_free_sizes_of_the_newer_models(openai: OpenAI) -> None:
    assert opened(generate(openai, size="1536x864").data[0].b64_json).size == (1536, 864)


def test_stream_sends_partial_pictures_then_the_finished_one(openai: OpenAI) -> None:
    events = list(generate(openai, stream=True, partial_images=2))
    assert [event.type for event in events] == ["image_generation.partial_image"] * 2 + ["image_generation.completed"]
    assert opened(events[-1].b64_json).size == (1024, 1024)
    assert events[-1].usage.output_tokens > 0


@pytest.mark.parametrize("model", ["gpt-image-1", "dall-e-3", "no-such-model"])
def test_retired_and_unknown_models_are_not_found(openai: OpenAI, model: str) -> None:
    with pytest.raises(sdk.NotFoundError) as caught:
        generate(openai, model=model)
    assert caught.value.code == "model_not_found"


@pytest.mark.parametrize(
    ("arguments", "code", "param"),
    [
        ({"prompt": ""}, "missing_required_parameter", "prompt"),
        ({"prompt": "가" * 32_001}, "string_above_max_length", "prompt"),
        ({"model": None}, "missing_required_parameter", "model"),
        ({"n": 0}, "integer_below_min_value", "n"),
        ({"n": 11}, "integer_above_max_value", "n"),
        ({"n": "2"}, "invalid_type", "n"),
        ({"n": True}, "invalid_type", "n"),
        ({"size": "1000x1000"}, "invalid_value", "size"),
        ({"size": "4096x2048"}, "invalid_value", "size"),
        ({"size": "2048x640"}, "invalid_value", "size"),
        ({"size": "512x512"}, "invalid_value", "size"),
        ({"size": "1536x864", "model": "gpt-image-1.5"}, "invalid_value", "size"),
        ({"quality": "hd"}, "invalid_value", "quality"),
        ({"quality": "max", "model": "gpt-image-2"}, "invalid_value", "quality"),
        ({"moderation": "off"}, "invalid_value", "moderation"),
        ({"background": "blue"}, "invalid_value", "background"),
        ({"background": "transparent", "output_format": "jpeg"}, "invalid_value", "background"),
        ({"output_format": "gif"}, "invalid_value", "output_format"),
        ({"output_compression": 50}, "invalid_value", "output_compression"),
        ({"output_compression": 101, "output_format": "webp"}, "integer_above_max_value", "output_compression"),
        ({"partial_images": 1}, "invalid_value", "partial_images"),
        ({"response_format": "url"}, "unknown_parameter", "response_format"),
        ({"style": "vivid"}, "unknown_parameter", "style"),
    ],
)
def test_wrong_parameters_are_refused_by_name(openai: OpenAI, arguments: dict[str, Any], code: str, param: str) -> None:
    with pytest.raises(sdk.BadRequestError) as caught:
        generate(openai, **arguments)
    assert (caught.value.code, caught.value.param, caught.value.type) == (code, param, "invalid_request_error")
    assert (caught.value.request_id or "").startswith("req_")


@pytest.mark.parametrize(("prompt", "stage"), [("폭력적인 장면", "input"), ("a refused result", "output")])
def test_unsafe_pictures_are_blocked(openai: OpenAI, prompt: str, stage: str) -> None:
    with pytest.raises(sdk.BadRequestError) as caught:
        generate(openai, prompt=prompt)
    assert (caught.value.code, caught.value.type) == ("moderation_blocked", "image_generation_user_error")
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["moderation_details"]["moderation_stage"] == stage


@pytest.mark.parametrize("authorization", ["Bearer sk-invalid", "Bearer", "Basic sk-local"])
def test_missing_and_wrong_keys_are_refused(openai: OpenAI, authorization: str) -> None:
    with pytest.raises(sdk.AuthenticationError):
        openai.images.generate(model=MODEL, prompt="x", extra_headers={"Authorization": authorization})


def test_moderation_scores_thirteen_categories(openai: OpenAI) -> None:
    result = openai.moderations.create(model="omni-moderation-latest", input="유혈이 낭자한 그림").results[0]
    categories = result.categories.model_dump(by_alias=True)
    assert result.flagged
    assert [name for name, flagged in categories.items() if flagged] == ["violence/graphic"]
    assert len(categories) == 13
    scores = result.category_scores.model_dump(by_alias=True)
    assert scores.pop("violence/graphic") > 0.9
    assert max(scores.values()) < 0.01


@pytest.mark.parametrize("category", CATEGORY_WORDS)
def test_every_category_can_be_tried_by_its_name(openai: OpenAI, category: str) -> None:
    result = openai.moderations.create(input=f"please test {category} now").results[0]
    assert result.categories.model_dump(by_alias=True)[category]


@pytest.mark.parametrize("text", ["숲속의 작은 집", "a nudestone tower", "engorged river", "denude the hill"])
def test_harmless_texts_are_not_flagged(openai: OpenAI, text: str) -> None:
    assert not openai.moderations.create(input=text).results[0].flagged


def test_moderation_of_several_texts_and_of_pictures(openai: OpenAI) -> None:
    flags = [one.flagged for one in openai.moderations.create(input=["고양이", "폭력"]).results]
    assert flags == [False, True]
    parts: list[ModerationMultiModalInputParam] = [
        {"type": "text", "text": "a quiet lake"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
    ]
    answer = openai.moderations.create(input=parts)
    assert len(answer.results) == 1
    kinds = answer.results[0].category_applied_input_types
    assert (kinds.violence, kinds.hate) == (["text", "image"], ["text"])


@pytest.mark.parametrize("wrong", [None, 3, [], [{"type": "image_url", "image_url": {"url": "file:///x"}}]])
def test_moderation_refuses_wrong_input(openai: OpenAI, wrong: Any) -> None:
    with pytest.raises(sdk.BadRequestError) as caught:
        openai.moderations.create(input=wrong)
    assert caught.value.param == "input"


def test_calls_are_journaled_without_the_key(openai: OpenAI, control: ControlClient) -> None:
    generate(openai, safety_identifier="hashed-member")
    (call,) = control.requests(provider="openai", at_least=1)
    assert call.path == "/v1/images/generations"
    assert call.body == {"model": MODEL, "prompt": "한강의 고양이", "safety_identifier": "hashed-member"}
    assert (call.status, call.model, call.finished) == (200, MODEL, True)
    assert call.headers["authorization"] == "Bearer ***"
