"""The words of payments: an order, its refunds and disputes, and the states they go through.

An order is ``created``, may be ``confirming`` (Toss) or ``waiting`` (for a deposit, for a slow method), and is then
``paid``, or ends ``failed`` or ``expired``. Only money can move it out of an end state: what was paid late is paid.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from imagesfactory.points.reversal import Purchase, purchase

if TYPE_CHECKING:
    from imagesfactory.policy.payments import ProviderName

ORDER_ID = re.compile(r"[a-z2-7]{24}")
REREAD_AFTER = timedelta(minutes=10)
"""How long the sweep leaves an unfinished step to the call that began it."""
REREAD_BOOKING = timedelta(hours=1)
"""How often a paid order is looked at until its payment stands in the provider's books."""
REREAD_WAITING = timedelta(hours=6)
"""How often an order that waits for a deposit is looked at, should its webhook be lost."""


class OrderStatus(StrEnum):
    """Where an order stands."""

    CREATED = "created"
    CONFIRMING = "confirming"
    WAITING = "waiting"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"


class Channel(StrEnum):
    """How the buyer pays."""

    WIDGET = "widget"
    """Toss Payments' window; we confirm."""
    CHECKOUT = "checkout"
    """Stripe's page."""
    INTENT = "intent"
    """Stripe's payment sheet in an app."""


class RefundState(StrEnum):
    """Where a refund stands. ``REQUESTED``: points are locked, nobody was asked for money yet."""

    REQUESTED = "requested"
    SENT = "sent"
    SUCCEEDED = "succeeded"
    FAILED = "failed"

    @property
    def is_open(self) -> bool:
        """Whether it is not decided."""
        return self in {RefundState.REQUESTED, RefundState.SENT}


class RefundOrigin(StrEnum):
    """Who began a refund."""

    MEMBER = "member"
    PROVIDER = "provider"
    """In the provider's dashboard, or by a bank."""
    AUTOMATIC = "automatic"
    """Points could not be supplied (E-Commerce Act article 15)."""
    HAND = "by-hand"
    """Paid by a person because no provider would: it stands in no provider's books."""


class RefundReason(StrEnum):
    """On what ground."""

    WITHDRAWAL = "withdrawal-of-offer"
    TERMINATION = "termination"
    NOT_SUPPLIED = "not-supplied"
    DIFFERS = "differs-from-display"
    """What was supplied is not what was shown or agreed (E-Commerce Act article 17(3)): use does not count."""
    UNKNOWN = "unknown"


class DisputeState(StrEnum):
    """Where a dispute stands."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True)
class Order:
    """A member's order of a pack of points. ``amount`` in the smallest unit of ``currency``."""

    id: str
    owner: str
    request_digest: str
    provider: ProviderName
    channel: Channel
    pack_id: str
    points: int
    bonus_points: int
    amount: int
    currency: str
    notice_version: str
    created_at: datetime
    expires_at: datetime
    status: OrderStatus = OrderStatus.CREATED
    reference: str = ""
    """The provider's name of the attempt to pay: paymentKey, Checkout Session or PaymentIntent."""
    secret: str = ""
    """Toss: what a deposit callback of this order must carry."""
    failure: str = ""
    paid_at: datetime | None = None
    receipt_number: str = ""
    is_booked: bool = False
    """Whether it is known when its payment was booked by the provider."""
    is_granted: bool = False
    """Whether its points were supplied; false for a paid order of somebody who withdrew."""
    supplied_at: datetime | None = None
    """When its points were supplied and the contract document was written: the period of withdrawal starts then."""
    refunded_value: int = 0
    """Of ``amount``, what refunds and lost disputes in effect or in progress stand for, fees included."""
    refunded_points: int = 0
    """Of ``points``, likewise."""
    refund_ids: tuple[str, ...] = ()
    dispute_ids: tuple[str, ...] = ()
    frozen_hold: str = ""
    """The hold on what is left while a dispute is open."""
    revision: int = 0
    """Counts the changes of its points, so that each has a name of its own in the ledger."""
    resume_at: datetime | None = None
    """When the sweep should look at it; None once there is nothing left to do."""

    @property
    def is_paid(self) -> bool:
        """Whether its money came in, whatever went back later."""
        return self.status is OrderStatus.PAID

    @property
    def is_closed(self) -> bool:
        """Whether nobody should pay it any more."""
        return self.status in {OrderStatus.FAILED, OrderStatus.EXPIRED}

    @property
    def is_owed(self) -> bool:
        """Whether its money came in, nothing was supplied for it, and not all of it went or goes back."""
        return self.is_paid and not self.is_granted and self.refunded_value < self.amount

    @property
    def payment_id(self) -> str:
        """The id of its payment's record: one for each order, however often the provider tells of it."""
        return f"{self.provider}-{self.id}"

    def lots(self, at: datetime) -> Purchase:
        """The lots it makes, or made."""
        return purchase(self.id, self.points, self.bonus_points, self.paid_at or at)


