"""Planned faults, as the real SDKs meet them: the uniform control API of all doubles."""

from __future__ import annotations

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import openai as openai_sdk
import pytest
import requests
import stability_sdk.client as stability_sdk
from openai import OpenAI
from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Mail

from local.doubles import ControlClient, Doubles, FaultRule
from local.doubles.control import ControlRefused
from local.doubles.core.faults import FaultRuleInvalid

IMAGES = "/v1/images/generations"


def draw(client: OpenAI, model: str = "gpt-image-2", prompt: str = "작은 배") -> str:
    return client.images.generate(model=model, prompt=prompt, quality="low").data[0].b64_json or ""  # type: ignore[index]


def send(client: SendGridAPIClient, to: str = "hana@example.com") -> Any:
    return client.send(Mail("support@imagesfactory.com", to, "제목", plain_text_content="본문"))


def test_rate_limit_carries_retry_after_and_ends_by_count(openai: OpenAI, control: ControlClient) -> None:
    fault = control.plan(FaultRule(effect="error", provider="openai", status=429, retry_after_seconds=7, times=1))
    with pytest.raises(openai_sdk.RateLimitError) as caught:
        draw(openai)
    assert caught.value.response.headers["retry-after"] == "7"
    assert draw(openai)
    assert (control.faults()[fault].seen, control.faults()[fault].hits) == (2, 1)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("moderation_blocked", openai_sdk.BadRequestError),
        ("billing_hard_limit_reached", openai_sdk.BadRequestError),
        ("invalid_api_key", openai_sdk.AuthenticationError),
        ("insufficient_quota", openai_sdk.RateLimitError),
        ("server_error", openai_sdk.InternalServerError),
    ],
)
def test_provider_error_codes(openai: OpenAI, control: ControlClient, code: str, error: type[Exception]) -> None:
    control.plan(FaultRule(effect="error", provider="openai", path="/v1/images/*", code=code))
    with pytest.raises(error) as caught:
        draw(openai)
    assert isinstance(caught.value, openai_sdk.APIStatusError)
    assert caught.value.code == code
    assert not openai.moderations.create(input="고양이").results[0].flagged


def test_only_the_nth_matching_call_is_hit(openai: OpenAI, control: ControlClient) -> None:
    control.plan(FaultRule(effect="error", model="gpt-image-2", calls=(2,), status=503))
    draw(openai)
    draw(openai, model="gpt-image-1.5")
    with pytest.raises(openai_sdk.InternalServerError):
        draw(openai)
    draw(openai)
    assert [call.status for call in control.requests(path=IMAGES)] == [200, 200, 503, 200]


def test_a_fault_can_be_about_words_in_the_body(openai: OpenAI, control: ControlClient) -> None:
    control.plan(FaultRule(effect="error", contains="고래", status=500))
    draw(openai, prompt="작은 배")
    with pytest.raises(openai_sdk.InternalServerError):
        draw(openai, prompt="푸른 고래")


def test_hidden_retries_are_seen_in_the_journal(openai: OpenAI, control: ControlClient) -> None:
    control.plan(FaultRule(effect="error", status=500, times=2, headers={"retry-after-ms": "1"}))
    draw(openai.with_options(max_retries=2))
    assert [call.status for call in control.requests(path=IMAGES)] == [500, 500, 200]


def test_held_call_goes_on_when_released(openai: OpenAI, control: ControlClient) -> None:
    fault = control.plan(FaultRule(effect="hold", provider="openai"))
    with ThreadPoolExecutor() as pool:
        calls = [pool.submit(draw, openai) for _ in range(2)]
        control.wait_until_held(fault, count=2)
        assert not any(call.done() for call in calls)
        control.release(fault)
        assert all(call.result(timeout=60) for call in calls)
    assert draw(openai)


def test_held_call_outlives_the_caller_and_its_work_is_done(openai: OpenAI, control: ControlClient) -> None:
    fault = control.plan(FaultRule(effect="hold", provider="openai"))
    with pytest.raises(openai_sdk.APITimeoutError):
        draw(openai.with_options(timeout=0.2))
    control.wait_until_held(fault)
    control.clear_faults()
    (call,) = control.requests(path=IMAGES, at_least=1)
    assert call.finished


def test_held_call_can_end_in_an_error_without_its_work(
    sendgrid: SendGridAPIClient, control: ControlClient, doubles: Doubles
) -> None:
    fault = control.plan(FaultRule(effect="hold", status=503))
    with ThreadPoolExecutor() as pool:
        mail, picture = pool.submit(send, sendgrid), pool.submit(generated, doubles)
        control.wait_until_held(fault, count=2)
        control.release(fault)
        assert isinstance(mail.exception(timeout=60), HTTPError)
        assert isinstance(picture.exception(timeout=60), grpc.RpcError)
    assert control.mails() == []


