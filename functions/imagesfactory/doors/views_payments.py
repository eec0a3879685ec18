"""Answers about money as plain values: amounts in the smallest unit of their currency, instants in UTC."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import TYPE_CHECKING, Any

from imagesfactory.payments import receipts, valuation
from imagesfactory.payments.model import Channel, Dispute, Order, Refund
from imagesfactory.payments.orders import Details, Placed
from imagesfactory.policy.payments import PaymentRules, payment_rules

if TYPE_CHECKING:
    from imagesfactory.kit.settings import Settings
    from imagesfactory.payments.receipts import Receipt
    from imagesfactory.payments.request import ReceiptQuery


def packs(rules: PaymentRules) -> dict[str, Any]:
    """What can be bought, and the notice whose version an order confirms."""
    return {
        "packs": [pack.model_dump() for pack in rules.packs],
        "currencies": {name: currency.model_dump(mode="json") for name, currency in rules.currencies.items()},
        "notice_version": rules.version.isoformat(),
        "notice": rules.refunds.notice.model_dump(),
        "withdrawal_days": rules.refunds.withdrawal_days,
    }


def placed(answer: Placed, chosen: Settings, customer_key: str) -> dict[str, Any]:
    """An order and what its app needs: Toss' window, Stripe's page, or Stripe's payment sheet."""
    said = order(answer.order)
    match answer.order.channel:
        case Channel.WIDGET:
            page = f"{chosen.web_origin}/orders/{answer.order.id}"
            said["toss"] = {
                "client_key": chosen.toss_client_key,
                "customer_key": customer_key,
                "order_id": answer.order.id,
                "order_name": f"{answer.order.points:,} points",
                "amount": answer.order.amount,
                "success_url": f"{page}/done",
                "fail_url": f"{page}/failed",
            }
        case Channel.CHECKOUT:
            said["stripe"] = {"session_id": answer.opening.reference, "url": answer.opening.page_url}
        case Channel.INTENT:
            said["stripe"] = {
                "publishable_key": chosen.stripe_publishable_key,
                "payment_intent": answer.opening.reference,
                "client_secret": answer.opening.client_secret,
            }
    return said


def order(whole: Order) -> dict[str, Any]:
    """Where an order stands."""
    return {
        "order_id": whole.id,
        "status": whole.status.value,
        "provider": whole.provider,
        "channel": whole.channel.value,
        "pack_id": whole.pack_id,
        "points": whole.points,
        "bonus_points": whole.bonus_points,
        "amount": whole.amount,
        "currency": whole.currency,
        "created_at": whole.created_at.isoformat(),
        "expires_at": whole.expires_at.isoformat(),
        "paid_at": whole.paid_at.isoformat() if whole.paid_at else None,
        "receipt_number": whole.receipt_number,
        "refunded_points": whole.refunded_points,
        "is_frozen": bool(whole.frozen_hold),
        "failure": whole.failure,
    }


def details(whole: Details, now: datetime) -> dict[str, Any]:
    """An order with its payment, refunds and disputes."""
    payment = whole.payment
    method = payment.method if payment else None
    return {
        **order(whole.order),
        "payment": None
        if payment is None or method is None
        else {
            "kind": method.kind,
            "company": method.company,
            "approval_number": method.approval_number,
            "masked_number": method.masked_number,
            "receipt_url": payment.receipt_url,
        },
        "refunds": [refund(one, now) for one in whole.refunds],
        "disputes": [dispute(one) for one in whole.disputes],
    }


def dispute(whole: Dispute) -> dict[str, Any]:
    """Where a dispute stands that the payer began at the bank."""
    return {
        "dispute_id": whole.id,
        "state": whole.state.value,
        "amount": whole.amount,
        "currency": whole.currency,
        "points": whole.points,
        "owed_points": whole.owed_points,
        "opened_at": whole.opened_at.isoformat(),
        "closed_at": whole.closed_at.isoformat() if whole.closed_at else None,
    }


def refund(whole: Refund, now: datetime) -> dict[str, Any]:
    """Where a refund stands, with the interest that is owed for paying it back late."""
    percent = payment_rules().refunds.late_interest_percent_per_year
    interest = valuation.late_interest(whole, percent, now) if whole.state.is_open else whole.late_interest
    return {
        "refund_id": whole.id,
        "order_id": whole.order_id,
        "state": whole.state.value,
        "origin": whole.origin.value,
        "reason": whole.reason.value,
        "points": whole.points,
        "bonus_points": whole.bonus_points,
        "owed_points": whole.owed_points,
        "amount": whole.amount,
        "fee": whole.value - whole.amount,
        "currency": whole.currency,
        "requested_at": whole.requested_at.isoformat(),
        "due_at": whole.due_at.isoformat(),
        "settled_at": whole.settled_at.isoformat() if whole.settled_at else None,
        "late_interest": interest,
        "failure": whole.failure,
    }


def receipt(made: Receipt, wanted: ReceiptQuery) -> dict[str, Any]:
    """A receipt in the form that was asked for."""
    said: dict[str, Any] = {"number": made.number, "provider_url": made.provider_url}
    if wanted.form == "pdf":
        return said | {"pdf_base64": base64.b64encode(receipts.as_pdf(made, wanted.language)).decode()}
    return said | {"html": receipts.as_html(made, wanted.language)}


def settlement(report: dict[str, Any]) -> dict[str, Any]:
    """A report without what the database adds for itself."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in report.items()
        if name != "destroy_at"
    }
