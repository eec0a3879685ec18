"""What client apps may call to buy points, get receipts and refunds; and what finance may look at."""

from __future__ import annotations

from typing import Any

from firebase_functions.https_fn import CallableRequest
from firebase_functions.options import MemoryOption

from imagesfactory import bootstrap
from imagesfactory import bootstrap_office as office
from imagesfactory.doors import callers, limits
from imagesfactory.doors.answers import answers
from imagesfactory.doors.calling import on_call
from imagesfactory.doors.options import KEEPER
from imagesfactory.kit.settings import SECRETS_OF_IDENTITY, SECRETS_OF_PAYMENTS

_SECRETS = [*SECRETS_OF_PAYMENTS, *SECRETS_OF_IDENTITY]


@on_call(timeout_sec=10, concurrency=80)
@answers
def get_packs(request: CallableRequest[Any]) -> dict[str, Any]:
    """Packs of points with prices, ways to pay, and the notice a buyer confirms; open to everybody."""
    callers.anybody(request)
    limits.count("get_packs", request)
    from imagesfactory.doors import views_payments
    from imagesfactory.policy.payments import payment_rules

    return views_payments.packs(payment_rules())


@on_call(timeout_sec=60, concurrency=40, secrets=_SECRETS)
@answers
def create_order(request: CallableRequest[Any]) -> dict[str, Any]:
    """Order a pack; answers what the app needs to pay it."""
    caller = callers.member(request)
    limits.count("create_order", request, caller.uid)
    from imagesfactory.doors import views_payments
    from imagesfactory.doors.requests import parsed
    from imagesfactory.kit.ids import keyed_hash
    from imagesfactory.kit.settings import settings
    from imagesfactory.payments.request import OrderRequest

    wanted = parsed(OrderRequest, request.data)
    placed = bootstrap.orders().create(caller.uid, wanted, bootstrap.clock().now())
    customer_key = keyed_hash(settings().pseudonym_key, "customer", caller.uid)[:50]
    return views_payments.placed(placed, settings(), customer_key)


@on_call(timeout_sec=120, concurrency=40, secrets=_SECRETS)
@answers
def confirm_toss_payment(request: CallableRequest[Any]) -> dict[str, Any]:
    """Take the money of a payment that the buyer authorised in Toss Payments' window."""
    caller = callers.member(request)
    limits.count("confirm_toss_payment", request, caller.uid)
    from imagesfactory.doors import views_payments
    from imagesfactory.doors.requests import parsed
    from imagesfactory.payments.request import ConfirmRequest

    wanted = parsed(ConfirmRequest, request.data)
    return views_payments.order(bootstrap.orders().confirm(caller.uid, wanted, bootstrap.clock().now()))


@on_call(timeout_sec=30, concurrency=40, secrets=_SECRETS)
@answers
def list_orders(request: CallableRequest[Any]) -> dict[str, Any]:
    """The member's orders, newest first, a page at a time."""
    caller = callers.member(request)
    limits.count("list_orders", request, caller.uid)
    from imagesfactory.doors import views_payments
    from imagesfactory.doors.requests import parsed
    from imagesfactory.payments.request import OrdersQuery

    orders, cursor = bootstrap.orders().page(caller.uid, parsed(OrdersQuery, request.data or {}).cursor)
    return {"orders": [views_payments.order(order) for order in orders], "cursor": cursor}


@on_call(timeout_sec=30, concurrency=40, secrets=_SECRETS)
@answers
def get_order(request: CallableRequest[Any]) -> dict[str, Any]:
    """One order with its payment, refunds and disputes."""
    caller = callers.member(request)
    limits.count("get_order", request, caller.uid)
    from imagesfactory.doors import views_payments
    from imagesfactory.doors.requests import parsed
    from imagesfactory.payments.request import OrderQuery

    details = bootstrap.orders().get(caller.uid, parsed(OrderQuery, request.data).order_id)
    return views_payments.details(details, bootstrap.clock().now())


@on_call(timeout_sec=30, concurrency=8, memory=MemoryOption.GB_1, secrets=_SECRETS)
@answers
def get_receipt(request: CallableRequest[Any]) -> dict[str, Any]:
    """The receipt of a paid order: as a page, as a PDF (base64), or by mail."""
    caller = callers.member(request)
    limits.count("get_receipt", request, caller.uid)
    from imagesfactory.doors import views_payments
    from imagesfactory.doors.requests import parsed
    from imagesfactory.payments.request import ReceiptQuery

    wanted = parsed(ReceiptQuery, request.data)
    if wanted.form == "mail":
        bootstrap.receipts().mail(caller.uid, wanted.order_id, bootstrap.clock().now())
        return {"mailed": True}
    return views_payments.receipt(bootstrap.receipts().get(caller.uid, wanted.order_id), wanted)


@on_call(timeout_sec=120, concurrency=40, secrets=_SECRETS)
@answers
def request_refund(request: CallableRequest[Any]) -> dict[str, Any]:
    """Give unused points of an order back."""
    caller = callers.member(request)
    limits.count("request_refund", request, caller.uid)
    from imagesfactory.doors import views_payments
    from imagesfactory.doors.requests import parsed
    from imagesfactory.payments.request import RefundRequest

    now = bootstrap.clock().now()
    return views_payments.refund(bootstrap.refunds().request(caller.uid, parsed(RefundRequest, request.data), now), now)


@on_call(timeout_sec=30, concurrency=40, secrets=list(SECRETS_OF_IDENTITY))
@answers
def redeem_coupon(request: CallableRequest[Any]) -> dict[str, Any]:
    """Redeem a coupon for bonus points."""
    caller = callers.member(request)
    limits.count("redeem_coupon", request, caller.uid)
    from imagesfactory.doors.requests import parsed
    from imagesfactory.payments.request import CouponRequest

    wanted = parsed(CouponRequest, request.data)
    return {"points": bootstrap.coupons().redeem(caller.uid, wanted, bootstrap.clock().now())}


@on_call(timeout_sec=30, concurrency=10, secrets=_SECRETS)
@answers
def get_settlement(request: CallableRequest[Any]) -> dict[str, Any]:
    """The settlement report of a day, for finance."""
    staff = callers.staff_member(request, "finance")
    limits.count("get_settlement", request, staff.uid)
    from imagesfactory.doors import views_payments
    from imagesfactory.doors.requests import parsed
    from imagesfactory.payments.request import SettlementQuery
    from imagesfactory.staff.model import Access, Action

    day = parsed(SettlementQuery, request.data or {}).day
    access = Access(staff, Action.SETTLEMENT_READ, record=day or "latest")  # its differences name members' orders
    office.access_log().note(access, bootstrap.clock().now())
    return views_payments.settlement(bootstrap.settlements().get(day))


@on_call(timeout_sec=60, concurrency=10, service_account=KEEPER, secrets=_SECRETS)
@answers
def record_refund_by_hand(request: CallableRequest[Any]) -> dict[str, Any]:
    """Write down that finance paid a refund by hand, also for an order whose member left."""
    staff = callers.staff_member(request, "finance")
    limits.count("record_refund_by_hand", request, staff.uid)
    from imagesfactory.doors import views_payments
    from imagesfactory.doors.requests import parsed
    from imagesfactory.payments.request import HandRefundRequest

    now = bootstrap.clock().now()
    wanted = parsed(HandRefundRequest, request.data)
    return views_payments.refund(office.hand_refunds().record(staff, wanted, now), now)
