"""Stability's pictures over REST and gRPC, against the double."""

from __future__ import annotations

import dataclasses
import os
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from imagesfactory.generation.ports import (
    ContentRejected,
    Generated,
    ImageModel,
    Picture,
    ProviderBusy,
    ProviderUnusable,
    RequestFaulty,
)
from imagesfactory.vendors.stability_grpc import StabilityGrpc
from imagesfactory.vendors.stability_rest import StabilityRest
from PIL import Image

from local.doubles import Doubles, FaultRule
from tests.integration.vendors.limits import LONG_SECONDS, SHORT_SECONDS

ENGINE = "stable-diffusion-xl-1024-v1-0"
KEY = "sk-secret-of-the-test"


@pytest.fixture
def rest(doubles: Doubles) -> StabilityRest:
    return StabilityRest(api_key=KEY, base_url=doubles.addresses.stability_url)


@pytest.fixture
def engines(doubles: Doubles) -> StabilityGrpc:
    return StabilityGrpc(api_key=KEY, host=doubles.addresses.stability_grpc_host)


@pytest.fixture
def picture(picture: Picture) -> Picture:
    return dataclasses.replace(picture, provider_model="core", quality="standard")


@pytest.fixture
def sdxl(picture: Picture) -> Picture:
    return dataclasses.replace(picture, provider_model=ENGINE)


def system_named_in(made: Generated) -> str:
    with Image.open(BytesIO(made.png)) as image:
        named: str = image.getxmp()["xmpmeta"]["RDF"]["Description"]["AISystemUsed"]
        return named


@pytest.mark.parametrize(
    ("provider_model", "endpoint", "more"),
    [("core", "core", {}), ("ultra", "ultra", {}), ("sd3.5-large", "sd3", {"model": "sd3.5-large"})],
)
def test_rest_makes_a_marked_picture_and_says_nothing_about_the_member(
    doubles: Doubles, rest: StabilityRest, picture: Picture, provider_model: str, endpoint: str, more: dict[str, str]
) -> None:
    asked = dataclasses.replace(picture, provider_model=provider_model)
    made = rest.generate(asked, timeout_seconds=LONG_SECONDS)
    assert system_named_in(made) == f"Stability AI {provider_model}"
    assert made.request_id
    (request,) = doubles.control.requests("stability")
    assert request.path == f"/v2beta/stable-image/generate/{endpoint}"
    assert request.body == {"prompt": picture.prompt, "aspect_ratio": "1:1", "output_format": "png", **more}
    assert picture.end_user not in str(request)


