"""Toss's error answers: the body `{"code", "message"}`.

Source of codes and statuses: https://docs.tosspayments.com/reference/error-codes. The words are the double's own; a
client decides by the code.
"""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from local.doubles.core.faults import FaultRule

CODES: dict[str, tuple[int, str]] = {
    "ALREADY_PROCESSED_PAYMENT": (400, "이미 처리된 결제입니다."),
    "PROVIDER_ERROR": (400, "잠시 오류가 생겼습니다. 조금 뒤에 다시 시도해 주세요."),
    "INVALID_REQUEST": (400, "잘못된 요청입니다."),
    "INVALID_API_KEY": (400, "시크릿 키가 맞지 않습니다."),
    "INVALID_REJECT_CARD": (400, "카드 사용이 거절되었습니다."),
    "INVALID_CARD_EXPIRATION": (400, "카드 유효기간을 다시 확인해 주세요."),
    "INVALID_STOPPED_CARD": (400, "정지된 카드입니다."),
    "INVALID_CARD_LOST_OR_STOLEN": (400, "분실 또는 도난 카드입니다."),
    "BELOW_MINIMUM_AMOUNT": (400, "카드는 100원, 계좌는 200원부터 결제할 수 있습니다."),
    "DUPLICATED_ORDER_ID": (400, "이미 승인된 주문번호입니다."),
    "INVALID_BANK": (400, "유효하지 않은 은행입니다."),
    "INVALID_IDEMPOTENCY_KEY": (400, "멱등키는 300자까지입니다."),
    "ALREADY_CANCELED_PAYMENT": (400, "이미 취소된 결제입니다."),
    "INVALID_REFUND_ACCOUNT_INFO": (400, "환불 계좌 정보가 맞지 않습니다."),
    "INVALID_REFUND_ACCOUNT_NUMBER": (400, "환불 계좌번호가 잘못되었습니다."),
    "NOT_MATCHES_REFUNDABLE_AMOUNT": (400, "환불 가능 금액이 맞지 않습니다."),
    "REFUND_REJECTED": (400, "환불이 거절되었습니다."),
    "UNAUTHORIZED_KEY": (401, "인증되지 않은 키입니다."),
    "INCORRECT_BASIC_AUTH_FORMAT": (403, "Authorization 헤더의 형식이 잘못되었습니다."),
    "REJECT_CARD_PAYMENT": (403, "한도 초과 또는 잔액 부족으로 결제에 실패했습니다."),
    "REJECT_CARD_COMPANY": (403, "카드사에서 결제를 거절했습니다."),
    "REJECT_ACCOUNT_PAYMENT": (403, "잔액 부족으로 결제에 실패했습니다."),
    "FORBIDDEN_REQUEST": (403, "허용되지 않은 요청입니다."),
    "FORBIDDEN_CONSECUTIVE_REQUEST": (403, "반복 요청은 허용되지 않습니다. 조금 뒤에 다시 시도해 주세요."),
    "NOT_CANCELABLE_AMOUNT": (403, "취소할 수 없는 금액입니다."),
    "NOT_CANCELABLE_PAYMENT": (403, "취소할 수 없는 결제입니다."),
    "NOT_ALLOWED_PARTIAL_REFUND": (403, "부분 취소가 되지 않는 결제입니다."),
    "NOT_ALLOWED_PARTIAL_REFUND_WAITING_DEPOSIT": (403, "입금 대기 중인 결제는 부분 환불이 되지 않습니다."),
    "EXCEED_MAX_REFUND_DUE": (403, "환불할 수 있는 기간이 지났습니다."),
    "NOT_AVAILABLE_BANK": (403, "은행 서비스 시간이 아닙니다."),
    "FDS_ERROR": (403, "위험 거래로 판단되어 결제가 막혔습니다."),
    "NOT_FOUND_PAYMENT": (404, "존재하지 않는 결제입니다."),
    "NOT_FOUND_PAYMENT_SESSION": (404, "결제 시간이 지나 결제 데이터가 없습니다."),
    "NOT_FOUND": (404, "존재하지 않는 정보입니다."),
    "IDEMPOTENT_REQUEST_PROCESSING": (409, "같은 멱등키의 요청을 처리하고 있습니다."),
    "TOO_MANY_REQUESTS": (429, "요청이 너무 많습니다."),
    "FAILED_INTERNAL_SYSTEM_PROCESSING": (500, "내부 시스템 처리에 실패했습니다."),
    "FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING": (500, "결제가 완료되지 않았습니다."),
    "UNKNOWN_PAYMENT_ERROR": (500, "결제에 실패했습니다."),
    "FAILED_REFUND_PROCESS": (500, "은행 응답이 늦어 환불에 실패했습니다."),
    "FAILED_PARTIAL_REFUND": (500, "부분 환불에 실패했습니다."),
    "FAILED_METHOD_HANDLING_CANCEL": (500, "취소 중 결제수단 오류가 생겼습니다."),
    "COMMON_ERROR": (500, "잠시 오류가 생겼습니다. 조금 뒤에 다시 시도해 주세요."),
}
"""Code -> HTTP status and words."""


class TossRefusal(Exception):
    """The request is refused with one of Toss's codes."""

    def __init__(self, code: str, message: str | None = None, status: int | None = None) -> None:
        super().__init__(code)
        usual_status, usual_message = CODES.get(code, (400, code))
        self.code, self.message = code, message or usual_message
        self.status = status or usual_status

    def response(self) -> Response:
        """The answer that leaves."""
        return JSONResponse({"code": self.code, "message": self.message}, status_code=self.status)


_USUAL_CODES = {
    400: "INVALID_REQUEST",
    401: "UNAUTHORIZED_KEY",
    403: "FORBIDDEN_REQUEST",
    404: "NOT_FOUND_PAYMENT",
    409: "IDEMPOTENT_REQUEST_PROCESSING",
    429: "TOO_MANY_REQUESTS",
}


def speak_error(rule: FaultRule) -> Response:
    """A planned error in Toss's words: a code brings its status with it, a status its usual code."""
    code = rule.code or _USUAL_CODES.get(rule.status or 500, "FAILED_INTERNAL_SYSTEM_PROCESSING")
    return TossRefusal(code, rule.message, rule.status).response()