@dataclass(frozen=True)
class Payment:
    """Money that came in: what the law makes us keep about it (never a card number)."""

    id: str
    order_id: str
    owner: str
    provider: ProviderName
    reference: str
    provider_payment_id: str
    """The id by which the provider lists it: paymentKey, or Stripe's charge."""
    amount: int
    currency: str
    paid_at: datetime
    booked_at: datetime | None
    """When it stands in the provider's books, which is what the settlement of a day goes by."""
    method: MethodFacts
    receipt_url: str
    receipt_number: str


@dataclass(frozen=True)
class MethodFacts:
    """How somebody paid (privacy policy, article 1): no more than this is kept."""

    kind: str = ""
    company: str = ""
    approval_number: str = ""
    masked_number: str = ""
    """The last digits, or the number as the provider masks it."""


@dataclass(frozen=True)
class RefundAccount:
    """Where a virtual account's deposit goes back to; forgotten once the refund is decided."""

    bank: str
    account_number: str
    holder_name: str


@dataclass(frozen=True)
class Refund:
    """Money on its way back. ``value`` is what the points stand for; ``amount`` is that less the fee."""

    id: str
    order_id: str
    owner: str
    provider: ProviderName
    origin: RefundOrigin
    reason: RefundReason
    state: RefundState
    points: int
    bonus_points: int
    value: int
    amount: int
    currency: str
    requested_at: datetime
    due_at: datetime
    request_digest: str = ""
    idempotency_key: str = ""
    provider_refund_id: str = ""
    owed_points: int = 0
    """Of ``points``, those that were spent already and became a debt."""
    attempts: int = 0
    settled_at: datetime | None = None
    booked_at: datetime | None = None
    """When the money left in the provider's books, and ``returned_at``: when it came back there."""
    returned_at: datetime | None = None
    late_interest: int = 0
    """What we owe besides ``amount`` because the money left late; no provider can send it, so a person pays it."""
    failure: str = ""
    account: RefundAccount | None = field(default=None, repr=False)
    resume_at: datetime | None = None

    @property
    def in_effect(self) -> bool:
        """Whether the order counts it: in progress or done."""
        return self.state is not RefundState.FAILED

    @property
    def has_lock(self) -> bool:
        """Whether its points are held until it is decided; imported refunds take points at once."""
        return self.origin is RefundOrigin.MEMBER and self.state.is_open


@dataclass(frozen=True)
class Dispute:
    """A payer who went to the bank (chargeback)."""

    id: str
    order_id: str
    owner: str
    provider: ProviderName
    state: DisputeState
    amount: int
    currency: str
    reason: str
    opened_at: datetime
    closed_at: datetime | None = None
    booked_at: datetime | None = None
    """When the bank took the money in the provider's books, and ``returned_at``: when it came back there."""
    returned_at: datetime | None = None
    points: int = 0
    """Taken because it was lost."""
    bonus_points: int = 0
    value: int = 0
    owed_points: int = 0
    is_misuse_due: bool = False
    """Lost, or not lost after all, and the register of misuse does not know of it yet."""


def is_order_id(text: str) -> bool:
    """Whether ``text`` could name an order: ids are made by us and have one form."""
    return ORDER_ID.fullmatch(text) is not None


def order_resume_at(order: Order, now: datetime) -> datetime | None:
    """When the sweep should look at an order next."""
    if order.is_paid:
        return None if order.is_booked else now + REREAD_BOOKING
    if order.is_closed:
        return None
    if order.status is OrderStatus.CONFIRMING:
        return now + REREAD_AFTER
    if order.status is OrderStatus.WAITING:
        return min(now + REREAD_WAITING, max(order.expires_at, now + REREAD_AFTER))
    return order.expires_at