def test_a_netrc_of_the_machine_does_not_replace_the_key(
    rest: StabilityRest, picture: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, doubles: Doubles
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    rest.generate(picture, timeout_seconds=LONG_SECONDS)
    (request,) = doubles.control.requests("stability")
    assert request.headers["authorization"].startswith("Bearer")


@pytest.mark.parametrize("prompt", ["gore", "refused result"], ids=["before", "after it was drawn"])
def test_rest_rejects_unsafe_prompts_and_blurred_results(rest: StabilityRest, picture: Picture, prompt: str) -> None:
    with pytest.raises(ContentRejected):
        rest.generate(dataclasses.replace(picture, prompt=prompt), timeout_seconds=LONG_SECONDS)


def test_rest_sends_nothing_it_knows_to_be_wrong(doubles: Doubles, rest: StabilityRest, picture: Picture) -> None:
    with pytest.raises(RequestFaulty, match="aspect_ratio_missing"):
        rest.generate(dataclasses.replace(picture, aspect_ratio=None), timeout_seconds=LONG_SECONDS)
    with pytest.raises(RequestFaulty, match="model_unknown"):
        rest.generate(dataclasses.replace(picture, provider_model="v1"), timeout_seconds=LONG_SECONDS)
    with pytest.raises(ProviderUnusable, match="api_key_missing"):
        StabilityRest(api_key="", base_url=doubles.addresses.stability_url).generate(
            picture, timeout_seconds=LONG_SECONDS
        )
    assert doubles.control.requests("stability") == []


def _error(status: int | None = None, code: str | None = None) -> FaultRule:
    return FaultRule(effect="error", status=status, code=code)


REST_REFUSALS: list[tuple[FaultRule, type[Exception], str]] = [
    (_error(code="content_moderation"), ContentRejected, "^$"),
    (_error(400, "invalid_prompts"), ContentRejected, "^$"),
    (_error(422, "invalid_language"), ProviderUnusable, "invalid_language"),
    (_error(401), ProviderUnusable, "unauthorized"),
    (_error(402), ProviderUnusable, "payment_required"),
    (_error(403, "permission_denied"), ProviderUnusable, "permission_denied"),
    (_error(404), ProviderUnusable, "not_found"),
    (_error(400), RequestFaulty, "bad_request"),
    (_error(400, "the prompt 고양이"), RequestFaulty, "status-400"),
    (_error(413), RequestFaulty, "payload_too_large"),
    (_error(422), RequestFaulty, "unprocessable_entity"),
    (_error(429), ProviderBusy, "busy"),
    (_error(500), ProviderBusy, "busy"),
    (_error(503), ProviderBusy, "busy"),
    (FaultRule(effect="cut"), ProviderBusy, "busy"),
    (FaultRule(effect="lost"), ProviderBusy, "busy"),
    (FaultRule(effect="garbage"), ProviderBusy, "busy"),
]

GRPC_REFUSALS: list[tuple[FaultRule, type[Exception], str]] = [
    (FaultRule(effect="error", code="INVALID_ARGUMENT", message="Invalid prompts detected"), ContentRejected, "^$"),
    (_error(code="INVALID_ARGUMENT"), RequestFaulty, "invalid_argument"),
    (_error(code="OUT_OF_RANGE"), RequestFaulty, "out_of_range"),
    (_error(code="UNAUTHENTICATED"), ProviderUnusable, "unauthenticated"),
    (_error(code="PERMISSION_DENIED"), ProviderUnusable, "permission_denied"),
    (_error(code="NOT_FOUND"), ProviderUnusable, "not_found"),
    (_error(code="UNIMPLEMENTED"), ProviderUnusable, "unimplemented"),
    (_error(code="FAILED_PRECONDITION"), ProviderUnusable, "failed_precondition"),
    (_error(code="RESOURCE_EXHAUSTED"), ProviderBusy, "busy"),
    (_error(code="UNAVAILABLE"), ProviderBusy, "busy"),
    (_error(code="DEADLINE_EXCEEDED"), ProviderBusy, "busy"),
    (_error(code="ABORTED"), ProviderBusy, "busy"),
    (_error(code="INTERNAL"), ProviderBusy, "busy"),
    (_error(code="UNKNOWN"), ProviderBusy, "busy"),
    (_error(code="DATA_LOSS"), ProviderBusy, "busy"),
    (FaultRule(effect="cut"), ProviderBusy, "busy"),
    (FaultRule(effect="lost"), ProviderBusy, "busy"),
    (FaultRule(effect="garbage"), ProviderBusy, "busy"),
]


def _name(row: object) -> str | None:
    if isinstance(row, FaultRule):
        return "-".join(str(part) for part in (row.effect, row.status, row.code, row.message) if part)
    return None


def _check(
    doubles: Doubles, model: ImageModel, picture: Picture, rule: FaultRule, ours: type[Exception], text: str
) -> None:
    doubles.control.plan(rule)
    with pytest.raises(ours, match=text) as raised:
        model.generate(picture, timeout_seconds=LONG_SECONDS)
    assert picture.prompt not in str(raised.value)
    assert KEY not in str(raised.value)
    assert len(doubles.control.requests(at_least=1)) == 1


@pytest.mark.parametrize(("rule", "ours", "text"), REST_REFUSALS, ids=_name)
def test_each_rest_failure_becomes_ours_after_exactly_one_request(
    doubles: Doubles, rest: StabilityRest, picture: Picture, rule: FaultRule, ours: type[Exception], text: str
) -> None:
    _check(doubles, rest, picture, rule, ours, text)


@pytest.mark.parametrize(("rule", "ours", "text"), GRPC_REFUSALS, ids=_name)
def test_each_grpc_failure_becomes_ours_after_exactly_one_request(
    doubles: Doubles, engines: StabilityGrpc, sdxl: Picture, rule: FaultRule, ours: type[Exception], text: str
) -> None:
    _check(doubles, engines, sdxl, rule, ours, text)


@pytest.mark.parametrize(
    ("rule", "delay"),
    [
        (FaultRule(effect="error", status=429), timedelta(seconds=60)),
        (FaultRule(effect="error", status=429, retry_after_seconds=7), timedelta(seconds=7)),
        (FaultRule(effect="error", status=503), timedelta(0)),
    ],
    ids=["unsaid", "said", "outage"],
)
def test_after_a_rate_limit_stability_is_left_alone(
    doubles: Doubles, rest: StabilityRest, picture: Picture, rule: FaultRule, delay: timedelta
) -> None:
    doubles.control.plan(rule)
    with pytest.raises(ProviderBusy) as raised:
        rest.generate(picture, timeout_seconds=LONG_SECONDS)
    assert raised.value.delay == delay


def test_no_answer_in_time_is_busy(
    doubles: Doubles, rest: StabilityRest, engines: StabilityGrpc, picture: Picture, sdxl: Picture
) -> None:
    engines.generate(sdxl, timeout_seconds=LONG_SECONDS)  # the connection is there, so that the call arrives
    doubles.control.plan(FaultRule(effect="hold"))
    with pytest.raises(ProviderBusy):
        rest.generate(picture, timeout_seconds=SHORT_SECONDS)
    with pytest.raises(ProviderBusy):
        engines.generate(sdxl, timeout_seconds=SHORT_SECONDS)
    doubles.control.clear_faults()


def test_nobody_listening_is_busy(picture: Picture, sdxl: Picture) -> None:
    with pytest.raises(ProviderBusy):
        StabilityRest(api_key=KEY, base_url="http://127.0.0.1:9").generate(picture, timeout_seconds=LONG_SECONDS)
    with pytest.raises(ProviderBusy):
        StabilityGrpc(api_key=KEY, host="127.0.0.1:9").generate(sdxl, timeout_seconds=LONG_SECONDS)


def test_grpc_makes_a_marked_picture_with_the_least_data(
    doubles: Doubles, engines: StabilityGrpc, sdxl: Picture
) -> None:
    made = engines.generate(sdxl, timeout_seconds=LONG_SECONDS)
    assert system_named_in(made) == f"Stability AI {ENGINE}"
    (request,) = doubles.control.requests("stability_grpc")
    assert request.body["engine_id"] == ENGINE
    assert request.body["request_id"] == made.request_id
    assert request.body["prompt"] == [{"text": sdxl.prompt}]
    assert sdxl.end_user not in str(request)


def test_grpc_rejects_filtered_pictures_and_misses_retired_engines(engines: StabilityGrpc, sdxl: Picture) -> None:
    with pytest.raises(ContentRejected):
        engines.generate(dataclasses.replace(sdxl, prompt="gore"), timeout_seconds=LONG_SECONDS)
    with pytest.raises(ProviderUnusable, match="not_found"):
        engines.generate(
            dataclasses.replace(sdxl, provider_model="stable-diffusion-v1-5"), timeout_seconds=LONG_SECONDS
        )


@pytest.mark.parametrize(
    "host", ["grpc.stability.ai:80", "grpc.stability.ai", "10.0.0.1:50051", "localhost.evil.example:50051", ""]
)
def test_grpc_never_goes_out_in_plaintext(host: str, sdxl: Picture) -> None:
    with pytest.raises(ProviderUnusable, match="plaintext_host_refused"):
        StabilityGrpc(api_key=KEY, host=host).generate(sdxl, timeout_seconds=LONG_SECONDS)


def test_the_sdk_loads_no_environment_file(
    engines: StabilityGrpc, sdxl: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("LEFT_BY_SOMEBODY=1\n")
    monkeypatch.chdir(tmp_path)
    engines.generate(sdxl, timeout_seconds=LONG_SECONDS)
    import dotenv

    assert dotenv.load_dotenv(tmp_path / ".env") is False
    assert "LEFT_BY_SOMEBODY" not in os.environ
