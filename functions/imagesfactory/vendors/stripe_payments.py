"""International payments by Stripe: Checkout Sessions for web pages, PaymentIntents for apps.

Source: docs.stripe.com/api, version pinned by the SDK. The SDK's own retries are off: one call of ours is one attempt,
under an idempotency key that was stored before. Amounts are in the currency's smallest unit, as ours are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from imagesfactory.payments.model import Channel, DisputeState, MethodFacts, Order, Refund, RefundState
from imagesfactory.payments.ports import (
    DisputeTruth,
    MoneyState,
    Opening,
    ProviderBusy,
    ProviderRefused,
    ProviderUnusable,
    RefundTruth,
    Transaction,
    Truth,
)
from imagesfactory.vendors.answers import delay_asked, safe_code
from imagesfactory.vendors.once import Once

if TYPE_CHECKING:
    from stripe import StripeClient, StripeError

CALL_SECONDS: Final = 20
PER_PAGE: Final = 100
SESSION_PREFIX: Final = "cs_"

_INTENT_STATES: Final = {
    "requires_payment_method": MoneyState.NONE,
    "requires_confirmation": MoneyState.NONE,
    "requires_action": MoneyState.NONE,
    "requires_capture": MoneyState.WAITING,
    "processing": MoneyState.WAITING,
    "canceled": MoneyState.EXPIRED,
}
_REFUND_STATES: Final = {
    "succeeded": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}
_DISPUTE_STATES: Final = {
    "won": DisputeState.WON,
    "warning_closed": DisputeState.WON,
    "prevented": DisputeState.WON,
    "lost": DisputeState.LOST,
}
_UNUSABLE_STATUSES: Final = frozenset({401, 403})
_BUSY_STATUSES: Final = frozenset({408, 409, 425, 429})
_UNCLEAR_CODES: Final = frozenset({"charge_already_refunded", "idempotency_key_in_use", "lock_timeout"})
"""Somebody was faster: look before deciding."""


class StripePayments:
    """A PaymentProvider whose pages take the money; nothing is confirmed by us. The buyer is not named to Stripe."""

    def __init__(self, *, secret_key: str, base_url: str, web_origin: str) -> None:
        """``base_url`` is empty for Stripe itself; ``web_origin`` is where the buyer returns to."""
        self._secret_key = secret_key
        self._base_url = base_url.rstrip("/")
        self._web_origin = web_origin
        self._client = Once(self._connect)

    def open(self, order: Order) -> Opening:
        """The page, or for an app the intent with its client secret; one for each order."""
        with _translated():
            if order.channel is Channel.INTENT:
                made = self._client().v1.payment_intents.create(_intent(order), _key(f"order:{order.id}:intent"))  # type: ignore[arg-type]
                return Opening(made.id, client_secret=made.client_secret or "")
            session = self._client().v1.checkout.sessions.create(
                _session(order, self._web_origin),  # type: ignore[arg-type]
                _key(f"order:{order.id}:session"),
            )
            return Opening(session.id, page_url=session.url or "")

    def confirm(self, order: Order) -> None:
        """Stripe's payments are confirmed on its own page."""
        raise ProviderRefused("not_confirmed_by_us")

    def close(self, order: Order) -> None:
        """Expire the page or cancel the intent; one that is paid, or closed already, refuses, which is fine."""
        reference = order.reference or self.open(order).reference
        try:
            with _translated():
                if reference.startswith(SESSION_PREFIX):
                    self._client().v1.checkout.sessions.expire(reference)
                else:
                    self._client().v1.payment_intents.cancel(reference)
        except ProviderRefused:
            return

    def read(self, order: Order, known_refunds: int, known_disputes: int) -> Truth:
        """Session, intent, charge, and what went back: up to five reads, two for an order nobody paid yet."""
        if not order.reference:
            return Truth(MoneyState.NONE)
        with _translated():
            intent_id, session_state = order.reference, MoneyState.NONE
            if order.reference.startswith(SESSION_PREFIX):
                session = self._client().v1.checkout.sessions.retrieve(order.reference).to_dict()
                session_state = _session_state(session)
                intent_id = str(session.get("payment_intent") or "")
            if not intent_id:
                return Truth(session_state, reference=order.reference)
            intent = self._client().v1.payment_intents.retrieve(intent_id).to_dict()
            return self._truth(order, intent, session_state, known_refunds, known_disputes)

    def refund(self, order: Order, refund: Refund) -> None:
        """Give back a part of the payment, tagged with our id."""
        with _translated():
            intent_id = self._intent_of(order.reference)
            body: Any = {
                "payment_intent": intent_id,
                "amount": refund.amount,
                "reason": "requested_by_customer",
                "metadata": {"refund_id": refund.id, "order_id": order.id},
            }
            self._client().v1.refunds.create(body, _key(refund.idempotency_key))

    def order_of(self, reference: str) -> str:
        """The order named in the metadata of an intent, or of a charge's or dispute's intent."""
        try:
            with _translated():
                intent_id = self._intent_of(reference)
                intent = self._client().v1.payment_intents.retrieve(intent_id).to_dict() if intent_id else {}
                return str((intent.get("metadata") or {}).get("order_id") or "")
        except ProviderRefused:
            return ""

    def transactions(self, start: datetime, end: datetime) -> Iterator[Transaction]:
        """Stripe's balance: charges, refunds and what disputes took or brought back, a page at a time."""
        after: dict[str, str] = {}
        while True:
            query: Any = {
                "created": {"gte": int(start.timestamp()), "lt": int(end.timestamp())},
                "limit": PER_PAGE,
                "expand": ["data.source"],
                **after,
            }
            with _translated():
                page = self._client().v1.balance_transactions.list(query)
                lines = [line.to_dict() for line in page.data]
            yield from (_transaction(line) for line in lines if _is_of_buyers(line))
            if not page.has_more or not lines:
                return
            after = {"starting_after": str(lines[-1]["id"])}

    def _truth(
        self, order: Order, intent: dict[str, Any], session_state: MoneyState, known_refunds: int, known_disputes: int
    ) -> Truth:
        if (intent.get("metadata") or {}).get("order_id") != order.id:
            raise ProviderRefused("payment_of_another_order")
        if intent["status"] != "succeeded":
            return Truth(_unpaid_state(session_state, str(intent["status"])), reference=order.reference)
        expand: Any = {"expand": ["balance_transaction"]}
        charge = self._client().v1.charges.retrieve(str(intent["latest_charge"]), expand).to_dict()
        asked: Any = {"payment_intent": intent["id"], "limit": PER_PAGE}
        with_bookings: Any = {**asked, "expand": ["data.balance_transaction", "data.failure_balance_transaction"]}
        has_refunds = charge.get("amount_refunded") or known_refunds
        has_disputes = charge.get("disputed") or known_disputes
        refunds = self._client().v1.refunds.list(with_bookings).data if has_refunds else []
        disputes = self._client().v1.disputes.list(asked).data if has_disputes else []
        return Truth(
            state=MoneyState.PAID,
            reference=order.reference,
            provider_payment_id=str(charge["id"]),
            amount=int(charge["amount"]),
            currency=str(charge["currency"]).upper(),
            paid_at=_booked_at(charge.get("balance_transaction")) or _instant(charge["created"]),
            booked_at=_booked_at(charge.get("balance_transaction")),
            method=_method(charge),
            receipt_url=str(charge.get("receipt_url") or ""),
            refunds=tuple(_refund(refund.to_dict()) for refund in reversed(refunds)),
            disputes=tuple(_dispute(dispute.to_dict()) for dispute in reversed(disputes)),
        )

    def _intent_of(self, reference: str) -> str:
        """The intent behind any of Stripe's ids that a payment is known by."""
        client = self._client().v1
        if reference.startswith(SESSION_PREFIX):
            found: Any = client.checkout.sessions.retrieve(reference)
        elif reference.startswith("pi_"):
            return reference
        elif reference.startswith(("ch_", "py_")):
            found = client.charges.retrieve(reference)
        elif reference.startswith(("du_", "dp_")):
            found = client.disputes.retrieve(reference)
        elif reference.startswith(("re_", "pyr_")):
            found = client.refunds.retrieve(reference)
        else:
            return ""
        return str(found.to_dict().get("payment_intent") or "")

    def _connect(self) -> StripeClient:
        if not self._secret_key:
            raise ProviderUnusable("api_key_missing")
        import stripe

        stripe.enable_telemetry = False
        where: Any = {}
        if self._base_url:
            where = {"base_addresses": dict.fromkeys(("api", "files", "connect", "meter_events"), self._base_url)}
        return stripe.StripeClient(
            self._secret_key, max_network_retries=0, http_client=stripe.RequestsClient(timeout=CALL_SECONDS), **where
        )


