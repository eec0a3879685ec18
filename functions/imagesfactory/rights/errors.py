"""Why a request about one's own data is refused; every refusal leaves everything as it was."""

from __future__ import annotations

from imagesfactory.kit.errors import Outcome, Refusal, Text


class PlaceUnknown(Refusal):
    """There is no such kind of record, or the cursor is none of ours."""

    outcome = Outcome.NOT_FOUND
    code = "place-unknown"
    text = Text("조회할 수 없는 항목입니다.", "There is no such kind of record.")


class CorrectionPending(Refusal):
    """One correction at a time: another one is not decided yet."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "correction-pending"
    text = Text("처리 중인 정정 요청이 있습니다.", "A correction you asked for is not decided yet.")


class RequestNotFound(Refusal):
    """There is no such request, or it was decided before."""

    outcome = Outcome.NOT_FOUND
    code = "request-not-found"
    text = Text("처리할 요청을 찾을 수 없습니다.", "There is no such open request.")


class NotListed(Refusal):
    """The register of misuse does not know that address."""

    outcome = Outcome.NOT_FOUND
    code = "not-listed"
    text = Text("가입이 제한된 주소가 아닙니다.", "That address is not kept from joining.")
