"""Why a withdrawal does not begin; every refusal leaves everything as it was."""

from __future__ import annotations

from imagesfactory.kit.errors import Outcome, Refusal, Text


class SignInAgain(Refusal):
    """Leaving needs a fresh sign-in; details: ``within_minutes``."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "sign-in-again"
    text = Text("안전을 위해 다시 로그인한 후 탈퇴해 주세요.", "Please sign in again before you withdraw.")


class PreviewOutdated(Refusal):
    """What was shown is no longer what would happen: it must be shown and confirmed again."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "preview-outdated"
    text = Text(
        "탈퇴 시 처리되는 내용이 변경되었습니다. 다시 확인해 주세요.",
        "What a withdrawal would do has changed. Please look at it again.",
    )


class RefundAccountNeeded(Refusal):
    """Money of a virtual account goes back to an account that must be named."""

    outcome = Outcome.INVALID_ARGUMENT
    code = "refund-account-needed"
    text = Text("환불받을 계좌를 입력해 주세요.", "Please name the account for the refund.")
