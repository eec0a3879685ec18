"""Why the officer is refused; every refusal leaves everything as it was."""

from __future__ import annotations

from imagesfactory.kit.errors import Outcome, Refusal, Text


class SuspendedBefore(Refusal):
    """The member is suspended already, or the request id stands for another reason."""

    outcome = Outcome.ALREADY_EXISTS
    code = "suspended-before"
    text = Text("이미 이용이 정지된 회원입니다.", "This member is suspended already.")


class SuspensionUnknown(Refusal):
    """There is no such suspension."""

    outcome = Outcome.NOT_FOUND
    code = "suspension-unknown"
    text = Text("해당 이용 정지 기록이 없습니다.", "There is no such suspension.")
