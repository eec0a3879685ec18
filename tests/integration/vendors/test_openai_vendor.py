"""OpenAI's pictures and moderation: the real SDK against the double."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
from imagesfactory.generation.ports import (
    ContentRejected,
    Picture,
    ProviderBusy,
    ProviderUnusable,
    RequestFaulty,
)
from imagesfactory.vendors.openai_images import OpenAIImages
from imagesfactory.vendors.openai_moderation import OpenAIModerator
from PIL import Image

from local.doubles import Doubles, FaultRule
from tests.integration.vendors.limits import LONG_SECONDS, SHORT_SECONDS

IMAGES = "/v1/images/generations"
MODERATIONS = "/v1/moderations"
KEY = "sk-secret-of-the-test"


@pytest.fixture
def model(doubles: Doubles) -> OpenAIImages:
    return OpenAIImages(api_key=KEY, base_url=doubles.addresses.openai_base_url)


@pytest.fixture
def moderator(doubles: Doubles) -> OpenAIModerator:
    return OpenAIModerator(api_key=KEY, base_url=doubles.addresses.openai_base_url)


def test_a_picture_is_made_marked_and_costs_one_request_with_the_least_data(
    doubles: Doubles, model: OpenAIImages, picture: Picture
) -> None:
    made = model.generate(picture, timeout_seconds=LONG_SECONDS)
    with Image.open(BytesIO(made.png)) as image:
        assert image.size == (1024, 1024)
        assert image.getxmp()["xmpmeta"]["RDF"]["Description"]["AISystemUsed"] == "OpenAI gpt-image-2"
    assert made.request_id.startswith("req_")
    (request,) = doubles.control.requests("openai")
    assert request.body == {
        "model": "gpt-image-2",
        "prompt": picture.prompt,
        "n": 1,
        "size": "1024x1024",
        "quality": "low",
        "output_format": "png",
        "moderation": "auto",
        "safety_identifier": "a-keyed-pseudonym",
    }


def test_a_prompt_the_provider_finds_unsafe_is_rejected(model: OpenAIImages, picture: Picture) -> None:
    with pytest.raises(ContentRejected):
        model.generate(dataclasses.replace(picture, prompt="gore"), timeout_seconds=LONG_SECONDS)


def test_a_retired_model_and_a_missing_key_are_unusable(
    doubles: Doubles, model: OpenAIImages, picture: Picture
) -> None:
    with pytest.raises(ProviderUnusable, match="model_not_found"):
        model.generate(dataclasses.replace(picture, provider_model="dall-e-3"), timeout_seconds=LONG_SECONDS)
    without_key = OpenAIImages(api_key="", base_url=doubles.addresses.openai_base_url)
    with pytest.raises(ProviderUnusable, match="api_key_missing"):
        without_key.generate(picture, timeout_seconds=LONG_SECONDS)


def test_a_size_the_model_lacks_and_a_quality_nobody_knows_are_our_fault(model: OpenAIImages, picture: Picture) -> None:
    with pytest.raises(RequestFaulty):
        model.generate(dataclasses.replace(picture, width=17), timeout_seconds=LONG_SECONDS)
    with pytest.raises(RequestFaulty, match="quality_unknown"):
        model.generate(dataclasses.replace(picture, quality="best"), timeout_seconds=LONG_SECONDS)


REFUSALS: list[tuple[FaultRule, type[Exception], str]] = [
    (FaultRule(effect="error", code="moderation_blocked"), ContentRejected, "^$"),
    (FaultRule(effect="error", code="content_policy_violation"), ContentRejected, "^$"),
    (FaultRule(effect="error", code="billing_hard_limit_reached"), ProviderUnusable, "billing_hard_limit_reached"),
    (FaultRule(effect="error", code="insufficient_quota"), ProviderUnusable, "insufficient_quota"),
    (FaultRule(effect="error", code="invalid_api_key"), ProviderUnusable, "invalid_api_key"),
    (FaultRule(effect="error", status=403), ProviderUnusable, "status-403"),
    (FaultRule(effect="error", code="model_not_found"), ProviderUnusable, "model_not_found"),
    (FaultRule(effect="error", status=400, code="invalid_value"), RequestFaulty, "invalid_value"),
    (FaultRule(effect="error", status=400, code="Your prompt 고양이 was bad"), RequestFaulty, "status-400"),
    (FaultRule(effect="error", status=413), RequestFaulty, "status-413"),
    (FaultRule(effect="error", status=422), RequestFaulty, "status-422"),
    (FaultRule(effect="error", status=408), ProviderBusy, "busy"),
    (FaultRule(effect="error", status=409), ProviderBusy, "busy"),
    (FaultRule(effect="error", status=429), ProviderBusy, "busy"),
    (FaultRule(effect="error", status=500), ProviderBusy, "busy"),
    (FaultRule(effect="error", status=503), ProviderBusy, "busy"),
    (FaultRule(effect="cut"), ProviderBusy, "busy"),
    (FaultRule(effect="lost"), ProviderBusy, "busy"),
    (FaultRule(effect="garbage"), ProviderBusy, "busy"),
]


def _name(row: object) -> str | None:
    if isinstance(row, FaultRule):
        return "-".join(str(part) for part in (row.effect, row.status, row.code) if part)
    return None


@pytest.mark.parametrize(("rule", "ours", "text"), REFUSALS, ids=_name)
def test_each_failure_becomes_ours_after_exactly_one_request(
    doubles: Doubles, model: OpenAIImages, picture: Picture, rule: FaultRule, ours: type[Exception], text: str
) -> None:
    doubles.control.plan(dataclasses.replace(rule, path=IMAGES, message=f"about {picture.prompt}"))
    with pytest.raises(ours, match=text) as raised:
        model.generate(picture, timeout_seconds=LONG_SECONDS)
    assert picture.prompt not in str(raised.value)
    assert KEY not in str(raised.value)
    assert raised.value.__suppress_context__, "the SDK's error would be printed with ours"
    assert len(doubles.control.requests("openai", at_least=1)) == 1


@pytest.mark.parametrize(
    ("rule", "delay"),
    [
        (FaultRule(effect="error", status=429, retry_after_seconds=90), timedelta(seconds=90)),
        (FaultRule(effect="error", status=503, headers={"retry-after-ms": "1500"}), timedelta(milliseconds=1500)),
        (FaultRule(effect="error", status=429, headers={"retry-after": "soon"}), timedelta(0)),
        (FaultRule(effect="error", status=429, retry_after_seconds=10**8), timedelta(hours=1)),
    ],
    ids=["seconds", "milliseconds", "nonsense", "for ever"],
)
def test_the_provider_says_how_long_to_wait(
    doubles: Doubles, model: OpenAIImages, picture: Picture, rule: FaultRule, delay: timedelta
) -> None:
    doubles.control.plan(rule)
    with pytest.raises(ProviderBusy) as raised:
        model.generate(picture, timeout_seconds=LONG_SECONDS)
    assert raised.value.delay == delay


def _generate(doubles: Doubles, picture: Picture) -> None:
    OpenAIImages(api_key=KEY, base_url=doubles.addresses.openai_base_url).generate(
        picture, timeout_seconds=SHORT_SECONDS
    )


def _judge(doubles: Doubles, picture: Picture) -> None:
    base_url = doubles.addresses.openai_base_url
    OpenAIModerator(api_key=KEY, base_url=base_url, judgement_seconds=SHORT_SECONDS).flags(picture.prompt)


@pytest.mark.parametrize("call", [_generate, _judge])
def test_no_answer_in_time_is_busy_and_asked_once(
    doubles: Doubles, picture: Picture, call: Callable[[Doubles, Picture], None]
) -> None:
    doubles.control.plan(FaultRule(effect="hold"))
    with pytest.raises(ProviderBusy):
        call(doubles, picture)
    doubles.control.clear_faults()
    assert len(doubles.control.requests("openai", at_least=1)) == 1


def test_nobody_listening_is_busy(picture: Picture) -> None:
    nowhere = "http://127.0.0.1:9/v1"  # the discard port: nothing of ours
    with pytest.raises(ProviderBusy):
        OpenAIImages(api_key=KEY, base_url=nowhere).generate(picture, timeout_seconds=LONG_SECONDS)
    with pytest.raises(ProviderBusy):
        OpenAIModerator(api_key=KEY, base_url=nowhere).flags(picture.prompt)


@pytest.mark.parametrize(
    ("prompt", "categories"),
    [
        ("달빛 아래 걷는 고양이", ()),
        ("gore", ("violence/graphic",)),
        ("자해", ("self-harm",)),
        ("gore and nude", ("sexual", "violence/graphic")),
    ],
)
def test_a_prompt_is_judged(
    doubles: Doubles, moderator: OpenAIModerator, prompt: str, categories: tuple[str, ...]
) -> None:
    assert moderator.flags(prompt) == categories
    (request,) = doubles.control.requests("openai")
    assert request.body == {"model": "omni-moderation-latest", "input": [{"type": "text", "text": prompt}]}


@pytest.mark.parametrize(
    ("rule", "ours"),
    [
        (FaultRule(effect="garbage"), ProviderBusy),
        (FaultRule(effect="cut"), ProviderBusy),
        (FaultRule(effect="lost"), ProviderBusy),
        (FaultRule(effect="error", status=429), ProviderBusy),
        (FaultRule(effect="error", status=500), ProviderBusy),
        (FaultRule(effect="error", code="invalid_api_key"), ProviderUnusable),
        (FaultRule(effect="error", status=400, code="invalid_value"), ProviderUnusable),
        (FaultRule(effect="error", code="moderation_blocked"), ProviderUnusable),
    ],
    ids=_name,
)
def test_without_a_judgement_nothing_is_called_fine(
    doubles: Doubles, moderator: OpenAIModerator, rule: FaultRule, ours: type[Exception]
) -> None:
    doubles.control.plan(dataclasses.replace(rule, path=MODERATIONS))
    with pytest.raises(ours):
        moderator.flags("달빛 아래 걷는 고양이")
    assert len(doubles.control.requests("openai", at_least=1)) == 1
