"""What letters about money say, and what is kept of a payment: facts only, taken from the records."""

from __future__ import annotations

from datetime import datetime

from imagesfactory.mail.words import PointsBought, RefundDecided
from imagesfactory.payments.model import Order, Payment, Refund, RefundOrigin, RefundState
from imagesfactory.payments.ports import Truth
from imagesfactory.policy.payments import PaymentRules, written


def payment(order: Order, truth: Truth, now: datetime) -> Payment:
    """The record of the money of ``order``."""
    return Payment(
        id=order.payment_id,
        order_id=order.id,
        owner=order.owner,
        provider=order.provider,
        reference=order.reference,
        provider_payment_id=truth.provider_payment_id,
        amount=truth.amount,
        currency=truth.currency,
        paid_at=order.paid_at or now,
        booked_at=truth.booked_at,
        method=truth.method,
        receipt_url=truth.receipt_url,
        receipt_number=order.receipt_number,
    )


def points_bought(order: Order, rules: PaymentRules) -> PointsBought:
    """The contract document of a purchase (E-Commerce Act articles 8(3) and 13(2)); it starts the withdrawal period."""
    pack = rules.pack(order.pack_id)
    return PointsBought(
        order_id=order.id,
        receipt_number=order.receipt_number,
        pack_ko=pack.name.ko if pack else order.pack_id,
        pack_en=pack.name.en if pack else order.pack_id,
        points=order.points if order.is_granted else 0,
        bonus_points=order.bonus_points if order.is_granted else 0,
        price=written(order.amount, order.currency),
        notice_ko=rules.refunds.notice.ko,
        notice_en=rules.refunds.notice.en,
    )


def refund_decided(refund: Refund) -> RefundDecided:
    """How a refund ended."""
    return RefundDecided(
        order_id=refund.order_id,
        is_successful=refund.state is RefundState.SUCCEEDED,
        is_own_request=refund.origin is RefundOrigin.MEMBER,
        price=written(refund.amount, refund.currency),
        points=refund.points,
        owed_points=refund.owed_points,
        late_interest=written(refund.late_interest, refund.currency) if refund.late_interest else "",
    )
