"""What doors say of requests that never reach a room."""

from __future__ import annotations

from typing import Final

from imagesfactory.kit.errors import Text

MALFORMED: Final = Text("요청 형식이 올바르지 않습니다.", "The request is not of the right form.")
TOO_LARGE: Final = Text("요청이 너무 큽니다.", "The request is too large.")
SIGN_IN_INVALID: Final = Text(
    "로그인 정보가 유효하지 않습니다. 다시 로그인해 주세요.", "Your sign-in is not valid. Please sign in again."
)
INTERNAL: Final = Text(
    "내부 문제가 발생했습니다. 잠시 후 다시 시도해 주세요.", "Something went wrong on our side. Please try again."
)
