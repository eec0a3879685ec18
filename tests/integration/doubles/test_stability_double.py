"""The Stability doubles: REST through requests, gRPC through the real stability-sdk."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
import requests
import stability_sdk.client as sdk
from PIL import Image

from local.doubles import ControlClient, Doubles

ENGINE = "stable-diffusion-xl-1024-v1-0"


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def post(doubles: Doubles, session: requests.Session, service: str = "core", **fields: Any) -> requests.Response:
    accept = fields.pop("accept", "image/*")
    key = fields.pop("key", "sk-local")
    return session.post(
        f"{doubles.addresses.stability_url}/v2beta/stable-image/generate/{service}",
        headers={"authorization": f"Bearer {key}", "accept": accept},
        files={name: (None, str(value)) for name, value in {"prompt": "숲속의 작은 집", **fields}.items()},
        timeout=60,
    )


@pytest.mark.parametrize(("service", "size"), [("core", (2016, 1152)), ("ultra", (1344, 768)), ("sd3", (1344, 768))])
def test_bytes_answer_with_reason_and_seed(
    doubles: Doubles, session: requests.Session, service: str, size: tuple[int, int]
) -> None:
    answer = post(doubles, session, service, aspect_ratio="16:9", seed=42, output_format="jpeg")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert (answer.headers["finish-reason"], answer.headers["seed"]) == ("SUCCESS", "42")
    assert answer.headers["x-request-id"]
    assert Image.open(io.BytesIO(answer.content)).size == size


def test_json_answer_carries_the_picture(doubles: Doubles, session: requests.Session) -> None:
    body = post(doubles, session, accept="application/json", output_format="webp").json()
    assert body["finish_reason"] == "SUCCESS"
    assert 0 < body["seed"] <= 4_294_967_294
    assert Image.open(io.BytesIO(base64.b64decode(body["image"]))).format == "WEBP"


@pytest.mark.parametrize("accept", ["image/*", "application/json"])
def test_filtered_picture_is_still_200(doubles: Doubles, session: requests.Session, accept: str) -> None:
    answer = post(doubles, session, prompt="거절될 결과", accept=accept)
    reason = answer.json()["finish_reason"] if accept == "application/json" else answer.headers["finish-reason"]
    assert (answer.status_code, reason) == (200, "CONTENT_FILTERED")


def test_unsafe_prompt_is_refused_by_name(doubles: Doubles, session: requests.Session) -> None:
    answer = post(doubles, session, prompt="폭력적인 장면")
    assert (answer.status_code, answer.json()["name"]) == (403, "content_moderation")
    assert set(answer.json()) == {"id", "name", "errors"}


@pytest.mark.parametrize(
    ("service", "fields", "field"),
    [
        ("core", {"prompt": " "}, "prompt"),
        ("core", {"prompt": "x" * 10_001}, "prompt"),
        ("core", {"aspect_ratio": "7:3"}, "aspect_ratio"),
        ("core", {"seed": 4_294_967_295}, "seed"),
        ("core", {"seed": "many"}, "seed"),
        ("core", {"style_preset": "cubist"}, "style_preset"),
        ("core", {"width": 512}, "width"),
        ("sd3", {"output_format": "webp"}, "output_format"),
        ("sd3", {"model": "sd3"}, "model"),
        ("sd3", {"cfg_scale": 11}, "cfg_scale"),
        ("sd3", {"mode": "image-to-image"}, "image"),
    ],
)
def test_wrong_fields_are_refused(
    doubles: Doubles, session: requests.Session, service: str, fields: dict[str, Any], field: str
) -> None:
    answer = post(doubles, session, service, **fields)
    assert (answer.status_code, answer.json()["name"]) == (400, "bad_request")
    assert answer.json()["errors"][0].startswith(f"{field}:")


def test_form_must_be_multipart(doubles: Doubles, session: requests.Session) -> None:
    url = f"{doubles.addresses.stability_url}/v2beta/stable-image/generate/core"
    answer = session.post(url, headers={"authorization": "Bearer sk"}, data={"prompt": "x"}, timeout=60)
    assert (answer.status_code, answer.json()["errors"]) == (400, ["content-type: must be multipart/form-data"])
    empty_file = session.post(
        url, headers={"authorization": "Bearer sk"}, data={"prompt": "x"}, files={"none": ""}, timeout=60
    )
    assert empty_file.status_code == 200


def test_wrong_key_size_service_and_accept(doubles: Doubles, session: requests.Session) -> None:
    assert post(doubles, session, key="sk-invalid").status_code == 401
    assert post(doubles, session, negative_prompt="x" * (10 * 1024 * 1024)).status_code == 413
    assert post(doubles, session, "video").status_code == 404
    assert post(doubles, session, accept="text/html").status_code == 400


def test_only_delivered_pictures_cost_credits(doubles: Doubles, session: requests.Session) -> None:
    def balance() -> float:
        url = f"{doubles.addresses.stability_url}/v1/user/balance"
        return float(session.get(url, headers={"authorization": "Bearer sk"}, timeout=60).json()["credits"])

    before = balance()
    post(doubles, session, "sd3", model="sd3.5-medium")
    post(doubles, session, prompt="거절될 결과")
    post(doubles, session, prompt="폭력")
    assert balance() == before - 3.5


def test_rest_calls_are_journaled_with_their_fields(
    doubles: Doubles, session: requests.Session, control: ControlClient
) -> None:
    post(doubles, session, "ultra", seed=7)
    (call,) = control.requests(provider="stability", at_least=1)
    assert (call.body, call.model) == ({"prompt": "숲속의 작은 집", "seed": "7"}, "ultra")


def inference(doubles: Doubles, engine: str = ENGINE) -> Any:
    return sdk.StabilityInference(
        host=doubles.addresses.stability_grpc_host, key="sk-local", engine=engine, wait_for_ready=False
    )


def test_grpc_draws_one_picture_for_each_sample(doubles: Doubles, control: ControlClient) -> None:
    answers = list(inference(doubles).generate("눈 속의 여우", height=512, width=768, samples=2, seed=5))
    artifacts = [artifact for answer in answers for artifact in answer.artifacts]
    pictures = [Image.open(io.BytesIO(artifact.binary)) for artifact in artifacts]
    assert [picture.size for picture in pictures] == [(768, 512)] * 2
    assert pictures[0].tobytes() != pictures[1].tobytes()
    assert artifacts[0].seed == 5
    assert {artifact.finish_reason for artifact in artifacts} == {sdk.generation.NULL}
    (call,) = control.requests(provider="stability_grpc", at_least=1)
    assert (call.model, call.body["prompt"][0]["text"], call.status) == (ENGINE, "눈 속의 여우", 200)


@pytest.mark.parametrize("prompt", ["폭력", "refused result"])
def test_grpc_filter_is_a_reason_and_not_an_error(doubles: Doubles, prompt: str) -> None:
    (answer,) = inference(doubles).generate(prompt)
    assert answer.artifacts[0].finish_reason == sdk.generation.FILTER


@pytest.mark.parametrize(
    ("engine", "arguments", "code"),
    [
        ("stable-diffusion-v1-5", {}, grpc.StatusCode.NOT_FOUND),
        (ENGINE, {"width": 500}, grpc.StatusCode.INVALID_ARGUMENT),
        (ENGINE, {"samples": 11}, grpc.StatusCode.INVALID_ARGUMENT),
        (ENGINE, {"prompt": " "}, grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
def test_grpc_refusals(doubles: Doubles, engine: str, arguments: dict[str, Any], code: grpc.StatusCode) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        list(inference(doubles, engine).generate(**{"prompt": "x", **arguments}))
    assert caught.value.code() == code


def test_grpc_port_is_never_taken_for_tls(doubles: Doubles) -> None:
    assert not doubles.addresses.stability_grpc_host.endswith("443")