@pytest.mark.parametrize(("effect", "error"), [("cut", http.client.IncompleteRead), ("lost", OSError)])
def test_broken_connection_after_the_work_was_done(
    sendgrid: SendGridAPIClient, openai: OpenAI, control: ControlClient, effect: Any, error: type[Exception]
) -> None:
    control.plan(FaultRule(effect=effect, times=2))
    with pytest.raises(openai_sdk.APIConnectionError):
        draw(openai)
    with pytest.raises(error):
        send(sendgrid)
    assert [mail["subject"] for mail in control.mails()] == ["제목"]
    assert [call.status for call in control.requests(at_least=2)] == [None, None]


def test_error_leaves_no_effect_behind(sendgrid: SendGridAPIClient, control: ControlClient) -> None:
    control.plan(FaultRule(effect="error", provider="sendgrid", status=503, times=1))
    with pytest.raises(HTTPError) as caught:
        send(sendgrid)
    assert caught.value.status_code == 503
    assert control.mails() == []


def test_garbage_is_a_success_that_cannot_be_read(openai: OpenAI, control: ControlClient) -> None:
    control.plan(FaultRule(effect="garbage", provider="openai"))
    answer = openai.images.with_raw_response.generate(model="gpt-image-2", prompt="작은 배")
    assert answer.http_response.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.http_response.text)


def test_stability_names_its_errors(doubles: Doubles, control: ControlClient) -> None:
    control.plan(FaultRule(effect="error", provider="stability", model="core", status=429, retry_after_seconds=60))
    answer = requests.post(
        f"{doubles.addresses.stability_url}/v2beta/stable-image/generate/core",
        headers={"authorization": "Bearer sk"},
        files={"prompt": (None, "x")},
        timeout=60,
    )
    assert (answer.status_code, answer.json()["name"]) == (429, "rate_limit_exceeded")
    assert answer.headers["retry-after"] == "60"


def generated(doubles: Doubles) -> list[Any]:
    client = stability_sdk.StabilityInference(
        host=doubles.addresses.stability_grpc_host, engine="stable-diffusion-xl-1024-v1-0", wait_for_ready=False
    )
    return list(client.generate("여우"))


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (FaultRule(effect="error", provider="stability_grpc", status=429), grpc.StatusCode.RESOURCE_EXHAUSTED),
        (FaultRule(effect="error", code="DEADLINE_EXCEEDED"), grpc.StatusCode.DEADLINE_EXCEEDED),
        (FaultRule(effect="cut"), grpc.StatusCode.UNAVAILABLE),
        (FaultRule(effect="lost"), grpc.StatusCode.UNAVAILABLE),
    ],
)
def test_grpc_meets_the_same_faults(
    doubles: Doubles, control: ControlClient, rule: FaultRule, code: grpc.StatusCode
) -> None:
    control.plan(rule)
    with pytest.raises(grpc.RpcError) as caught:
        generated(doubles)
    assert caught.value.code() == code


def test_grpc_can_be_held(doubles: Doubles, control: ControlClient) -> None:
    fault = control.plan(FaultRule(effect="hold", path="/gooseai.*"))
    with ThreadPoolExecutor() as pool:
        call = pool.submit(generated, doubles)
        control.wait_until_held(fault)
        control.remove_fault(fault)
        assert len(call.result(timeout=60)) == 1


@pytest.mark.parametrize(
    "document",
    [[], {}, {"effect": "explode"}, {"effect": "error", "status": 200}, {"effect": "error", "calls": [0]},
     {"effect": "error", "statis": 500}, {"effect": "error", "times": "2"}, {"effect": "hold", "headers": {"a": 1}}],
)  # fmt: skip
def test_unclear_rules_are_refused(control: ControlClient, doubles: Doubles, document: Any) -> None:
    with pytest.raises(FaultRuleInvalid):
        FaultRule.from_json(document)
    answer = requests.post(f"{doubles.addresses.control}/faults", json=document, timeout=60)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])


def test_unknown_faults_are_said_to_be_unknown(control: ControlClient) -> None:
    for act in (control.release, control.remove_fault, control.wait_until_held):
        with pytest.raises(ControlRefused, match="no such fault"):
            act("fault-none")


def test_rule_survives_the_way_to_the_server_and_back() -> None:
    rule = FaultRule(effect="error", provider="openai", calls=(1, 3), status=429, headers={"a": "b"})
    assert FaultRule.from_json(rule.to_json()) == rule
