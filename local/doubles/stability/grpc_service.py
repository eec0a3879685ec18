"""The legacy gRPC double: the GenerationService that stability-sdk 0.2.2 speaks to.

Importing this module imports `stability_sdk.client`, which alone can make the generated modules importable.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import grpc
import stability_sdk.client as sdk  # first: it puts its folder of generated modules on the import path
from google.protobuf.json_format import MessageToDict

from local.doubles.core.backstage import Backstage
from local.doubles.core.faults import Call, FaultRule, PlannedFault
from local.doubles.core.journal import ReceivedRequest
from local.doubles.core.safety import flagged_categories, output_refused
from local.doubles.pictures.painter import PictureOrder, paint

messages: Any = sdk.generation

PROVIDER = "stability_grpc"
PATH = "/gooseai.GenerationService/Generate"
ENGINES = ("stable-diffusion-xl-1024-v1-0", "stable-diffusion-xl-1024-v0-9", "stable-diffusion-512-v2-1")
RETIRED_ENGINES = ("stable-diffusion-v1", "stable-diffusion-v1-5", "stable-diffusion-xl-beta-v2-2-2")
SAMPLES_MAX, STEPS_MAX = 10, 150
SIDE_STEP_PIXELS, SIDE_PIXELS_MIN, SIDE_PIXELS_MAX = 64, 128, 1536

_STATUS_TO_CODE = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    402: grpc.StatusCode.RESOURCE_EXHAUSTED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    500: grpc.StatusCode.INTERNAL,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}
_CODE_TO_STATUS = {code: status for status, code in reversed(_STATUS_TO_CODE.items())}


class EngineRefusal(Exception):
    """The request is refused with this gRPC status."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(details)
        self.code, self.details = code, details


class GenerationDouble:
    """The servicer: one answer with one picture for each sample, or a refusal."""

    def __init__(self, backstage: Backstage) -> None:
        self._journal, self._faults, self._album = backstage.journal, backstage.faults, backstage.album

    def add_to(self, server: grpc.aio.Server) -> None:
        """Serve this double on a gRPC server."""
        sdk.generation_grpc.add_GenerationServiceServicer_to_server(self, server)

    async def Generate(self, request: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802 (the service's name)
        """Stream one Answer for each sample of the Request."""
        entry = await self._note(request)
        status: int | None = 200
        try:
            fault = self._faults.take(
                Call(provider=PROVIDER, path=PATH, model=request.engine_id, text=_prompt(request))
            )
            entry.fault = fault.id if fault else None
            await self._before(fault)
            async for answer in self._answers(request, fault):
                yield answer
        except EngineRefusal as refusal:
            status = _CODE_TO_STATUS.get(refusal.code, 500)
            await context.abort(refusal.code, refusal.details)
        except asyncio.CancelledError:
            status = None
            raise
        finally:
            await self._journal.finish(entry, status)

    async def _note(self, request: Any) -> ReceivedRequest:
        return await self._journal.write(
            provider=PROVIDER,
            method="GRPC",
            path=PATH,
            query="",
            headers={},
            body=MessageToDict(request, preserving_proto_field_name=True),
            size=request.ByteSize(),
        )

    async def _before(self, fault: PlannedFault | None) -> None:
        if fault and fault.rule.effect == "hold":
            await self._faults.hold(fault)
        if fault and fault.rule.ends_in_error:
            raise EngineRefusal(_planned_code(fault.rule), fault.rule.message or "planned by the local control API")

    async def _answers(self, request: Any, fault: PlannedFault | None) -> AsyncIterator[Any]:
        check_request(request)
        prompt = _prompt(request)
        refused = bool(flagged_categories(prompt)) or output_refused(prompt)
        effect = fault.rule.effect if fault else None
        broken = EngineRefusal(grpc.StatusCode.UNAVAILABLE, "Socket closed")
        for number in range(request.image.samples or 1):
            artifact = await self._picture(request, number, refused)
            if effect == "garbage":
                artifact.binary = b"upstream said something else"
            if effect != "lost":
                yield _answer(request, artifact)
            if effect == "cut":
                raise broken
        if effect == "lost":
            raise broken

    async def _picture(self, request: Any, number: int, refused: bool) -> Any:
        seeds = list(request.image.seed)
        seed = (seeds[number] if number < len(seeds) else Random(number).randint(1, 2**32 - 1)) if seeds else number
        order = PictureOrder(
            prompt=_prompt(request),
            provider="Stability AI (gRPC)",
            model=request.engine_id,
            width=request.image.width,
            height=request.image.height,
            index=number,
            blurred=refused,
        )
        content = await asyncio.to_thread(paint, order)
        self._album.keep(order, content)
        return messages.Artifact(
            id=number,
            type=messages.ARTIFACT_IMAGE,
            mime="image/png",
            binary=content,
            index=number,
            finish_reason=messages.FILTER if refused else messages.NULL,
            seed=seed,
        )


def check_request(request: Any) -> None:
    """Refuse what the engines do not draw.

    Raises:
        EngineRefusal: NOT_FOUND for an engine that is retired or unknown, INVALID_ARGUMENT for the rest.

    """
    if request.engine_id not in ENGINES:
        raise EngineRefusal(grpc.StatusCode.NOT_FOUND, f"the specified engine (ID {request.engine_id}) was not found")
    wrong = grpc.StatusCode.INVALID_ARGUMENT
    if not _prompt(request).strip():
        raise EngineRefusal(wrong, "text_prompts: at least one is required")
    for side in (request.image.width, request.image.height):
        if side % SIDE_STEP_PIXELS or not SIDE_PIXELS_MIN <= side <= SIDE_PIXELS_MAX:
            raise EngineRefusal(wrong, f"width and height must be multiples of {SIDE_STEP_PIXELS} within the limits")
    if request.image.samples > SAMPLES_MAX or request.image.steps > STEPS_MAX:
        raise EngineRefusal(wrong, f"at most {SAMPLES_MAX} samples and {STEPS_MAX} steps")


def _prompt(request: Any) -> str:
    return "\n".join(prompt.text for prompt in request.prompt if prompt.text)


def _answer(request: Any, artifact: Any) -> Any:
    now = int(time.time() * 1000)
    return messages.Answer(
        answer_id=str(uuid.uuid4()),
        request_id=request.request_id,
        received=now,
        created=now,
        meta=messages.AnswerMeta(engine_id=request.engine_id),
        artifacts=[artifact],
    )


def _planned_code(rule: FaultRule) -> grpc.StatusCode:
    """The rule's code when it names a gRPC status, else the one its HTTP status stands for."""
    by_name = {code.name: code for code in grpc.StatusCode}
    return by_name.get(rule.code or "") or _STATUS_TO_CODE.get(rule.status or 500, grpc.StatusCode.UNKNOWN)