@contextmanager
def _translated() -> Iterator[None]:
    """Run calls of the SDK; its errors become ours, without their texts."""
    import stripe

    try:
        yield
    except stripe.StripeError as error:
        raise _ours(error) from None


def _ours(error: StripeError) -> Exception:
    """What an error of the SDK means to us (docs.stripe.com/error-handling)."""
    status = error.http_status
    code = safe_code(getattr(error, "code", None), f"status-{status}")
    if status in _UNUSABLE_STATUSES:
        return ProviderUnusable(code)
    if status is None or code in _UNCLEAR_CODES or status in _BUSY_STATUSES or not 400 <= status < 500:
        return ProviderBusy(delay_asked({str(name): str(value) for name, value in (error.headers or {}).items()}))
    return ProviderRefused(code)


def _key(idempotency_key: str) -> Any:
    return {"idempotency_key": idempotency_key}


def _intent(order: Order) -> dict[str, Any]:
    return {
        "amount": order.amount,
        "currency": order.currency.lower(),
        "automatic_payment_methods": {"enabled": True},
        "metadata": {"order_id": order.id},
    }


def _session(order: Order, web_origin: str) -> dict[str, Any]:
    """Metadata of a Session does not reach its intent by itself: refunds and disputes are traced by the intent's."""
    return {
        "mode": "payment",
        "client_reference_id": order.id,
        "metadata": {"order_id": order.id},
        "payment_intent_data": {"metadata": {"order_id": order.id}},
        "expires_at": int(order.expires_at.timestamp()),
        "success_url": f"{web_origin}/orders/{order.id}/done",
        "cancel_url": f"{web_origin}/orders/{order.id}",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": order.currency.lower(),
                    "unit_amount": order.amount,
                    "product_data": {"name": f"imagesfactory {order.points:,} points"},
                },
            }
        ],
    }


