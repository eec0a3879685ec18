"""What payments need from outsiders: providers that take money, say what became of it, and give it back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from imagesfactory.payments.model import DisputeState, MethodFacts, Order, Refund, RefundState


class MoneyState(StrEnum):
    """What the provider says of an order's money."""

    NONE = "none"
    """Nobody has paid yet, and somebody still could."""
    WAITING = "waiting"
    """Begun: a deposit or a slow method is awaited."""
    PAID = "paid"
    """It came in; refunds and disputes are told apart from this."""
    FAILED = "failed"
    EXPIRED = "expired"


@dataclass(frozen=True)
class RefundTruth:
    """A refund as the provider sees it."""

    provider_refund_id: str
    our_refund_id: str
    """The id we gave it, or empty for one that was not begun here."""
    amount: int
    state: RefundState
    booked_at: datetime | None = None
    """When the money left in the provider's books; None while it has not."""
    returned_at: datetime | None = None
    """When it came back there, because the refund failed."""


@dataclass(frozen=True)
class DisputeTruth:
    """A dispute as the provider sees it."""

    provider_dispute_id: str
    amount: int
    state: DisputeState
    reason: str
    opened_at: datetime
    booked_at: datetime | None = None
    """When the bank took the money in the provider's books; None for a mere inquiry."""
    returned_at: datetime | None = None
    """When it came back there, because the dispute was won."""


@dataclass(frozen=True)
class Truth:
    """All that a provider says now about one order, refunds and disputes oldest first."""

    state: MoneyState
    reference: str = ""
    provider_payment_id: str = ""
    amount: int = 0
    currency: str = ""
    paid_at: datetime | None = None
    booked_at: datetime | None = None
    """When the payment stands in the provider's books; it may come in some time before."""
    method: MethodFacts = field(default_factory=MethodFacts)
    receipt_url: str = ""
    secret: str = ""
    deposit: Deposit | None = None
    refunds: tuple[RefundTruth, ...] = ()
    disputes: tuple[DisputeTruth, ...] = ()


@dataclass(frozen=True)
class Deposit:
    """A virtual account that waits for money."""

    bank: str
    account_number: str
    due_at: datetime | None


@dataclass(frozen=True)
class Opening:
    """What the buyer's app needs to pay. Secrets in it are for this buyer and are not stored."""

    reference: str = ""
    page_url: str = ""
    client_secret: str = ""


@dataclass(frozen=True)
class Transaction:
    """One line of a provider's books: money in (positive) or out (negative)."""

    id: str
    """By which we know it: a payment's ``provider_payment_id``, or a refund's or dispute's id there."""
    order_id: str
    """Empty when the provider does not say."""
    amount: int
    currency: str
    at: datetime
    """When it was booked: the time that our records take over as ``booked_at`` and ``returned_at``."""


class ProviderBusy(Exception):
    """No clear answer: whatever was asked may have happened. Look before asking again, not before ``delay``."""

    def __init__(self, delay: timedelta = timedelta(0)) -> None:
        super().__init__("provider busy")
        self.delay = delay


class ProviderRefused(Exception):
    """A definite refusal of this request; nothing happened."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ProviderUnusable(Exception):
    """The provider refuses us altogether (key missing or wrong): an operator must act."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PaymentProvider(Protocol):
    """Whoever takes money. Every call is one attempt and may raise the three errors above."""

    def open(self, order: Order) -> Opening:
        """Let the buyer pay ``order``; asked again it is the same attempt to pay."""

    def confirm(self, order: Order) -> None:
        """Take the money of a payment the buyer authorised (Toss): ``order.reference`` names it."""

    def close(self, order: Order) -> None:
        """Make sure that ``order`` can no longer be paid, if that can be done; one already paid stays so."""

    def read(self, order: Order, known_refunds: int, known_disputes: int) -> Truth:
        """What became of ``order``. Refunds and disputes may be left unread only where there never was one."""

    def refund(self, order: Order, refund: Refund) -> None:
        """Give money back under ``refund.idempotency_key``; what became of it is read afterwards."""

    def order_of(self, reference: str) -> str:
        """The id of our order that a payment, charge or dispute of the provider belongs to; empty if it is not ours."""

    def transactions(self, start: datetime, end: datetime) -> Iterator[Transaction]:
        """The provider's books from ``start`` up to, and without, ``end``."""


@dataclass(frozen=True)
class Notice:
    """What a webhook says happened, as far as we believe it: a reason to look, and where."""

    provider: str
    event_id: str
    """The provider's id of the event: the same event twice is one."""
    kind: str
    order_id: str
    """Empty when the event does not name it."""
    reference: str
    secret: str = ""
    """Toss: what proves a deposit callback, to be compared with what the payment came with."""


class Forged(Exception):
    """A webhook whose signature, age or secret is wrong."""


class Malformed(Exception):
    """A webhook that is not of the provider's form."""
