"""Why an order, a payment or a refund is refused; every refusal leaves everything as it was."""

from __future__ import annotations

from imagesfactory.kit.errors import Outcome, Refusal, Text


class UnknownPack(Refusal):
    """There is no such pack of points."""

    outcome = Outcome.INVALID_ARGUMENT
    code = "unknown-pack"
    text = Text("선택할 수 없는 상품입니다.", "This pack cannot be chosen.")


class CurrencyNotOffered(Refusal):
    """The pack has no price in that currency, or the provider does not take it."""

    outcome = Outcome.INVALID_ARGUMENT
    code = "currency-not-offered"
    text = Text("선택한 결제 수단에서 사용할 수 없는 통화입니다.", "This way to pay does not take this currency.")


class NoticeOutdated(Refusal):
    """The buyer confirmed a notice that is not in force; details: ``current``."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "notice-outdated"
    text = Text("구매 안내가 변경되었습니다. 새 안내를 확인해 주세요.", "The notice has changed. Please read it again.")


class PaymentsOff(Refusal):
    """The way to pay is not set up in this deployment."""

    outcome = Outcome.UNAVAILABLE
    code = "payments-off"
    text = Text("현재 사용할 수 없는 결제 수단입니다.", "This way to pay is not available now.")


class PaymentUnclear(Refusal):
    """The provider did not answer; what became of the payment will be found out without the client."""

    outcome = Outcome.UNAVAILABLE
    code = "payment-unclear"
    text = Text(
        "결제 결과를 확인하고 있습니다. 잠시 후 주문 내역을 확인해 주세요.",
        "We are still finding out about this payment. Please look at the order again shortly.",
    )


class PaymentDeclined(Refusal):
    """The provider will not take the money; details: ``provider_code``."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "payment-declined"
    text = Text(
        "결제가 승인되지 않았습니다. 다른 결제 수단을 이용해 주세요.",
        "The payment was declined. Please use another way to pay.",
    )


class AmountMismatch(Refusal):
    """What is to be confirmed is not what was ordered."""

    outcome = Outcome.INVALID_ARGUMENT
    code = "amount-mismatch"
    text = Text("주문 금액과 결제 금액이 다릅니다.", "The amount is not that of the order.")


class OrderNotFound(Refusal):
    """There is no such order of this member; somebody else's order looks the same."""

    outcome = Outcome.NOT_FOUND
    code = "order-not-found"
    text = Text("주문을 찾을 수 없습니다.", "There is no such order.")


class OrderClosed(Refusal):
    """The order expired or failed: its payment can no longer be confirmed."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "order-closed"
    text = Text("만료되었거나 취소된 주문입니다. 다시 주문해 주세요.", "This order is closed. Please order again.")


class RequestIdReused(Refusal):
    """The request id was used before for a different order."""

    outcome = Outcome.ALREADY_EXISTS
    code = "request-id-reused"
    text = Text(
        "같은 요청 번호로 다른 요청이 이미 접수되었습니다.",
        "This request id was already used for a different request.",
    )


class PaymentInProgress(Refusal):
    """Another payment of this order is being confirmed."""

    outcome = Outcome.ABORTED
    code = "payment-in-progress"
    text = Text("이 주문의 결제를 처리하고 있습니다.", "A payment of this order is being processed.")


class OrderNotPaid(Refusal):
    """There is nothing to refund, or no receipt yet."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "order-not-paid"
    text = Text("결제가 완료되지 않은 주문입니다.", "This order has not been paid.")


class NothingToRefund(Refusal):
    """Fewer unused paid points of this order are left than asked for; details: ``refundable_points``."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "nothing-to-refund"
    text = Text(
        "이 주문에서 환불할 수 있는 미사용 포인트가 부족합니다.",
        "This order has fewer unused paid points than that.",
    )


class RefundInProgress(Refusal):
    """Another refund of this order is not decided yet."""

    outcome = Outcome.ABORTED
    code = "refund-in-progress"
    text = Text("이 주문의 다른 환불을 처리하고 있습니다.", "Another refund of this order is being processed.")


class PaymentDisputed(Refusal):
    """The payer disputes the payment with the bank: its money is not ours to give back."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "payment-disputed"
    text = Text(
        "카드사에 이의가 제기된 결제는 환불할 수 없습니다.", "A payment disputed with the bank cannot be refunded."
    )


class RefundAccountMissing(Refusal):
    """A virtual account's deposit goes back to an account that the buyer must name."""

    outcome = Outcome.INVALID_ARGUMENT
    code = "refund-account-missing"
    text = Text("환불받을 계좌를 입력해 주세요.", "Please name the account for the refund.")


class ClaimTooLate(Refusal):
    """What differs from what was shown was claimed too late: the statutory ground is gone; another may be left."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "claim-too-late"
    text = Text("청약철회 기간이 지난 청구입니다.", "This was claimed after the period of withdrawal.")


class MoreThanPaid(Refusal):
    """More is said to have been paid back than was paid and has not gone back; details: ``refundable_amount``."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "more-than-paid"
    text = Text(
        "이 주문에서 돌려줄 수 있는 금액보다 많습니다.", "This order has less money left to pay back than that."
    )


class CouponUnknown(Refusal):
    """There is no such coupon now."""

    outcome = Outcome.NOT_FOUND
    code = "coupon-unknown"
    text = Text("사용할 수 없는 쿠폰입니다.", "This coupon cannot be used.")


class CouponUsedBefore(Refusal):
    """The member redeemed it before."""

    outcome = Outcome.ALREADY_EXISTS
    code = "coupon-used-before"
    text = Text("이미 사용한 쿠폰입니다.", "You have used this coupon before.")


class SettlementNotFound(Refusal):
    """There is no report of that day."""

    outcome = Outcome.NOT_FOUND
    code = "settlement-not-found"
    text = Text("해당 일자의 정산 보고서가 없습니다.", "There is no report of that day.")
