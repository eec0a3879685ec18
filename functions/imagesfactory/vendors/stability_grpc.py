"""Pictures by Stability AI's older gRPC engines, through stability-sdk.

The engines may be gone any day; a deployment switches them on by STABILITY_GRPC_ENABLED.
"""

from __future__ import annotations

import ipaddress
import os
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from imagesfactory.generation.ports import (
    ContentRejected,
    Generated,
    Picture,
    ProviderBusy,
    ProviderUnusable,
    RequestFaulty,
)
from imagesfactory.vendors.finished_picture import finished
from imagesfactory.vendors.once import Once

if TYPE_CHECKING:
    import grpc
    from stability_sdk.client import StabilityInference

STEPS = 30
GUIDANCE_SCALE = 7.0

_UNUSABLE_STATUSES = frozenset(
    {"UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND", "UNIMPLEMENTED", "FAILED_PRECONDITION"}
)
_FAULTY_STATUSES = frozenset({"INVALID_ARGUMENT", "OUT_OF_RANGE"})
_REJECTION_TEXT = "invalid prompts"
"""A prompt refused by the safety system comes as INVALID_ARGUMENT "Invalid prompts detected"."""


class StabilityGrpc:
    """An ImageModel. ``Picture.provider_model`` is the engine's id."""

    def __init__(self, *, api_key: str, host: str) -> None:
        """``host`` is name:port; a port that does not end in 443 is plaintext, so it must be on this machine."""
        self._api_key = api_key
        self._host = host
        self._client = Once(self._connect)

    def generate(self, picture: Picture, *, timeout_seconds: float) -> Generated:
        """One picture, asked for exactly once; see the port for errors."""
        client = self._client()
        import grpc

        request = _request(picture)
        try:
            answers = client.stub.Generate(request, timeout=timeout_seconds, wait_for_ready=False)
            png = _png_of(answers)
        except grpc.RpcError as error:
            raise _ours(error) from None
        system = f"Stability AI {picture.provider_model}"
        return finished(png, request_id=request.request_id, ai_system=system)

    def _connect(self) -> StabilityInference:
        if not is_private_to_carry(self._host):
            raise ProviderUnusable("plaintext_host_refused")
        if not self._api_key:
            raise ProviderUnusable("api_key_missing")
        sdk = _sdk()
        key = self._api_key if _is_encrypted(self._host) else ""  # never sent in plaintext; the SDK would only warn
        return sdk.StabilityInference(host=self._host, key=key, wait_for_ready=False)


def is_private_to_carry(host: str) -> bool:
    """Whether the SDK would encrypt what it sends to ``host`` (name:port), or it would not leave this machine."""
    return _is_encrypted(host) or _is_loopback(host.rpartition(":")[0].strip("[]"))


def _is_encrypted(host: str) -> bool:
    """The SDK's own rule: the last three characters decide, whatever stands before them."""
    return host.endswith("443")


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _sdk() -> Any:
    """The SDK's module. Its import would load a .env file from any folder above it into our environment."""
    os.environ["PYTHON_DOTENV_DISABLED"] = "true"
    import stability_sdk.client

    return stability_sdk.client


def _request(picture: Picture) -> Any:
    """The SDK's own generate() cannot set a deadline, so its stub is called with a request like it makes."""
    words = _sdk().generation
    guided = words.StepParameter(scaled_step=0, sampler=words.SamplerParameters(cfg_scale=GUIDANCE_SCALE))
    return words.Request(
        engine_id=picture.provider_model,
        request_id=str(uuid.uuid4()),
        prompt=[words.Prompt(text=picture.prompt)],
        image=words.ImageParameters(
            width=picture.width,
            height=picture.height,
            steps=STEPS,
            samples=1,
            transform=words.TransformType(diffusion=words.SAMPLER_K_LMS),
            parameters=[guided],
        ),
        classifier=words.ClassifierParameters(),
    )


def _png_of(answers: Iterable[Any]) -> bytes:
    """The picture among the artifacts of the stream; the others are keep-alives and classifier results."""
    words = _sdk().generation
    pictures: list[bytes] = []
    for answer in answers:
        for artifact in answer.artifacts:
            if artifact.finish_reason == words.FILTER:
                raise ContentRejected
            if artifact.type == words.ARTIFACT_IMAGE:
                pictures.append(artifact.binary)
    if not pictures:
        raise ProviderBusy
    return pictures[0]


def _ours(error: grpc.RpcError) -> Exception:
    """What a gRPC status means to us. Source: grpc.io/docs/guides/status-codes."""
    status = error.code().name
    if status in _FAULTY_STATUSES:
        rejected = _REJECTION_TEXT in (error.details() or "").lower()
        return ContentRejected() if rejected else RequestFaulty(status.lower())
    if status in _UNUSABLE_STATUSES:
        return ProviderUnusable(status.lower())
    return ProviderBusy()
