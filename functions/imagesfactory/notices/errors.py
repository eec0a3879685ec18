"""Why an announcement was refused; every refusal leaves everything as it was."""

from __future__ import annotations

from imagesfactory.kit.errors import Outcome, Refusal, Text


class EffectiveTooEarly(Refusal):
    """The change would take effect too soon after it is announced; details: ``earliest`` day, Asia/Seoul."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "effective-too-early"
    text = Text(
        "시행일이 너무 이릅니다. 변경은 7일 전, 권리에 관한 변경은 30일 전까지 알려야 합니다.",
        "Too early: changes are announced 7 days before, and 30 days before if they touch members' rights.",
    )


class AnnouncedBefore(Refusal):
    """A change of this document on this day was announced before, in other words."""

    outcome = Outcome.ALREADY_EXISTS
    code = "announced-before"
    text = Text("이미 공지된 시행일입니다.", "A change on this day was announced before.")
