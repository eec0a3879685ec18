"""Why a request for images is refused; every refusal leaves everything as it was."""

from __future__ import annotations

from imagesfactory.kit.errors import Outcome, Refusal, Text


class PromptRejected(Refusal):
    """The moderator flags the prompt; details: ``categories``, comma-separated."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "prompt-rejected"
    text = Text(
        "이용 정책에 맞지 않는 내용이 있어 이미지를 만들 수 없습니다. 포인트는 차감되지 않았습니다.",
        "This prompt is against our content policy. No points were taken.",
    )


class ModerationUnavailable(Refusal):
    """No judgement of the prompt can be had now, and without one nothing is generated."""

    outcome = Outcome.UNAVAILABLE
    code = "moderation-unavailable"
    text = Text(
        "지금은 요청을 확인할 수 없습니다. 잠시 후 다시 시도해 주세요. 포인트는 차감되지 않았습니다.",
        "We cannot check the prompt right now. Please try again shortly. No points were taken.",
    )


class UnknownModel(Refusal):
    """There is no such model, or it is not offered now."""

    outcome = Outcome.INVALID_ARGUMENT
    code = "unknown-model"
    text = Text("선택할 수 없는 모델입니다.", "This model cannot be chosen.")


class UnknownQuality(Refusal):
    """The model is not offered in that quality; details: ``offered``."""

    outcome = Outcome.INVALID_ARGUMENT
    code = "unknown-quality"
    text = Text("선택한 모델에서 사용할 수 없는 품질입니다.", "The chosen model does not offer this quality.")


class UnknownShape(Refusal):
    """The model is not offered in that shape; details: ``offered``."""

    outcome = Outcome.INVALID_ARGUMENT
    code = "unknown-shape"
    text = Text("선택한 모델에서 사용할 수 없는 크기입니다.", "The chosen model does not offer this shape.")


class ImageCountOutOfRange(Refusal):
    """No image, or more images than one request may have; details: ``minimum``, ``maximum``."""

    outcome = Outcome.INVALID_ARGUMENT
    code = "image-count-out-of-range"
    text = Text("이미지 수가 허용 범위를 벗어났습니다.", "The number of images is out of range.")


class PromptEmpty(Refusal):
    """The prompt has no visible character."""

    outcome = Outcome.INVALID_ARGUMENT
    code = "prompt-empty"
    text = Text("이미지에 대한 설명을 입력해 주세요.", "Please describe the image.")


class PromptTooLong(Refusal):
    """The prompt has more characters than allowed; details: ``maximum``."""

    outcome = Outcome.INVALID_ARGUMENT
    code = "prompt-too-long"
    text = Text("설명이 너무 깁니다.", "The description is too long.")


class TooManyOpenJobs(Refusal):
    """The member has as many unfinished jobs as one may have; details: ``maximum``."""

    outcome = Outcome.RESOURCE_EXHAUSTED
    code = "too-many-open-jobs"
    text = Text(
        "진행 중인 작업이 너무 많습니다. 완료된 후 다시 시도해 주세요.",
        "You have too many unfinished jobs. Please wait for some to finish.",
    )


class RequestIdReused(Refusal):
    """The request id was used before for a different request."""

    outcome = Outcome.ALREADY_EXISTS
    code = "request-id-reused"
    text = Text(
        "같은 요청 번호로 다른 요청이 이미 접수되었습니다.",
        "This request id was already used for a different request.",
    )


class JobNotFound(Refusal):
    """There is no such job of this member; somebody else's job looks the same."""

    outcome = Outcome.NOT_FOUND
    code = "job-not-found"
    text = Text("작업을 찾을 수 없습니다.", "There is no such job.")
