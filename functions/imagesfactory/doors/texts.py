"""What doors say of requests that never reach a room."""

from __future__ import annotations

from typing import Final

from imagesfactory.kit.errors import Text

MALFORMED: Final = Text("요청 형식이 올바르지 않습니다.", "The request is not of the right form.")
TOO_LARGE: Final = Text("요청이 너무 큽니다.", "The request is too large.")
SIGN_IN_INVALID: Final = Text(
    "로그인 정보가 유효하지 않습니다. 다시 로그인해 주세요.", "Your sign-in is not valid. Please sign in again."
)
WRONG_METHOD: Final = Text("지원하지 않는 요청 방식입니다.", "This method is not supported.")
WRONG_ORIGIN: Final = Text("허용되지 않은 사이트에서 보낸 요청입니다.", "Requests from this site are not accepted.")
LINK_INVALID: Final = Text(
    "유효하지 않은 링크입니다. 메일에 있는 링크를 다시 열어 주세요.",
    "This link is not valid. Please open the one in our mail again.",
)
INTERNAL: Final = Text(
    "내부 문제가 발생했습니다. 잠시 후 다시 시도해 주세요.", "Something went wrong on our side. Please try again."
)
