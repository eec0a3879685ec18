"""Why an inquiry was not taken or changed; every refusal leaves everything as it was."""

from __future__ import annotations

from imagesfactory.kit.errors import Outcome, Refusal, Text


class InquiryNotFound(Refusal):
    """There is no such inquiry, or it is somebody else's."""

    outcome = Outcome.NOT_FOUND
    code = "inquiry-not-found"
    text = Text("문의를 찾을 수 없습니다.", "There is no such inquiry.")


class InquiryMadeBefore(Refusal):
    """The request id was used for another inquiry."""

    outcome = Outcome.ALREADY_EXISTS
    code = "inquiry-made-before"
    text = Text("같은 번호로 접수된 다른 문의가 있습니다.", "Another inquiry was made under this request id.")


class InquiryFull(Refusal):
    """The inquiry has as many messages as it may; details: ``maximum``."""

    outcome = Outcome.RESOURCE_EXHAUSTED
    code = "inquiry-full"
    text = Text("이 문의에는 더 이상 글을 쓸 수 없습니다. 새 문의를 등록해 주세요.", "Please make a new inquiry.")


class InquirySettled(Refusal):
    """The inquiry is settled: its clock runs."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "inquiry-settled"
    text = Text("이미 종결된 문의입니다. 새 문의를 등록해 주세요.", "This inquiry is closed. Please make a new one.")


class TooManyInquiries(Refusal):
    """More inquiries came from one place, or name one contact, than is usual."""

    outcome = Outcome.RESOURCE_EXHAUSTED
    code = "too-many-inquiries"
    text = Text(
        "문의가 너무 많습니다. 내일 다시 시도하거나 support@imagesfactory.com으로 메일을 보내 주세요.",
        "Too many inquiries. Please try again tomorrow or write to support@imagesfactory.com.",
    )