def _session_state(session: dict[str, Any]) -> MoneyState:
    if session.get("status") == "expired":
        return MoneyState.EXPIRED
    # Complete and unpaid: a slow method is on its way.
    return MoneyState.WAITING if session.get("status") == "complete" else MoneyState.NONE


def _unpaid_state(session: MoneyState, intent_status: str) -> MoneyState:
    """A completed page whose intent wants a payment method again: the slow method failed. While it wants anything else
    of the payer (a bank account to be verified, a voucher to be paid) it is under way
    (docs.stripe.com/payments/ach-direct-debit/accept-a-payment, section on microdeposits).
    """
    if session is MoneyState.WAITING and intent_status == "requires_payment_method":
        return MoneyState.FAILED
    intent = _INTENT_STATES.get(intent_status, MoneyState.NONE)
    return session if intent is MoneyState.NONE else intent


def _refund(refund: dict[str, Any]) -> RefundTruth:
    return RefundTruth(
        provider_refund_id=str(refund["id"]),
        our_refund_id=str((refund.get("metadata") or {}).get("refund_id") or ""),
        amount=int(refund["amount"]),
        state=_REFUND_STATES.get(str(refund.get("status")), RefundState.SENT),
        booked_at=_booked_at(refund.get("balance_transaction")),
        returned_at=_booked_at(refund.get("failure_balance_transaction")),
    )


def _dispute(dispute: dict[str, Any]) -> DisputeTruth:
    """Up to two balance transactions come with it: money withdrawn, and money reinstated
    (docs.stripe.com/api/disputes/object).
    """
    lines = dispute.get("balance_transactions") or []
    return DisputeTruth(
        provider_dispute_id=str(dispute["id"]),
        amount=int(dispute["amount"]),
        state=_DISPUTE_STATES.get(str(dispute.get("status")), DisputeState.OPEN),
        reason=safe_code(dispute.get("reason"), "unknown"),
        opened_at=_instant(dispute["created"]),
        booked_at=next((_booked_at(line) for line in lines if line["amount"] < 0), None),
        returned_at=next((_booked_at(line) for line in lines if line["amount"] > 0), None),
    )


def _method(charge: dict[str, Any]) -> MethodFacts:
    details = charge.get("payment_method_details") or {}
    kind = str(details.get("type") or "other")
    card = details.get("card") or {}
    return MethodFacts(
        kind=kind,
        company=str(card.get("brand") or ""),
        approval_number=str(charge.get("authorization_code") or ""),
        masked_number=f"****{card['last4']}" if card.get("last4") else "",
    )


def _is_of_buyers(line: dict[str, Any]) -> bool:
    """Payouts and Stripe's own fees are not money of buyers."""
    kinds = {"charge", "payment", "refund", "payment_refund", "refund_failure", "payment_failure_refund", "adjustment"}
    return line.get("type") in kinds and bool(line.get("source"))


def _transaction(line: dict[str, Any]) -> Transaction:
    """A line of the balance. One that Stripe exchanged has the account's currency: what was charged or given back says
    its source (docs.stripe.com/api/balance_transactions/object, ``exchange_rate``).
    """
    source = line["source"]
    amount, currency = int(line["amount"]), str(line["currency"])
    if isinstance(source, dict) and str(source["currency"]) != currency:
        amount, currency = int(source["amount"]) * (-1 if amount < 0 else 1), str(source["currency"])
    return Transaction(
        id=str(source["id"] if isinstance(source, dict) else source),
        order_id="",
        amount=amount,
        currency=currency.upper(),
        at=_instant(line["created"]),
    )


def _booked_at(line: object) -> datetime | None:
    """When a balance transaction was made. One of a payment may be missing for a while: money is captured first and
    booked later (docs.stripe.com/payments/payment-intents/asynchronous-capture), and ``charge.updated`` tells of it.
    """
    return _instant(line["created"]) if isinstance(line, dict) else None


def _instant(unix_seconds: int) -> datetime:
    return datetime.fromtimestamp(unix_seconds, UTC)
