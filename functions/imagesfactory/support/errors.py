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


class ChildNotUnderFourteen(Refusal):
    """A guardian decides for a child under 14; whoever is older decides alone (privacy policy, article 11)."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "child-not-under-fourteen"
    text = Text(
        "법정대리인은 만 14세 미만 아동의 계정 삭제만 요청할 수 있습니다. 만 14세 이상 회원은 직접 탈퇴할 수 있습니다.",
        "A guardian can ask this for a child under 14. Members of 14 or older withdraw by themselves.",
    )


class NotTheirInquiry(Refusal):
    """The inquiry was made by another member, or is a guardian's demand: it opens no account to the officer."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "not-their-inquiry"
    text = Text("해당 회원의 문의가 아닙니다.", "This is not that member's inquiry.")


class NotAGuardiansInquiry(Refusal):
    """The inquiry is no guardian's demand for the account that was named."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "not-a-guardians-inquiry"
    text = Text(
        "해당 계정에 대한 법정대리인의 삭제 요청이 아닙니다.", "This is no guardian's demand to delete that account."
    )
